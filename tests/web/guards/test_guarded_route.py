"""Guards that run before a body is read: on the service's own routes, and in an app that uses the library."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import APIRouter, Depends, FastAPI, Security
from starlette.routing import Mount
from starlette.types import Message

from auth0_sso import (
    CurrentRoles,
    CurrentToken,
    GuardedRoute,
    OptionalToken,
    rate_limit,
    require_permission,
    require_role,
)
from auth0_sso.testing.clock import HandClock
from auth0_sso.web.middleware.body_limit import MAX_BODY_BYTES
from support.service import ADMIN, USER, Service, running_service

Keys = tuple[rsa.RSAPrivateKey, ...]
Body = dict[str, int]

NO_JSON = b"{"
MALFORMED = [
    pytest.param(NO_JSON, "application/json", id="no-json"),
    pytest.param(b"[]", "application/json", id="wrong-type"),
    pytest.param(b'{"surprise": 1}', "application/json", id="unknown-member"),
    pytest.param(b"x=1", "application/x-www-form-urlencoded", id="a-form"),
    pytest.param(b"", "application/json", id="empty"),
    pytest.param(b"x" * (MAX_BODY_BYTES + 1), "application/json", id="too-long"),
]
OWN_ROUTES = ["/admin/users", "/profile/metadata", "/admin/users/auth0%7Cx/roles"]
require_write = require_permission("write:data")


def own_app() -> FastAPI:
    """An app with guards in every place FastAPI has for a dependency."""
    app = FastAPI(dependencies=[Depends(rate_limit("5/minute", name="everything"))])
    app.router.route_class = GuardedRoute
    direct = APIRouter(prefix="/direct", route_class=GuardedRoute)
    inner = APIRouter(prefix="/inner", route_class=GuardedRoute)
    outer = APIRouter(prefix="/outer", dependencies=[Depends(require_write)])

    async def needs_token(token: CurrentToken) -> str:
        return token.subject

    @app.post("/app")
    async def write_app(body: Body, _: CurrentToken) -> Body:
        return body

    @app.post("/optional")
    async def write_optional(body: Body, _: OptionalToken) -> Body:
        return body

    @app.post("/role", dependencies=[Depends(require_role("admin"))])
    async def write_role(body: Body, roles: CurrentRoles) -> list[str]:
        return sorted(roles)

    @app.post("/stale", dependencies=[Depends(require_role("admin", stale_ok=True))])
    async def write_stale(body: Body) -> Body:
        return body

    @direct.post("/nested")
    async def write_nested(body: Body, subject: Annotated[str, Security(needs_token, scopes=["write:data"])]) -> str:
        return subject

    @inner.post("")
    async def write_inner(body: Body) -> Body:
        return body

    outer.include_router(inner)
    app.include_router(direct)
    app.include_router(outer)
    app.include_router(inner, prefix="/open")
    app.router.routes.append(Mount("/mounted", routes=[GuardedRoute("/x", write_app, methods=["POST"])]))
    return app


@pytest.fixture
async def own(rsa_keys: Keys, clock: HandClock) -> AsyncIterator[Service]:
    async with running_service(rsa_keys, clock, app=own_app(), auth0_role_max_stale_seconds=300) as running:
        yield running


async def post(service: Service, path: str, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    headers = {"Content-Type": "application/json"} | (headers or {})
    return await service.api.post(path, content=body, headers=headers)


@pytest.mark.parametrize("path", OWN_ROUTES)
@pytest.mark.parametrize(("body", "content_type"), MALFORMED)
async def test_a_response_without_a_token_says_nothing_about_the_body(
    service: Service, path: str, body: bytes, content_type: str
) -> None:
    answer = await service.api.post(path, content=body, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer, DPoP algs="ES256"')


@pytest.mark.parametrize(("body", "content_type"), MALFORMED)
async def test_nor_does_a_user_who_may_not_write(service: Service, body: bytes, content_type: str) -> None:
    headers = await service.as_user(USER) | {"Content-Type": content_type}
    answer = await service.api.post("/admin/users", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize(("body", "content_type"), MALFORMED)
async def test_who_may_write_hears_what_is_wrong_with_it(service: Service, body: bytes, content_type: str) -> None:
    headers = await service.as_user(ADMIN) | {"Content-Type": content_type}
    answer = await service.api.post("/admin/users", content=body, headers=headers)
    assert answer.status_code == (413 if len(body) > MAX_BODY_BYTES else 422)


async def sent(service: Service, path: str, headers: Sequence[tuple[bytes, bytes]] = ()) -> tuple[int, int]:
    """Post without ever sending a body; return the status and how often one was asked for."""
    asked = 0
    statuses: list[int] = []

    async def receive() -> Message:
        nonlocal asked
        asked += 1
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"service.example.com"), (b"content-type", b"application/json"), *headers],
        "client": ("192.0.2.1", 1),
        "server": ("127.0.0.1", 3000),
    }
    async with asyncio.timeout(5):
        await service.app(scope, receive, send)
    return statuses[0], asked


async def test_an_anonymous_callers_slow_body_is_not_waited_for(service: Service) -> None:
    for path in OWN_ROUTES:
        assert await sent(service, path.replace("%7C", "|")) == (401, 0)
    token = await service.user_token(USER)
    assert await sent(service, "/admin/users", [(b"authorization", f"Bearer {token}".encode())]) == (403, 0)


@pytest.mark.parametrize(
    ("path", "anonymous", "user"),
    [
        ("/app", 401, 422),
        ("/optional", 422, 422),
        ("/role", 401, 403),
        ("/direct/nested", 401, 403),  # without the scope
        ("/outer/inner", 401, 403),  # the guard is the outer router's
        ("/open/inner", 422, 422),  # the same route, included where there is none
        ("/mounted/x", 401, 422),
    ],
)
async def test_guards_anywhere_above_a_route_run_before_its_body_is_read(
    own: Service, path: str, anonymous: int, user: int
) -> None:
    headers = await own.as_user(USER)
    for _ in range(2):
        assert (await post(own, path, NO_JSON)).status_code == anonymous
        assert (await post(own, path, NO_JSON, headers)).status_code == user


async def test_a_guarded_route_serves_as_any_other(own: Service) -> None:
    headers = await own.as_user(ADMIN)
    assert (await post(own, "/app", b'{"a": 1}', headers)).json() == {"a": 1}
    assert (await post(own, "/outer/inner", b'{"a": 2}', headers)).json() == {"a": 2}
    assert (await post(own, "/optional", b'{"a": 3}')).json() == {"a": 3}


async def test_running_twice_counts_and_asks_once(own: Service) -> None:
    headers = await own.as_user(ADMIN)
    answers = [await post(own, "/role", b'{"a": 1}', headers) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[0].headers["RateLimit"].startswith('"5/minute";r=4;')
    assert own.wire.count("GET /api/v2/users/") == 2  # the user and the roles


class WithoutRoles(httpx.AsyncBaseTransport):
    """A tenant that answers everything but which roles a user has."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/roles"):
            return httpx.Response(503)
        return await self._inner.handle_async_request(request)


