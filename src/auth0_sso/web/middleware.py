"""The one ASGI layer around the app: request id, security headers, body limit, access log, CORS, last-resort 500.

Pure ASGI: Starlette's BaseHTTPMiddleware would cost more than half of the throughput. CORS lies inside this layer and
is wrapped around its own answers too, since a browser hides an error without CORS headers behind a CORS error.
"""

import logging
import re
from collections.abc import Callable, Sequence
from time import perf_counter
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth0_sso.web.problems import BODY_TOO_LONG, bad_request, internal_error
from auth0_sso.web.request_context import RequestContext, request_id_variable
from auth0_sso.web.websockets import serve_websocket

_access_log = logging.getLogger("auth0_sso.access")
_log = logging.getLogger(__name__)

MAX_BODY_BYTES = 64 * 1024
"""Longest request body taken, in bytes."""

ALLOWED_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
ALLOWED_HEADERS = (
    "Authorization",
    "Content-Type",
    "X-Request-ID",
    "traceparent",  # W3C Trace Context, and baggage: browsers' tracing adds them to each request
    "tracestate",
    "baggage",
    "sentry-trace",
)
"""What a browser's script may send of an origin in CORS_ALLOWED_ORIGINS."""

EXPOSED_HEADERS = ("WWW-Authenticate", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-ID")
"""What a browser's script may read of an answer beside the body."""

_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d*)?", re.IGNORECASE)
_MAX_REQUEST_ID = 64
_MAX_LOGGED_PATH = 200
_MAX_LOGGED_METHOD = 16

# An API's answers are data: nothing in them may load, run or be framed. /docs sets a policy of its own.
_DEFAULTS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_HSTS = (b"strict-transport-security", b"max-age=63072000")


class RequestLayer:
    """Wraps an app as the module says; `origins` are the browser origins that may call it.

    With `require_host` a request without exactly one Host header is answered 400 (RFC 9112 section 3.2).
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        origins: Sequence[str] = (),
        require_host: bool = False,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._with_cors = _cors(origins)
        self._app = self._with_cors(app)
        self._require_host = require_host
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] == "websocket":
            await serve_websocket(self._app, scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        context = RequestContext.begin(scope, _acceptable_id(headers.get("X-Request-ID")))
        token = request_id_variable.set(context.request_id)
        hosts = headers.getlist("Host")
        answer = _Answer(send, context, secure=not _LOOPBACK.fullmatch(hosts[0] if hosts else ""))
        started = perf_counter()
        try:
            if self._require_host and (len(hosts) > 1 or (not hosts and scope["http_version"] == "1.1")):
                await self._with_cors(_one_host(context))(scope, receive, answer.send)
            else:
                await self._serve(scope, receive, answer, headers)
        finally:
            _log_access(scope, context, answer.status, perf_counter() - started)
            request_id_variable.reset(token)

    async def _serve(self, scope: Scope, receive: Receive, answer: "_Answer", headers: Headers) -> None:
        body = _CappedBody(receive, answer, headers.get("Content-Length", ""), max_bytes=self._max_body_bytes)
        try:
            await self._app(scope, body.receive, answer.send)
        except Exception:
            _log.exception("a request failed")
            if answer.status:
                raise  # its answer has begun: only closing the connection can tell the caller
            fault = internal_error(RequestContext.of(scope).request_id)
            await self._with_cors(fault)(scope, receive, answer.send)


class _Answer:
    """The sending side of one request: adds headers as the answer starts, and notes its status."""

    def __init__(self, send: Send, context: RequestContext, *, secure: bool) -> None:
        self._send = send
        self._context = context
        self._secure = secure
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._complete(list(message.get("headers", ())))
        await self._send(message)

    def _complete(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        present = {name.lower() for name, _ in headers}
        headers.extend(default for default in _DEFAULTS if default[0] not in present)
        headers.append((b"x-request-id", self._context.request_id.encode("ascii")))
        headers.extend(self._context.answer_headers)
        if self._secure:
            headers.append(_HSTS)
        return headers


class _CappedBody:
    """The receiving side of one request: refuses a body longer than its cap, at the moment the app reads it.

    Not sooner: whether the caller may send anything at all is for the guards to say first.
    """

    def __init__(self, receive: Receive, answer: _Answer, length: str, *, max_bytes: int) -> None:
        self._receive = receive
        self._answer = answer
        self._left = max_bytes
        # Ten digits are too many at any cap, and thousands of them more than int() takes.
        self._too_long = length.isdecimal() and (len(length) > 9 or int(length) > max_bytes)

    async def receive(self) -> Message:
        if not self._too_long:
            message = await self._receive()
            self._left -= len(message.get("body", b""))  # with chunked coding no header tells the length
            if self._left >= 0:
                return message
            self._too_long = True
        if self._answer.status:
            return {"type": "http.disconnect"}  # the answer has begun, and no body is read any more
        raise HTTPException(413, BODY_TOO_LONG)


def _cors(origins: Sequence[str]) -> Callable[[ASGIApp], ASGIApp]:
    if not origins:
        return lambda app: app
    return lambda app: CORSMiddleware(
        app,
        allow_origins=list(origins),
        allow_methods=ALLOWED_METHODS,
        allow_headers=ALLOWED_HEADERS,
        expose_headers=EXPOSED_HEADERS,
    )


def _one_host(context: RequestContext) -> Response:
    """Return the answer of RFC 9112 section 3.2: of two hosts, proxies and the app might each believe another."""
    context.refusal = "host_not_one"
    return bad_request("A request needs one Host header.", context.request_id)


def _acceptable_id(value: str | None) -> str | None:
    """Return a caller's request id when it can go into logs and headers as it is."""
    if value is None or not 0 < len(value) <= _MAX_REQUEST_ID or not value.isascii():
        return None
    return value if value.replace("-", "").replace("_", "").replace(".", "").isalnum() else None


def _log_access(scope: Scope, context: RequestContext, status: int, seconds: float) -> None:
    # The route's template instead of the path, which names users; never the query. Unrouted paths are quoted.
    route = getattr(scope.get("route"), "path", None)
    path = route if isinstance(route, str) else _shortened(quote(scope["path"][: _MAX_LOGGED_PATH + 1]))
    client = scope.get("client")
    _access_log.info(
        "%s %s %s %.1fms client=%s refusal=%s",
        scope["method"][:_MAX_LOGGED_METHOD],
        path,
        status or "aborted",
        seconds * 1000,
        client[0] if client else "-",
        context.refusal or "-",
    )


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_LOGGED_PATH else f"{text[:_MAX_LOGGED_PATH]}..."
