"""The one ASGI layer around an app: what guards need, and what `HttpOptions` add to every response.

Pure ASGI: Starlette's BaseHTTPMiddleware would cost more than half of the throughput. The headers of a request are
read once, and what an option needs is done only for requests that need it. The layer's own answers have CORS headers
too, since a browser hides an error without them behind a CORS error.
"""

import logging
from collections.abc import Awaitable, Mapping
from time import perf_counter

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth0_sso.events import IGNORE, RequestServed
from auth0_sso.web.middleware.access_log import log_access, log_refusal
from auth0_sso.web.middleware.body_limit import LimitedBody
from auth0_sso.web.middleware.cors import answer_preflight, is_preflight
from auth0_sso.web.middleware.guard_middleware import GuardMiddleware
from auth0_sso.web.middleware.http_options import HttpOptions
from auth0_sso.web.middleware.request_context import RequestContext
from auth0_sso.web.middleware.request_id import acceptable_id, new_request_id, request_id_variable
from auth0_sso.web.middleware.response_headers import ResponseHeaders
from auth0_sso.web.middleware.route_path import route_path
from auth0_sso.web.middleware.trace_context import trace_id_of, trace_id_variable
from auth0_sso.web.problems.problems import bad_request, internal_error
from auth0_sso.web.resource_metadata import WELL_KNOWN

_log = logging.getLogger(__name__)


def request_layer(app: ASGIApp, *, options: HttpOptions) -> ASGIApp:
    """Wrap an app in as little as the options need."""
    return GuardMiddleware(app, options=options) if options == HttpOptions() else RequestLayer(app, options=options)


class RequestLayer(GuardMiddleware):
    """Wraps an app as the options say."""

    def __init__(self, app: ASGIApp, *, options: HttpOptions) -> None:
        super().__init__(app, options=options)
        self._with_dpop, self._without_dpop = (_Cors(app, options, dpop=dpop) for dpop in (True, False))
        self._preflight_headers = ResponseHeaders(options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        headers = _first_values(scope)
        given_id = headers.get(b"x-request-id")
        request_id = (given_id and acceptable_id(given_id)) or new_request_id()
        context = RequestContext.begin(scope, self._options.services, request_id)
        each_once = len(headers) == len(scope["headers"])
        if each_once:  # else a guard counts the Authorization headers
            context.credentials = (headers[b"authorization"],) if b"authorization" in headers else ()
        offers_dpop = b"origin" in headers and self._options.cors_origins and self._options.offers_dpop
        cors = self._with_dpop if offers_dpop else self._without_dpop
        app, response_headers = self._app, cors.response_headers
        if scope["method"] == "OPTIONS" and is_preflight(scope, headers) and not self._is_for_all_origins(scope):
            app, response_headers = cors.preflight, self._preflight_headers
        exchange = _Exchange(context, headers, receive, send, self._options.max_body_bytes, response_headers)
        token = request_id_variable.set(request_id)
        trace = trace_id_variable.set(trace_id_of(headers[b"traceparent"])) if b"traceparent" in headers else None
        started = perf_counter()
        try:
            if self._options.require_host and not (each_once and b"host" in headers) and not _has_one_host(scope):
                app = _one_host(context)
            await app(scope, exchange.receive, exchange.send)
        except Exception:
            if not self._options.catch_exceptions:
                raise
            _log.exception("a request failed")
            if exchange.status:
                raise  # its answer has begun: only closing the connection can tell the caller
            await internal_error(request_id)(scope, exchange.receive, exchange.send)
        finally:
            self._log_end(scope, context, exchange.status, started)
            request_id_variable.reset(token)
            if trace is not None:
                trace_id_variable.reset(trace)

    def _is_for_all_origins(self, scope: Scope) -> bool:
        return self._options.serves_metadata and WELL_KNOWN in scope["path"]

    def _log_end(self, scope: Scope, context: RequestContext, status: int, started: float) -> None:
        options, refusal, services = self._options, context.refusal, context.services
        seconds = perf_counter() - started
        if services is not None and services.observe is not IGNORE:
            services.observe(RequestServed(scope["method"], route_path(scope), status, seconds, context.is_allowed))
        if options.access_log:
            log_access(scope, status, seconds, refusal=refusal, token=context.token, options=options)
        elif refusal is not None:
            log_refusal(scope, refusal)


class _Cors:
    """What answers preflight requests, and the headers of all other responses."""

    __slots__ = ("preflight", "response_headers")

    def __init__(self, app: ASGIApp, options: HttpOptions, *, dpop: bool) -> None:
        self.response_headers = ResponseHeaders(options, origins=options.cors_origins, dpop=dpop)
        self.preflight = app
        if options.cors_origins:
            self.preflight = answer_preflight(app, options.cors_origins, headers=options.cors_headers, dpop=dpop)


class _Exchange:
    """One request and its response: limits the body, adds headers as the response starts, and notes its status."""

    __slots__ = ("_body", "_context", "_headers", "_max_bytes", "_receive", "_response_headers", "_send", "status")

    def __init__(
        self,
        context: RequestContext,
        headers: Mapping[bytes, bytes],
        receive: Receive,
        send: Send,
        max_bytes: int | None,
        response_headers: ResponseHeaders,
    ) -> None:
        self._context = context
        self._headers = headers
        self._receive = receive
        self._send = send
        self._max_bytes = max_bytes
        self._response_headers = response_headers
        self._body: LimitedBody | None = None
        self.status = 0

    def receive(self) -> Awaitable[Message]:
        """Receive a message (ASGI 3)."""
        if self._max_bytes is None:
            return self._receive()
        if self._body is None:  # made as the app begins to read: most requests are served without
            length = self._headers.get(b"content-length", b"")
            max_bytes = self._context.max_body_bytes or self._max_bytes
            self._body = LimitedBody(self._receive, length, max_bytes=max_bytes)
        return self._body.receive(self._has_begun)

    def send(self, message: Message) -> Awaitable[None]:
        """Send a message (ASGI 3)."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            added, context = self._response_headers, self._context
            headers = added.complete(message.get("headers", ()), self._headers, context.request_id)
            if context.answer_headers:
                headers.extend(header for header in context.answer_headers if header not in headers)
            message = {**message, "headers": headers}  # an app may send one message for all its responses
        return self._send(message)

    def _has_begun(self) -> bool:
        return self.status > 0


def _first_values(scope: Scope) -> dict[bytes, bytes]:
    """Return the headers of a request by name; of one that was sent twice the first, as Starlette does."""
    headers = scope["headers"] = list(scope["headers"])
    values = dict(headers)
    return values if len(values) == len(headers) else dict(reversed(headers))


def _has_one_host(scope: Scope) -> bool:
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    return len(hosts) == 1 or (not hosts and scope["http_version"] != "1.1")


def _one_host(context: RequestContext) -> Response:
    """Return the answer of RFC 9112 section 3.2: of two hosts, proxies and the app might each believe another."""
    context.refusal = "host_not_one"
    return bad_request("A request needs one Host header.", context.request_id)
