"""The layer runs Starlette's CORS for preflight requests alone: all responses are as those of Starlette."""

from collections.abc import Sequence

import pytest
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth0_sso.web.middleware.cors import ALLOWED_HEADERS, ALLOWED_METHODS, EXPOSED_HEADERS
from auth0_sso.web.middleware.http_options import HttpOptions
from auth0_sso.web.middleware.request_layer import RequestLayer

Header = tuple[bytes, bytes]
Exchange = tuple[int, list[Header], bytes]
ORIGINS = ("https://app.example.com", "https://admin.example.com")
ALLOWED, OTHER = (b"origin", ORIGINS[1].encode()), (b"origin", b"https://evil.example.com")
PREFLIGHT, HEAD = (b"access-control-request-method", b"POST"), (b"access-control-request-method", b"HEAD")
MORE_HEADERS = ("X-Tenant",)
VARIES = (b"vary", b"Accept-Encoding")


def asks_to_send(*names: str) -> Header:
    return b"access-control-request-headers", ",".join(names).encode()


def starlette_alone(app: ASGIApp) -> ASGIApp:
    return CORSMiddleware(
        app,
        allow_origins=ORIGINS,
        allow_methods=ALLOWED_METHODS,
        allow_headers=(*ALLOWED_HEADERS, *MORE_HEADERS),
        expose_headers=EXPOSED_HEADERS,
    )


def responding(headers: Sequence[Header]) -> ASGIApp:
    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [*headers, (b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    return app


def without_vary(exchange: Exchange) -> Exchange:
    status, headers, body = exchange
    return status, [header for header in headers if header[0] != b"vary"], body


async def exchanged(app: ASGIApp, method: str, headers: Sequence[Header]) -> Exchange:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "http_version": "1.1", "method": method, "path": "/", "headers": list(headers)}
    await app(scope, receive, send)
    return sent[0]["status"], sorted(sent[0]["headers"]), sent[1]["body"]


@pytest.mark.parametrize(
    "answer",
    [
        [],
        [VARIES],
        [(b"vary", b"A"), VARIES],
        [(b"vary", b"Origin")],
        [(b"access-control-allow-origin", b"*")],
        [(b"access-control-expose-headers", b"X-Own"), VARIES],
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "headers",
    [
        [],
        [PREFLIGHT],
        [ALLOWED],
        [OTHER],
        [(b"origin", b"null")],
        [(b"origin", b"")],
        [ALLOWED, OTHER],
        [OTHER, ALLOWED],
        [ALLOWED, PREFLIGHT],
        [OTHER, PREFLIGHT],
        [ALLOWED, HEAD],
        [ALLOWED, PREFLIGHT, asks_to_send("authorization")],
        [ALLOWED, PREFLIGHT, asks_to_send("traceparent", "x-request-id")],
        [ALLOWED, PREFLIGHT, asks_to_send("x-tenant")],
        [ALLOWED, PREFLIGHT, asks_to_send("authorization", "x-other")],
        [OTHER, PREFLIGHT, asks_to_send("authorization", "x-tenant")],
    ],
    ids=str,
)
async def test_responses_are_those_of_starlette_alone(
    headers: list[Header], method: str, answer: list[Header]
) -> None:
    app = responding(answer)

    options = HttpOptions(cors_origins=ORIGINS, cors_headers=MORE_HEADERS)
    layer, starlette = RequestLayer(app, options=options), starlette_alone(app)
    own, expected = await exchanged(layer, method, headers), await exchanged(starlette, method, headers)
    if not any(name == b"vary" for name, _ in (await exchanged(starlette_alone(responding([])), "GET", []))[1]):
        own, expected = without_vary(own), without_vary(expected)  # older releases add it to fewer responses
    assert own == expected


async def preflight(method: str, *names: str, more: Sequence[str] = ()) -> tuple[int, dict[str, str]]:
    layer = RequestLayer(responding([]), options=HttpOptions(cors_origins=ORIGINS, cors_headers=more))
    asked = [ALLOWED, (b"access-control-request-method", method.encode()), asks_to_send(*names)]
    status, headers, _ = await exchanged(layer, "OPTIONS", asked)
    return status, {name.decode(): value.decode() for name, value in headers}


@pytest.mark.parametrize("name", ["x-request-id", "traceparent", "tracestate", "baggage", "sentry-trace"])
async def test_browsers_may_send_tracing_headers_without_a_setting(name: str) -> None:
    status, headers = await preflight("POST", "authorization", "content-type", name)
    assert status == 200
    assert name in headers["access-control-allow-headers"].lower().split(", ")


async def test_browsers_may_send_head() -> None:
    status, headers = await preflight("HEAD", "authorization")
    assert status == 200
    assert "HEAD" in headers["access-control-allow-methods"].split(", ")


async def test_another_header_is_refused_until_a_setting_names_it() -> None:
    assert (await preflight("GET", "x-tenant"))[0] == 400
    assert (await preflight("GET", "x-tenant", more=["X-Tenant"]))[0] == 200


async def test_a_header_named_twice_is_allowed_once() -> None:
    _, headers = await preflight("GET", "x-request-id", more=["X-REQUEST-ID", "X-Tenant", "x-tenant"])
    names = headers["access-control-allow-headers"].lower().split(", ")
    assert (names.count("x-request-id"), names.count("x-tenant")) == (1, 1)


async def test_scripts_may_read_what_tells_them_to_wait_or_log_in() -> None:
    _, headers, _ = await exchanged(
        RequestLayer(responding([]), options=HttpOptions(cors_origins=ORIGINS)), "GET", [ALLOWED]
    )
    exposed = dict(headers)[b"access-control-expose-headers"].decode().split(", ")
    assert {"WWW-Authenticate", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-ID"} <= {*exposed}
