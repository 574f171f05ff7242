"""What `protect` leaves as it is: an app answers the same before and after, but for its guarded routes."""

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

import pytest
from fastapi import Depends, FastAPI, Request, Security
from fastapi.openapi.utils import get_openapi
from starlette.responses import PlainTextResponse
from starlette.types import Message

from auth0_sso import (
    AccessToken,
    CurrentToken,
    StaticKeys,
    current_token,
    harden,
    protect,
    rate_limit,
    require_permission,
)
from auth0_sso.errors import Auth0SsoError
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.hostile import Forge
from support.host_app import ORIGIN, CrashError, host_app, library_settings
from support.running_app import running_app

MEGABYTE = 1024 * 1024
OWN_HEADERS = {"content-type", "content-length"}
"""What each response of the host app has, beside the Vary that some releases of Starlette add for its CORS."""


class Asked(NamedTuple):
    """One request to the host app."""

    method: str
    path: str
    headers: Mapping[str, str] = MappingProxyType({})
    content: bytes = b""

    def __str__(self) -> str:
        return " ".join((self.method, self.path, *(f"{name}={value}" for name, value in self.headers.items())))


REQUESTS = [
    Asked("GET", "/docs"),
    Asked("GET", "/docs/oauth2-redirect"),
    Asked("GET", "/redoc"),
    Asked("GET", "/openapi.json"),
    Asked("GET", "/page"),
    Asked("HEAD", "/page"),
    Asked("GET", "/page/"),
    Asked("GET", "/page", {"Host": "localhost:8000"}),
    Asked("GET", "/page", {"Host": ""}),
    Asked("GET", "/page", {"X-Request-ID": "trace-1", "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}),
    Asked("GET", "/page", {"Authorization": "Bearer not-for-us"}),
    Asked("GET", "/page", {"Origin": ORIGIN}),
    Asked("GET", "/page", {"Origin": "https://evil.example.com"}),
    Asked("OPTIONS", "/order", {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}),
    Asked("GET", "/motto"),
    Asked("POST", "/upload", {}, b"x" * MEGABYTE),
    Asked("POST", "/order?number=7"),
    Asked("POST", "/order?number=seven"),
    Asked("GET", "/gone"),
    Asked("GET", "/crash"),
    Asked("GET", "/crash", {"Origin": ORIGIN}),
    Asked("GET", "/stream"),
    Asked("GET", "/nowhere"),
    Asked("DELETE", "/page"),
    Asked("GET", "/sub/docs"),
    Asked("GET", "/sub/openapi.json"),
    Asked("GET", "/sub/stock"),
    Asked("GET", "/sub/gone"),
    Asked("GET", "/sub/crash"),
    Asked("GET", "/sub/nowhere"),
]


def guarded(app: FastAPI) -> FastAPI:
    """Add guarded routes to an app."""

    @app.get("/me")
    async def me(token: CurrentToken) -> str:
        return token.subject

    @app.get("/limited", dependencies=[Depends(rate_limit("2/minute"))])
    async def limited() -> str:
        return "counted"

    @app.post("/orders", dependencies=[Depends(require_permission("write:orders"))])
    async def write_orders(number: int) -> int:
        return number

    return app


async def answer(app: FastAPI, asked: Asked) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    async with running_app(app) as client:
        response = await client.request(asked.method, asked.path, headers=asked.headers, content=asked.content)
    return response.status_code, response.headers.raw, response.content


def protected(app: FastAPI, keys: StaticKeys, clock: HandClock) -> FastAPI:
    return protect(app, library_settings(), keys=keys, clock=clock)


@pytest.mark.parametrize("asked", REQUESTS, ids=str)
async def test_an_app_answers_the_same_before_and_after(asked: Asked, keys: StaticKeys, clock: HandClock) -> None:
    before = await answer(host_app(), asked)
    assert before[0] < 600
    assert await answer(protected(host_app(), keys, clock), asked) == before
    if not asked.path.endswith("/openapi.json"):
        assert await answer(protected(guarded(host_app()), keys, clock), asked) == before


async def test_guards_are_described_where_openapi_was_replaced_later(keys: StaticKeys, clock: HandClock) -> None:
    app = protected(guarded(FastAPI()), keys, clock)

    def write() -> dict[str, Any]:
        return get_openapi(title="shop", version="1", routes=app.routes)

    app.openapi = write  # type: ignore[method-assign]  # as FastAPI documents
    async with running_app(app) as client:
        document = (await client.get("/openapi.json")).json()
    assert document["components"]["securitySchemes"].keys() == {"bearer", "auth0"}
    assert document["paths"]["/me"]["get"]["security"] == [{"bearer": []}, {"auth0": []}]


async def read_letters(_: Annotated[AccessToken, Security(current_token, scopes=["read:letters"])]) -> None: ...


async def test_a_described_document_keeps_its_login_when_it_is_extended(keys: StaticKeys, clock: HandClock) -> None:
    app = harden(protected(guarded(FastAPI()), keys, clock), problem_details=True)
    app.get("/letters")(read_letters)
    first = app.openapi

    def extend() -> dict[str, Any]:
        return {**first(), "x-logo": "logo.svg"}

    app.openapi = extend  # type: ignore[method-assign]  # as FastAPI documents
    async with running_app(app) as client:
        document = (await client.get("/openapi.json")).json()
    login = document["components"]["securitySchemes"]["auth0"]["flows"]["authorizationCode"]
    assert (document["x-logo"], "read:letters" in login["scopes"]) == ("logo.svg", True)


async def test_other_routes_keep_their_place_in_the_openapi_document(keys: StaticKeys, clock: HandClock) -> None:
    before, after = host_app().openapi(), protected(guarded(host_app()), keys, clock).openapi()
    assert after["info"] == before["info"]
    for path, operations in before["paths"].items():
        assert after["paths"][path] == operations
    for name, schema in before["components"]["schemas"].items():
        assert after["components"]["schemas"][name] == schema
    assert set(after["paths"]["/orders"]["post"]["responses"]) == {"200", "400", "401", "403", "422", "429", "503"}
    assert "HTTPValidationError" in str(after["paths"]["/orders"]["post"]["responses"]["422"])


async def test_the_exceptions_of_the_app_reach_its_tests(keys: StaticKeys, clock: HandClock) -> None:
    async with running_app(protected(host_app(), keys, clock), raising=True) as client:
        for path in ("/crash", "/sub/crash"):
            with pytest.raises(CrashError):
                await client.get(path)


async def test_the_debug_page_of_the_app_stays(keys: StaticKeys, clock: HandClock) -> None:
    app = FastAPI(debug=True)

    @app.get("/crash")
    async def crash() -> None:
        raise CrashError

    async with running_app(protected(app, keys, clock)) as client:
        assert "Traceback" in (await client.get("/crash")).text


async def conversation(app: FastAPI) -> list[Message]:
    """Speak with the app's WebSocket; return what it sent."""
    said: list[Message] = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "hello"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return said.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": "/echo",
        "raw_path": b"/echo",
        "root_path": "",
        "scheme": "ws",
        "query_string": b"",
        "headers": [(b"host", b"shop.example.com"), (b"authorization", b"Bearer not-for-us")],
        "subprotocols": ["chat"],
        "state": {},
    }
    await app(scope, receive, send)
    return sent


async def test_a_websocket_of_the_app_stays(keys: StaticKeys, clock: HandClock) -> None:
    before = await conversation(host_app())
    assert [message["type"] for message in before] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert await conversation(protected(guarded(host_app()), keys, clock)) == before


async def test_a_guarded_route_refuses_with_a_problem(
    keys: StaticKeys, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "auth0_sso")
    async with running_app(protected(guarded(host_app()), keys, clock)) as client:
        response = await client.get("/me", headers={"X-Request-ID": "trace-1"})
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, 'Bearer, DPoP algs="ES256"')
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers.keys() - {"vary"} == {"www-authenticate", *OWN_HEADERS}
    assert [record.getMessage() for record in caplog.records] == ["GET /me refused: missing_token"]


