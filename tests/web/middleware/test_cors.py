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
PREFLIGHT = (b"access-control-request-method", b"POST")
VARIES = (b"vary", b"Accept-Encoding")


def starlette_alone(app: ASGIApp) -> ASGIApp:
    return CORSMiddleware(
        app,
        allow_origins=ORIGINS,
        allow_methods=ALLOWED_METHODS,
        allow_headers=ALLOWED_HEADERS,
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
        [ALLOWED, PREFLIGHT, (b"access-control-request-headers", b"authorization")],
        [ALLOWED, PREFLIGHT, (b"access-control-request-headers", b"x-other")],
    ],
    ids=str,
)
async def test_responses_are_those_of_starlette_alone(
    headers: list[Header], method: str, answer: list[Header]
) -> None:
    app = responding(answer)

    layer, starlette = RequestLayer(app, options=HttpOptions(cors_origins=ORIGINS)), starlette_alone(app)
    own, expected = await exchanged(layer, method, headers), await exchanged(starlette, method, headers)
    if not any(name == b"vary" for name, _ in (await exchanged(starlette_alone(responding([])), "GET", []))[1]):
        own, expected = without_vary(own), without_vary(expected)  # older releases add it to fewer responses
    assert own == expected
