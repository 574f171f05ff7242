"""Connection draining before a graceful shutdown, so that no request is lost.

A load balancer that notices a shutdown by a refused connection has already lost a request. So `/readyz` returns 503
while all requests are still served, and each response closes its connection. Only then is the server closed.
"""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth0_sso.errors import ShuttingDownError

_log = logging.getLogger(__name__)

_CLOSE = (b"connection", b"close")


class Drain:
    """The draining state of this process: in service, shutting down, or replaced by another worker."""

    def __init__(self) -> None:
        self.shutting_down = False
        self.replaced = False

    @property
    def is_draining(self) -> bool:
        """Whether responses close their connections."""
        return self.shutting_down or self.replaced

    def start_shutdown(self) -> None:
        """Drain connections and fail the readiness check."""
        if not self.shutting_down:
            self.shutting_down = True
            _log.info("graceful shutdown: not ready, draining connections")

    def start_replacement(self) -> None:
        """Drain connections and stay ready: a rolling restart has started another worker."""
        if not self.replaced:
            self.replaced = True
            _log.info("rolling restart: draining connections, a new worker takes over")

    def require_ready(self) -> None:
        """Raise `ShuttingDownError` after the start of a shutdown."""
        if self.shutting_down:
            raise ShuttingDownError


class DrainMiddleware:
    """ASGI middleware: while the process drains, each HTTP response has `Connection: close`."""

    def __init__(self, app: ASGIApp, drain: Drain) -> None:
        """Take the app to wrap and the draining state."""
        self._app = app
        self._drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        await self._app(scope, receive, self._closing(send) if scope["type"] == "http" else send)

    def _closing(self, send: Send) -> Send:
        async def send_and_close(message: Message) -> None:
            if message["type"] == "http.response.start" and self._drain.is_draining:
                message["headers"] = [*message.get("headers", ()), _CLOSE]
            await send(message)

        return send_and_close
