"""The end of a request, for observers, where nothing else notes its status and time."""

from collections.abc import Awaitable
from time import perf_counter

from starlette.types import Message, Scope, Send

from auth0_sso.events import RequestServed


class ObservedResponse:
    """Passes the messages of a response on, and notes its status."""

    __slots__ = ("_send", "_started", "_status")

    def __init__(self, send: Send) -> None:
        """Take the server's side; the time counts from now."""
        self._send = send
        self._status = 0
        self._started = perf_counter()

    def send(self, message: Message) -> Awaitable[None]:
        """Send a message (ASGI 3)."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
        return self._send(message)

    def failed(self) -> None:
        """Note that the app raised an exception: the server answers 500 for it, unless a response has begun."""
        self._status = self._status or 500

    def served(self, scope: Scope, route: str | None, *, allowed: bool) -> RequestServed:
        """Return the event of a request that has ended."""
        return RequestServed(scope["method"], route, self._status, perf_counter() - self._started, allowed)
