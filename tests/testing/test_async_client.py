"""`async_client(app)`: the same app from a test that runs in the event loop."""

import pytest
from fastapi import FastAPI

from auth0_sso import testing
from auth0_sso.testing import async_client
from support.kit_app import user_app


async def test_a_user_is_let_in_and_a_broken_token_is_not() -> None:
    async with async_client(user_app()) as api:
        user, broken = api.as_user("auth0|ann", roles={"admin"}), api.as_bearer(testing.expired())
        assert (await user.get("/reports")).json() == "a report"
        assert (await broken.get("/reports")).status_code == 401


async def test_the_lifespan_and_its_state_are_the_apps_own() -> None:
    app = user_app()
    async with async_client(app) as api:
        assert (await api.as_anonymous().get("/open")).json() == "open"
    assert not hasattr(app.state, "auth0_sso")


async def test_the_clock_is_moved_in_the_same_loop() -> None:
    async with async_client(user_app()) as api:
        user = api.as_user()
        await api.clock.advance(86_400 + 11)
        assert (await user.get("/me")).status_code == 401


async def test_an_app_that_is_not_started_says_how_to_start_it() -> None:
    api = async_client(user_app())
    with pytest.raises(RuntimeError, match=r"`async with async_client\(app\) as api:`"):
        api.as_user()
    async with api:
        opened = api.as_user()
    assert opened.is_closed
    with pytest.raises(RuntimeError, match="the app is not started"):
        api.as_user()


async def test_an_exception_of_a_route_reaches_the_test_by_default() -> None:
    app = user_app()
    add_bug(app)
    async with async_client(app) as api:
        with pytest.raises(LookupError, match="a bug"):
            await api.as_anonymous().get("/broken")
    async with async_client(app, raise_server_exceptions=False) as api:
        assert (await api.as_anonymous().get("/broken")).status_code == 500


def add_bug(app: FastAPI) -> None:
    @app.get("/broken")
    async def fail() -> None:
        raise LookupError("a bug")
