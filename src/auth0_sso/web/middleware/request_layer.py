"""The one ASGI layer around an app: what guards need, and what `HttpOptions` add to every response.

Pure ASGI: Starlette's BaseHTTPMiddleware would cost more than half of the throughput. CORS lies inside this layer and
is wrapped around its own answers too, since a browser hides an error without CORS headers behind a CORS error.
"""

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth0_sso.web.middleware.access_log import log_access, log_refusal
from auth0_sso.web.middleware.body_limit import LimitedBody
from auth0_sso.web.middleware.guard_middleware import GuardMiddleware
from auth0_sso.web.middleware.request_context import RequestContext, request_id_variable
from auth0_sso.web.problems.problems import bad_request, internal_error

_log = logging.getLogger(__name__)

ALLOWED_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
ALLOWED_HEADERS: Final = (
    "Authorization",
    "Content-Type",
    "X-Request-ID",
    "traceparent",  # W3C Trace Context, and baggage: browsers' tracing adds them to each request
    "tracestate",
    "baggage",
    "sentry-trace",
)
"""What a script of an allowed origin may send."""

EXPOSED_HEADERS: Final = ("WWW-Authenticate", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-ID")
"""What a script of an allowed origin may read of a response beside the body."""

_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d*)?", re.IGNORECASE)
_MAX_REQUEST_ID: Final = 64

# An API's answers are data: nothing in them may load, run or be framed. /docs sets a policy of its own.
_SECURITY_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_HSTS: Final = (b"strict-transport-security", b"max-age=63072000")


@dataclass(slots=True)
class HttpOptions:
    """What is done for every HTTP request beside the guards; by default nothing."""

    security_headers: bool = False
    """Cache-Control, Content-Security-Policy, Referrer-Policy and X-Content-Type-Options unless the app sets them,
    and Strict-Transport-Security for other than loopback hosts."""
    request_id: bool = False
    """X-Request-ID in responses: the caller's, where it is fit for logs, or a new one."""
    access_log: bool = False
    max_body_bytes: int | None = None
    cors_origins: Sequence[str] = ()
    require_host: bool = False
    """Answer 400 to a request without exactly one Host header (RFC 9112 section 3.2)."""
    catch_exceptions: bool = False
    """Log an exception and answer it as a problem; it reaches neither the server nor a test client."""


def request_layer(app: ASGIApp, *, options: HttpOptions) -> ASGIApp:
    """Wrap an app in as little as the options need."""
    return GuardMiddleware(app) if options == HttpOptions() else RequestLayer(app, options=options)


class RequestLayer(GuardMiddleware):
    """Wraps an app as the options say."""

    def __init__(self, app: ASGIApp, *, options: HttpOptions) -> None:
        self._with_cors = _cors(options.cors_origins)
        super().__init__(self._with_cors(app))
        self._options = options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        headers = Headers(scope=scope)
        context = RequestContext.begin(scope, _acceptable_id(headers.get("X-Request-ID")))
        token = request_id_variable.set(context.request_id)
        hosts = headers.getlist("Host")
        answer = _Answer(send, self._headers(context, hosts), context.answer_headers, self._options)
        started = perf_counter()
        try:
            if self._options.require_host and not _has_one_host(scope, hosts):
                await self._with_cors(_one_host(context))(scope, receive, answer.send)
            else:
                await self._serve(scope, self._limited(receive, headers, answer), answer)
        finally:
            if self._options.access_log:
                log_access(scope, answer.status, perf_counter() - started, refusal=context.refusal)
            elif context.refusal is not None:
                log_refusal(scope, context.refusal)
            request_id_variable.reset(token)

    async def _serve(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        try:
            await self._app(scope, receive, answer.send)
        except Exception:
            if not self._options.catch_exceptions:
                raise
            _log.exception("a request failed")
            if answer.status:
                raise  # its answer has begun: only closing the connection can tell the caller
            fault = internal_error(RequestContext.of(scope).request_id)
            await self._with_cors(fault)(scope, receive, answer.send)

    def _limited(self, receive: Receive, headers: Headers, answer: "_Answer") -> Receive:
        limit = self._options.max_body_bytes
        if limit is None:
            return receive
        length = headers.get("Content-Length", "")
        return LimitedBody(receive, length, max_bytes=limit, has_begun=answer.has_begun).receive

    def _headers(self, context: RequestContext, hosts: list[str]) -> list[tuple[bytes, bytes]]:
        added = [(b"x-request-id", context.request_id.encode("ascii"))] if self._options.request_id else []
        if self._options.security_headers and not _LOOPBACK.fullmatch(hosts[0] if hosts else ""):
            added.append(_HSTS)
        return added


class _Answer:
    """The sending side of one request: adds headers as the answer starts, and records its status."""

    def __init__(
        self,
        send: Send,
        headers: list[tuple[bytes, bytes]],
        later_headers: list[tuple[bytes, bytes]],
        options: HttpOptions,
    ) -> None:
        self._send = send
        self._headers = headers
        self._later_headers = later_headers
        self._defaults = _SECURITY_HEADERS if options.security_headers else ()
        self.status = 0

    def has_begun(self) -> bool:
        return self.status > 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._complete(list(message.get("headers", ())))
        await self._send(message)

    def _complete(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        if self._defaults:
            present = {name.lower() for name, _ in headers}
            headers.extend(default for default in self._defaults if default[0] not in present)
        headers.extend(self._headers)
        headers.extend(self._later_headers)
        return headers


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


def _has_one_host(scope: Scope, hosts: list[str]) -> bool:
    return len(hosts) == 1 or (not hosts and scope["http_version"] != "1.1")


def _one_host(context: RequestContext) -> Response:
    """Return the answer of RFC 9112 section 3.2: of two hosts, proxies and the app might each believe another."""
    context.refusal = "host_not_one"
    return bad_request("A request needs one Host header.", context.request_id)


def _acceptable_id(value: str | None) -> str | None:
    """Return a caller's request id when it can go into logs and headers as it is."""
    if value is None or not 0 < len(value) <= _MAX_REQUEST_ID or not value.isascii():
        return None
    return value if value.replace("-", "").replace("_", "").replace(".", "").isalnum() else None
