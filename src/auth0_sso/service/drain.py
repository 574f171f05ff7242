"""Going out of service: announced first, so that no request is lost.

A load balancer that learns of a shutdown from a refused connection has already lost a request. So `/readyz` turns to
503 while everything is still served, each connection closing after its next answer; only then is the server closed.
"""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth0_sso.errors import ShuttingDownError

_log = logging.getLogger(__name__)

_CLOSE = (b"connection", b"close")


class Drain:
    """Whether this process goes out of service: alone, replaced by another worker, or with the whole service."""

    def __init__(self) -> None:
        self.begun = False
        self.replaced = False

    def begin(self) -> None:
        """The service shuts down: `/readyz` says so, and answers close their connections."""
        if not self.begun:
            self.begun = True
            _log.info("shutting down: no longer ready")

    def replace(self) -> None:
        """Another worker takes over: answers close their connections, and the service stays ready."""
        if not self.replaced:
            self.replaced = True
            _log.info("replaced by another worker: no new connections")

    def require_not_begun(self) -> None:
        """Raise `ShuttingDownError` once the service shuts down."""
        if self.begun:
            raise ShuttingDownError


class DrainLayer:
    """Wraps the served app: while it drains, each HTTP answer closes its connection."""

    def __init__(self, app: ASGIApp, drain: Drain) -> None:
        """Take the app and what tells whether it goes out of service."""
        self._app = app
        self._drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        await self._app(scope, receive, self._closing(send) if scope["type"] == "http" else send)

    def _closing(self, send: Send) -> Send:
        async def send_and_close(message: Message) -> None:
            if message["type"] == "http.response.start" and (self._drain.begun or self._drain.replaced):
                message["headers"] = [*message.get("headers", ()), _CLOSE]
            await send(message)

        return send_and_close