async def test_in_an_outage_both_runs_accept_stale_roles_of_one_lookup(own: Service, clock: HandClock) -> None:
    headers = await own.as_user(ADMIN)
    assert (await post(own, "/stale", b'{"a": 1}', headers)).status_code == 200
    await clock.advance(61)
    own.wire.inner = WithoutRoles(own.wire.inner)
    own.wire.requests.clear()
    asked = asyncio.create_task(post(own, "/stale", b'{"a": 1}', headers))
    while not asked.done():
        await clock.advance(0.5)  # the pauses between repeated calls
    assert (await asked).status_code == 200
    assert sum("/roles" in line for line in own.wire.requests) == 3  # one look-up, and its repetitions


async def test_a_failed_authentication_counts_once(own: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    token = await own.user_token(USER)
    forged = {"Authorization": f"Bearer {token[:-8]}AAAAAAAA"}
    statuses = [(await post(own, "/app", b'{"a": 1}', forged)).status_code for _ in range(21)]
    assert statuses == [401] * 20 + [429]
    assert caplog.text.count("refused: signature_mismatch") == 20


async def test_an_overridden_guard_does_not_run(own: Service) -> None:
    own.app.dependency_overrides[require_write] = lambda: None
    assert (await post(own, "/outer/inner", b'{"a": 1}')).status_code == 200
    assert (await post(own, "/app", b'{"a": 1}')).status_code == 401, "others are as they were"
    own.app.dependency_overrides.clear()
    assert (await post(own, "/outer/inner", b'{"a": 1}')).status_code == 401
