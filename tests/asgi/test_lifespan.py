"""The lifespan around an app with a lifespan of its own, without one, and with one that fails."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from auth0_sso.asgi import Auth0Guard
from auth0_sso.errors import ConfigurationError
from auth0_sso.jwks.static import StaticKeys
from auth0_sso.testing.issuer import Issuer
from support.asgi_lifespan import LifespanServer
from support.guarded_asgi_app import SeenApp, ask
from support.own_app import own_settings

COMPLETE, STOPPED = {"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}
REQUEST_WORDS = "the lifespan of this Auth0Guard has not run"


@pytest.fixture
def keys(issuer: Issuer) -> StaticKeys:
    return StaticKeys(issuer.jwks("key-0"))


async def is_open(guard: Auth0Guard) -> bool:
    with suppress(RuntimeError):
        return (await ask(guard, "/")).status == 401
    return False


async def test_the_services_are_open_around_the_apps_own_lifespan(keys: StaticKeys) -> None:
    seen: list[object] = []

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, str]]:
        seen.append(await is_open(guard))
        yield {"name": "own"}
        seen.append(await is_open(guard))

    guard = Auth0Guard(Starlette(lifespan=lifespan), settings=own_settings(), keys=keys)
    server = LifespanServer(guard)
    assert await server.say("startup") == COMPLETE
    assert seen == [True]
    assert await server.say("shutdown") == STOPPED
    assert seen == [True, True]
    assert not await is_open(guard), "the services are open after the server was told that all is closed"
    await server.ended()


async def raises(scope: Scope, receive: Receive, send: Send) -> None:
    raise NotImplementedError


async def returns(scope: Scope, receive: Receive, send: Send) -> None:
    return


async def takes_all_for_requests(_: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def ends_early(_: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send(COMPLETE)


@pytest.mark.parametrize("app", [raises, returns, takes_all_for_requests, ends_early])
async def test_an_app_without_a_whole_lifespan_is_guarded_until_shutdown(
    keys: StaticKeys, caplog: pytest.LogCaptureFixture, app: ASGIApp
) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.asgi")
    guard = Auth0Guard(app, settings=own_settings(), keys=keys)
    server = LifespanServer(guard)
    assert await server.say("startup") == COMPLETE
    assert await is_open(guard)
    assert await server.say("shutdown") == STOPPED
    await server.ended()
    assert ("served without one" in caplog.text) is (app in (raises, takes_all_for_requests))


async def test_settings_that_cannot_be_used_are_named_at_startup(clean_environment: None) -> None:
    server = LifespanServer(Auth0Guard(SeenApp()))
    answer = await server.say("startup")
    assert answer["type"] == "lifespan.startup.failed"
    assert answer["message"].startswith("The settings cannot be used:\n")
    assert "AUTH0_DOMAIN is missing" in answer["message"]
    await server.ended()


async def test_settings_are_read_from_the_environment(
    clean_environment: None, monkeypatch: pytest.MonkeyPatch, keys: StaticKeys, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AUTH0_DOMAIN", "acme.eu.auth0.com")
    monkeypatch.setenv("AUTH0_AUDIENCE", "https://api.example.com")
    monkeypatch.setenv("AUTH0_LEEWAY_SECOND", "5")
    server = LifespanServer(guard := Auth0Guard(SeenApp(), keys=keys))
    assert await server.say("startup") == COMPLETE
    assert await is_open(guard)
    assert "did you mean AUTH0_LEEWAY_SECONDS?" in caplog.text
    await server.say("shutdown")


class FailingServices:
    """Services that cannot be opened."""

    async def __aenter__(self) -> None:
        raise OSError("no memory")

    async def __aexit__(self, *_: object) -> None:
        raise AssertionError("they were never open")


async def test_another_failure_to_open_is_shown_and_raised(keys: StaticKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    guard = Auth0Guard(SeenApp(), settings=own_settings(), keys=keys)

    monkeypatch.setattr(guard.protection, "opening", lambda _: FailingServices())
    server = LifespanServer(guard)
    answer = await server.say("startup")
    assert (answer["type"], "OSError: no memory" in answer["message"]) == ("lifespan.startup.failed", True)
    with pytest.raises(OSError, match="no memory"):
        await server.ended()


@pytest.mark.parametrize("phase", ["startup", "shutdown"])
async def test_a_failure_of_the_apps_own_lifespan_is_told_as_it_is(keys: StaticKeys, phase: str) -> None:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if phase == "startup":
            raise ValueError("the database is down")
        yield
        raise ValueError("the database is down")

    guard = Auth0Guard(Starlette(lifespan=lifespan), settings=own_settings(), keys=keys)
    server = LifespanServer(guard)
    answer = await server.say("startup")
    if phase == "shutdown":
        answer = await server.say("shutdown")
    assert answer["type"] == f"lifespan.{phase}.failed"
    assert "the database is down" in answer["message"]
    with pytest.raises(ValueError, match="the database is down"):
        await server.ended()
    assert not await is_open(guard)


async def test_a_failure_that_the_app_only_tells_stops_the_guard(keys: StaticKeys) -> None:
    async def app(_: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})

    server = LifespanServer(guard := Auth0Guard(app, settings=own_settings(), keys=keys))
    assert (await server.say("startup"))["message"] == "no"
    await server.ended()
    assert not await is_open(guard)


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_without_its_lifespan_nothing_is_served(keys: StaticKeys, kind: str) -> None:
    app = SeenApp()
    guard = Auth0Guard(app, settings=own_settings(), keys=keys)
    with pytest.raises(RuntimeError, match=REQUEST_WORDS):
        await ask(guard, "/", type=kind)
    assert app.scopes == []


async def test_a_host_may_run_the_guard_itself(keys: StaticKeys) -> None:
    guard = Auth0Guard(SeenApp(), settings=own_settings(), keys=keys)
    async with guard.running():
        assert await is_open(guard)
    assert not await is_open(guard)


async def test_a_guard_that_a_host_runs_raises_for_its_settings(clean_environment: None) -> None:
    with pytest.raises(ConfigurationError, match="AUTH0_DOMAIN"):
        async with Auth0Guard(SeenApp()).running():
            pass