async def test_a_limited_route_adds_only_the_limit_headers(keys: StaticKeys, clock: HandClock) -> None:
    async with running_app(protected(guarded(host_app()), keys, clock)) as client:
        responses = [await client.get("/limited") for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 429]
    assert responses[0].headers.keys() - {"vary"} == {"ratelimit", "ratelimit-policy", *OWN_HEADERS}
    assert responses[2].headers.keys() - {"vary"} == {"ratelimit", "ratelimit-policy", "retry-after", *OWN_HEADERS}


async def test_a_handler_of_the_app_for_our_errors_is_kept(keys: StaticKeys, clock: HandClock) -> None:
    app = guarded(FastAPI())

    @app.exception_handler(Auth0SsoError)
    async def answer_error(_: Request, error: Auth0SsoError) -> PlainTextResponse:
        return PlainTextResponse(error.code, 499)

    async with running_app(protected(app, keys, clock)) as client:
        response = await client.get("/me")
    assert (response.status_code, response.text) == (499, "missing_token")


async def test_a_request_sent_on_inside_the_app_is_verified_again(
    keys: StaticKeys, clock: HandClock, forge: Forge
) -> None:
    """An app may call itself with a copy of a request's scope and another token."""
    app = protected(guarded(FastAPI()), keys, clock)

    @app.get("/as-somebody-else")
    async def send_on(request: Request, _: CurrentToken) -> int:
        statuses: list[int] = []

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        headers = [(b"authorization", b"Bearer forged")]
        await app({**request.scope, "path": "/me", "raw_path": b"/me", "headers": headers}, request.receive, send)
        return statuses[0]

    async with running_app(app) as client:
        response = await client.get("/as-somebody-else", headers={"Authorization": f"Bearer {forge.token()}"})
    assert (response.status_code, response.json()) == (200, 401)


def test_protecting_an_app_twice_is_refused(keys: StaticKeys, clock: HandClock) -> None:
    app = protected(FastAPI(), keys, clock)
    with pytest.raises(RuntimeError, match="protected already"):
        protected(app, keys, clock)
