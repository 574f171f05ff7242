"""The error of guards that cannot work: without `protect`, or before the lifespan has run."""

import re
import warnings
from collections.abc import Iterator

import httpx
import pytest
from fastapi import Depends, FastAPI, WebSocket

from auth0_sso import CurrentToken, Management, OptionalToken, protect, rate_limit, require_role
from support.service import settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette would rather have another HTTP client
    from starlette.testclient import TestClient

PATHS = ["/token", "/optional", "/limited", "/role", "/management"]


def own_app() -> FastAPI:
    app = FastAPI()

    @app.get("/token")
    async def read_token(_: CurrentToken) -> None: ...

    @app.get("/optional")
    async def read_optional(_: OptionalToken) -> None: ...

    @app.get("/limited", dependencies=[Depends(rate_limit("1/minute"))])
    async def read_limited() -> None: ...

    @app.get("/role", dependencies=[Depends(require_role("admin"))])
    async def read_role() -> None: ...

    @app.get("/management")
    async def read_management(_: Management) -> None: ...

    @app.websocket("/ws")
    async def accept(_: WebSocket, __: CurrentToken) -> None: ...

    return app


@pytest.fixture(params=["never-protected", "not-started"])
def case(request: pytest.FixtureRequest) -> Iterator[tuple[FastAPI, str]]:
    if request.param == "never-protected":
        yield own_app(), "call auth0_sso.protect(app)"
    else:
        yield protect(own_app(), settings()), "`with TestClient(app) as client:`"


async def failure(app: FastAPI, path: str, caplog: pytest.LogCaptureFixture, **headers: str) -> str:
    """Return what a request fails with, be it raised or logged by the last-resort handler."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example.com") as client:
        try:
            assert (await client.get(path, headers=headers)).status_code == 500
        except RuntimeError as error:
            return str(error)
    return caplog.text


@pytest.mark.parametrize("path", PATHS)
async def test_the_error_says_what_to_write(
    case: tuple[FastAPI, str], caplog: pytest.LogCaptureFixture, path: str
) -> None:
    app, words = case
    for headers in ({}, {"Authorization": "Bearer x"}):
        assert words in await failure(app, path, caplog, **headers)


def test_a_socket_gets_the_same_error(case: tuple[FastAPI, str]) -> None:
    app, words = case
    with pytest.raises(RuntimeError, match=re.escape(words)), TestClient(app).websocket_connect("/ws"):
        pass


def test_what_the_error_says_to_write_works() -> None:
    with TestClient(protect(own_app(), settings())) as client:
        assert client.get("/optional").status_code == 200
