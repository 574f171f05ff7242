"""A WebSocket's server and client in one, without sockets: what an app receives and sends, message by message."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.types import ASGIApp, Message


class AsgiSocket:
    """One connection. It never answers a close: an app that waits for the client to do so waits for ever."""

    def __init__(self) -> None:
        self.to_app: asyncio.Queue[Message] = asyncio.Queue()
        self.from_app: asyncio.Queue[Message] = asyncio.Queue()
        self.serving: asyncio.Task[None] | None = None

    def say(self, text: str) -> None:
        self.to_app.put_nowait({"type": "websocket.receive", "text": text})

    def leave(self) -> None:
        self.to_app.put_nowait({"type": "websocket.disconnect", "code": 1000})

    async def hear(self) -> Message:
        async with asyncio.timeout(5):
            return await self.from_app.get()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Return the status, headers and body with which the app refuses the handshake."""
        start, body = await self.hear(), await self.hear()
        assert (start["type"], body["type"]) == ("websocket.http.response.start", "websocket.http.response.body")
        return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body["body"]

    async def ended(self) -> None:
        """Wait until the app is done with the connection; raise what it raised."""
        assert self.serving is not None
        async with asyncio.timeout(5):
            await asyncio.shield(self.serving)


@asynccontextmanager
async def asgi_socket(
    app: ASGIApp,
    path: str,
    *,
    headers: Sequence[tuple[bytes, bytes]] = (),
    subprotocols: Sequence[str] = (),
    denial: bool = True,
) -> AsyncIterator[AsgiSocket]:
    """Connect to a path, through a server that can answer a handshake with a response, or without `denial` cannot."""
    socket = AsgiSocket()
    socket.to_app.put_nowait({"type": "websocket.connect"})
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "wss",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"api.example.com"), *headers],
        "client": ("192.0.2.1", 1),
        "server": ("api.example.com", 443),
        "subprotocols": list(subprotocols),
        "extensions": {"websocket.http.response": {}} if denial else {},
    }

    async def send(message: Message) -> None:
        socket.from_app.put_nowait(message)

    socket.serving = asyncio.ensure_future(app(scope, socket.to_app.get, send))
    try:
        yield socket
    finally:
        socket.serving.cancel()
        await asyncio.gather(socket.serving, return_exceptions=True)
