"""One WebSocket whose access token may expire or be revoked: it is closed at that moment, whatever its route awaits.

Starlette's `WebSocket` has no way to end a `receive` from outside, so this stands between the server and the app.
"""

import asyncio
from contextlib import suppress
from typing import Final, cast

from starlette.types import Message, Receive, Send

from auth0_sso.clock import Clock
from auth0_sso.errors import InvalidTokenError
from auth0_sso.revocation.deny_list import DenyList
from auth0_sso.tokens.claims import AccessToken

POLICY_VIOLATION: Final = 1008
"""The close code of a refusal (RFC 6455 section 7.4.1)."""

BEARER_SUBPROTOCOL: Final = "bearer"
"""What a browser offers before its token, and what is answered in the token's place."""

_MAX_PAUSE: Final = 60.0  # wall time may be set, and a suspended machine's monotonic time stands still


class GuardedSocket:
    """What the app receives and sends on one WebSocket. Until `close_at` is called all passes as it is."""

    def __init__(self, receive: Receive, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        """Take the server's side, and the headers that its answer to the handshake gets, known when it is sent."""
        self._receive = receive
        self._send = send
        self._headers = headers
        self._offered: tuple[str, ...] | None = None
        self._expiry: asyncio.Task[None] | None = None
        self._reader: asyncio.Task[object] | None = None
        self._connected = False
        self._expired = False
        self._stop_watching = _watch_nothing

    def hide_token(self, offered: tuple[str, ...]) -> None:
        """Accept with none but the `offered` subprotocols, or BEARER_SUBPROTOCOL: never with the token's text."""
        self._offered = offered

    def close_at(self, end: float, clock: Clock) -> None:
        """Close the WebSocket at `end`, in seconds since 1970. Called once, for the one token of a connection."""
        self._expiry = asyncio.create_task(self._expire(end, clock))

    def close_when_revoked(self, token: AccessToken, deny_list: DenyList) -> None:
        """Close the WebSocket when its token is revoked too. Called after `close_at`."""
        self._stop_watching = deny_list.watch(token, self._close_now)

    async def receive(self) -> Message:
        """Return the next message; after the token's end, a disconnect."""
        if self._expiry is None or not self._connected:
            self._connected = True  # the first message is always `websocket.connect`, which an app may read late
            return await self._receive()
        message = None if self._expired else await self._receive_in_time()
        if message is None or self._expired:
            return {"type": "websocket.disconnect", "code": POLICY_VIOLATION, "reason": InvalidTokenError.code}
        if message["type"] == "websocket.disconnect":
            self._expiry.cancel()
        return message

    async def send(self, message: Message) -> None:
        """Send a message; after the token's end raise `OSError`, as a server does for a lost client."""
        match message["type"]:
            case "websocket.send" if self._expired:
                raise OSError("this WebSocket was closed: its access token has expired or is revoked")
            case _ if self._expired:
                return  # it is closed already
            case "websocket.accept":
                message = self._completed(self._without_token(message))
            case "websocket.http.response.start":
                message = self._completed(message)
            case "websocket.close" if self._expiry is not None:
                self._expiry.cancel()
        await self._send(message)

    async def aclose(self) -> None:
        """End the timer; an expired token's close message is sent to its end first."""
        self._stop_watching()
        if self._expiry is None:
            return
        if not self._expired:
            self._expiry.cancel()
        try:
            await asyncio.wait([self._expiry])
        finally:
            self._expiry.cancel()

    async def _receive_in_time(self) -> Message | None:
        """Return the next message, or None where the token expires before.

        As `asyncio.timeout` does it, which takes some microseconds for each message.
        """
        self._reader = task = cast("asyncio.Task[object]", asyncio.current_task())
        cancelling = task.cancelling()
        try:
            return await self._receive()
        except asyncio.CancelledError:
            if not self._expired or task.uncancel() > cancelling:
                raise  # the app is cancelled by another
            return None
        finally:
            self._reader = None

    def _close_now(self) -> None:
        timer = self._expiry
        if timer is None or timer.done() or timer.cancelling():  # it is closed already, by one of the two sides
            return
        timer.cancel()
        self._expiry = asyncio.create_task(self._close())

    async def _expire(self, end: float, clock: Clock) -> None:
        while (left := end - clock.wall()) > 0:
            await clock.sleep(min(left, _MAX_PAUSE))
        await self._close()

    async def _close(self) -> None:
        self._expired = True
        if self._reader is not None:
            self._reader.cancel()
        with suppress(OSError):  # the client is gone
            await self._send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": InvalidTokenError.code})

    def _without_token(self, message: Message) -> Message:
        if self._offered is None or message.get("subprotocol") in self._offered:
            return message
        return {**message, "subprotocol": BEARER_SUBPROTOCOL}

    def _completed(self, message: Message) -> Message:
        return {**message, "headers": [*message.get("headers", ()), *self._headers]}


def _watch_nothing() -> None:
    """Stop watching where nothing is watched."""
