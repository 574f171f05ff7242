"""The middleware of an app that has guards: a context for each request, and the headers that guards send.

Pure ASGI, and nothing else in it: bodies, exceptions and all other headers stay the app's own.
"""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth0_sso.events import IGNORE
from auth0_sso.web.middleware.access_log import log_refusal
from auth0_sso.web.middleware.http_options import HttpOptions
from auth0_sso.web.middleware.observed_response import ObservedResponse
from auth0_sso.web.middleware.request_context import RequestContext
from auth0_sso.web.middleware.route_path import route_path
from auth0_sso.web.middleware.websockets import serve_websocket


class GuardMiddleware:
    """Begins a `RequestContext` for each request and WebSocket, and adds its `answer_headers` to the response.

    The reason of a refusal is logged at INFO.
    """

    def __init__(self, app: ASGIApp, *, options: HttpOptions) -> None:
        self._app = app
        self._options = options

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one connection (ASGI 3)."""
        if scope["type"] == "http":
            return self._serve_http(scope, receive, send)
        if scope["type"] == "websocket":
            return serve_websocket(self._app, self._options.services, scope, receive, send)
        return self._app(scope, receive, send)

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = RequestContext.begin(scope, self._options.services)

        def send_with_headers(message: Message) -> Awaitable[None]:
            if context.answer_headers and message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *context.answer_headers]}
            return send(message)

        services = context.services
        if services is None or services.observe is IGNORE:
            await self._app(scope, receive, send_with_headers)
        else:
            response = ObservedResponse(send_with_headers)
            try:
                await self._app(scope, receive, response.send)
            except Exception:
                response.failed()
                raise
            finally:
                services.observe(response.served(scope, route_path(scope), allowed=context.is_allowed))
        if context.refusal is not None:
            log_refusal(scope, context.refusal)
