"""The way out: say so first, then stop.

A load balancer that learns of a stop from a refused connection has already lost a request. So on SIGTERM `/readyz`
turns to 503 while everything is served on, each connection closing after its next answer; some seconds later the
server takes no new connections and finishes what it has.
"""

import asyncio
import logging
import signal
from collections.abc import Callable
from types import FrameType

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth0_sso.errors import ShuttingDownError

_log = logging.getLogger(__name__)

_CLOSE = (b"connection", b"close")


class Drain:
    """Whether this process is on its way out."""

    def __init__(self) -> None:
        self.begun = False

    def require_not_begun(self) -> None:
        """Raise `ShuttingDownError` once the process is on its way out."""
        if self.begun:
            raise ShuttingDownError


class DrainLayer:
    """Wraps the served app: puts `notice` seconds between SIGTERM and what the server does about it."""

    def __init__(self, app: ASGIApp, drain: Drain, *, notice: float) -> None:
        """Take the app, what tells its routes, and how long the notice is, in seconds."""
        self._app = app
        self._drain = drain
        self._notice = notice

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] == "lifespan":
            self._watch_for_sigterm(asyncio.get_running_loop())
        await self._app(scope, receive, self._closing(send) if self._drain.begun else send)

    def _watch_for_sigterm(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stand before the server's own handler, which is there by now."""
        stop = signal.getsignal(signal.SIGTERM)
        if not callable(stop):
            return

        def begin(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self._begin, loop, lambda: stop(number, frame))

        signal.signal(signal.SIGTERM, begin)

    def _begin(self, loop: asyncio.AbstractEventLoop, stop: Callable[[], object]) -> None:
        if self._drain.begun:
            return
        self._drain.begun = True
        _log.info("going out of service: no longer ready, and no new connections in %.1f s", self._notice)
        loop.call_later(self._notice, stop)

    @staticmethod
    def _closing(send: Send) -> Send:
        async def send_and_close(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), _CLOSE]
            await send(message)

        return send_and_close
