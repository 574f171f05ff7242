"""Guards in apps mounted below a protected one, and in a protected app mounted below another."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI, Request, WebSocket
from starlette.responses import PlainTextResponse, Response

from auth0_sso import (
    AccessToken,
    CurrentToken,
    GuardedRoute,
    OptionalToken,
    UserToken,
    protect,
    rate_limit,
    require_permission,
    require_role,
)
from auth0_sso.errors import Auth0SsoError, ConflictError, InsufficientScopeError
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer, user_claims
from support.asgi_socket import asgi_socket
from support.own_app import ROLES, protected
from support.service import settings

AsAdmin = Annotated[AccessToken, Depends(require_role("admin"))]


def sub_app() -> FastAPI:
    sub = FastAPI()

    @sub.get("/me")
    async def show_me(token: CurrentToken) -> str:
        return token.subject

    @sub.get("/admin")
    async def show_admin(_: AsAdmin) -> str:
        return "admin"

    @sub.get("/late")
    async def fail_late(_: OptionalToken) -> None:
        raise ConflictError("It exists already.")

    @sub.get("/limited", dependencies=[Depends(rate_limit("1/minute"))])
    async def show_limited() -> str:
        return "limited"

    @sub.websocket("/ws")
    async def accept(socket: WebSocket, _: CurrentToken) -> None:
        await socket.accept()

    guarded = GuardedRoute("/items", write_item, methods=["POST"])
    sub.router.routes.append(guarded)
    return sub


async def write_item(
    body: dict[str, int], _: Annotated[AccessToken, Depends(require_permission("write:data"))]
) -> int:
    return len(body)


def host_of(sub: FastAPI) -> FastAPI:
    app = FastAPI()

    @app.get("/me")
    async def show_me(token: UserToken) -> str:
        return token.subject

    app.mount("/sub", sub)
    return app


@pytest.fixture
async def client(issuer: Issuer, clock: HandClock) -> AsyncIterator[httpx.AsyncClient]:
    async with protected(host_of(sub_app()), issuer, clock) as client:
        yield client


def bearing(issuer: Issuer, clock: HandClock, **claims: object) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.token(user_claims(clock.now, **claims))}"}


async def test_a_good_token_passes_in_a_mounted_app(
    issuer: Issuer, clock: HandClock, client: httpx.AsyncClient
) -> None:
    headers = bearing(issuer, clock, **{ROLES: ["admin"], "permissions": ["write:data"]})
    for path in ("/sub/me", "/sub/admin", "/me"):
        assert (await client.get(path, headers=headers)).status_code == 200
    assert (await client.post("/sub/items", headers=headers, json={"a": 1})).json() == 1


async def test_a_mounted_app_refuses_with_problems_from_its_first_request_on(
    issuer: Issuer, clock: HandClock, client: httpx.AsyncClient
) -> None:
    for _ in range(2):
        anonymous = await client.get("/sub/me")
        assert (anonymous.status_code, anonymous.headers["WWW-Authenticate"]) == (401, 'Bearer, DPoP algs="ES256"')
        assert anonymous.headers["Content-Type"] == "application/problem+json"
    refused = await client.get("/sub/admin", headers=bearing(issuer, clock))
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")


async def test_an_error_of_ours_that_a_mounted_route_raises_is_answered(client: httpx.AsyncClient) -> None:
    answer = await client.get("/sub/late")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


async def test_a_mounted_app_counts_and_sends_what_is_left(client: httpx.AsyncClient) -> None:
    assert (await client.get("/sub/limited")).headers["RateLimit"] == '"1/minute";r=0;t=60'
    assert (await client.get("/sub/limited")).status_code == 429


async def test_a_guarded_route_of_a_mounted_app_checks_before_the_body(
    issuer: Issuer, clock: HandClock, client: httpx.AsyncClient
) -> None:
    assert (await client.post("/sub/items", content=b"{")).status_code == 401
    refused = await client.post("/sub/items", content=b"{", headers=bearing(issuer, clock))
    assert refused.status_code == 403


async def test_a_socket_of_a_mounted_app_is_guarded(issuer: Issuer, clock: HandClock) -> None:
    app = host_of(sub_app())
    async with protected(app, issuer, clock):
        async with asgi_socket(app, "/sub/ws") as socket:
            assert (await socket.answer())[0] == 401
        headers = [(b"authorization", bearing(issuer, clock)["Authorization"].encode())]
        async with asgi_socket(app, "/sub/ws", headers=headers) as socket:
            assert (await socket.hear())["type"] == "websocket.accept"


@pytest.mark.parametrize(
    ("handled", "statuses"), [(Auth0SsoError, (418, 418)), (InsufficientScopeError, (401, 418))], ids=["all", "one"]
)
async def test_a_mounted_apps_own_handler_wins(
    issuer: Issuer, clock: HandClock, handled: type[Auth0SsoError], statuses: tuple[int, int]
) -> None:
    sub = sub_app()

    @sub.exception_handler(handled)
    async def answer(_: Request, error: Exception) -> Response:
        return PlainTextResponse(type(error).__name__, 418)

    async with protected(host_of(sub), issuer, clock) as client:
        anonymous = await client.get("/sub/me")
        refused = await client.get("/sub/admin", headers=bearing(issuer, clock))
        assert (anonymous.status_code, refused.status_code) == statuses


async def test_a_mounted_app_answers_by_the_handlers_of_its_host(issuer: Issuer, clock: HandClock) -> None:
    host = host_of(sub_app())

    @host.exception_handler(InsufficientScopeError)
    async def answer(_: Request, error: Exception) -> Response:
        return PlainTextResponse(type(error).__name__, 418)

    async with protected(host, issuer, clock) as client:
        assert (await client.get("/sub/me")).status_code == 401
        refused = await client.get("/sub/admin", headers=bearing(issuer, clock))
        assert (refused.status_code, refused.text) == (418, "InsufficientScopeError")


async def test_an_unprotected_host_of_a_protected_app_runs_its_guards(issuer: Issuer, clock: HandClock) -> None:
    inner, host = sub_app(), FastAPI()
    host.mount("/api", inner)
    async with protected(inner, issuer, clock):
        client = httpx.AsyncClient(transport=httpx.ASGITransport(host), base_url="https://api.example.com")
        async with client:
            assert (await client.get("/api/me")).status_code == 401
            assert (await client.get("/api/me", headers=bearing(issuer, clock))).status_code == 200


async def test_a_protected_app_does_not_use_its_hosts_settings(issuer: Issuer, clock: HandClock) -> None:
    inner = protect(sub_app(), settings(), clock=clock)
    async with protected(host_of(inner), issuer, clock) as client:
        assert (await client.get("/me", headers=bearing(issuer, clock))).status_code == 200
        assert (await client.get("/sub/me", headers=bearing(issuer, clock))).status_code == 500
