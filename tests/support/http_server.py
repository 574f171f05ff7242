"""A server on a real socket in this process, with limits chosen by the test and time moved by hand."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import uvicorn
from starlette.types import Message, Receive, Scope, Send

from auth0_sso.service.drain import Drain
from auth0_sso.service.http_protocol import BoundedHttpProtocol, ConnectionLimits
from auth0_sso.service.http_protocol.connections import ConnectionTable
from auth0_sso.service.http_protocol.load_shedding import LoadShedder
from auth0_sso.service.http_protocol.shedding import ShedResponses
from auth0_sso.testing.clock import HandClock

TIMEOUT = 10.0


class Server(uvicorn.Server):
    """A server that leaves signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(config: uvicorn.Config, listening: socket.socket) -> AsyncIterator[Server]:
    """Serve on a socket until the block ends."""
    server = Server(config)
    task = asyncio.create_task(server.serve([listening]))
    try:
        await until(lambda: server.started or task.done())
        yield server
    finally:
        server.should_exit = server.force_exit = True
        await task


async def until(condition: Callable[[], bool]) -> None:
    """Let the event loop run until the condition is true."""
    async with asyncio.timeout(TIMEOUT):
        while not condition():
            await asyncio.sleep(0)


@dataclass
class Recorder:
    """An application that responds to each request with its path, and records what it received.

    `/slow` waits before it reads, `/late` after that, `/watch` until the client disconnects; `/early` never reads.
    """

    seen: list[tuple[str, str, bytes]] = field(default_factory=list)
    headers: list[list[tuple[bytes, bytes]]] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    disconnected: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        self.begun.append(path)
        try:
            if path.startswith("/slow"):
                await self.go_on.wait()
            if path.startswith("/early"):
                await _respond(send, 413, b"too large")
            else:
                await self._serve(scope, receive, send)
        finally:
            self.ended.append(path)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message: Message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnected.append(scope["path"])
                return
            body += message["body"]
            more = message["more_body"]
        if scope["path"].startswith("/late"):
            await self.go_on.wait()
        if scope["path"].startswith("/watch") and (await receive())["type"] == "http.disconnect":
            self.disconnected.append(scope["path"])
        self.seen.append((scope["method"], scope["path"], body))
        self.headers.append(scope["headers"])
        content = b"x" * int(scope["query_string"] or 0) or str(scope["path"]).encode()
        await _respond(send, 200, content)


async def _respond(send: Send, status: int, content: bytes) -> None:
    headers = [(b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


class Client:
    """A client that sends raw bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        async with asyncio.timeout(TIMEOUT):
            await self.writer.drain()

    async def read_to_end(self) -> bytes:
        """Read until the server closes."""
        async with asyncio.timeout(TIMEOUT):
            return await self._reader.read()

    async def read_response(self) -> bytes:
        """Read one response by its length; return its status line and body."""
        async with asyncio.timeout(TIMEOUT):
            head = await self._reader.readuntil(b"\r\n\r\n")
            (length,) = (line.split(b":")[1] for line in head.lower().split(b"\r\n") if b"content-length" in line)
            return head.split(b"\r\n")[0] + b" " + await self._reader.readexactly(int(length))

    @property
    def address(self) -> tuple[str, int]:
        """The client's own address, as the server sees it."""
        host, port = self.writer.get_extra_info("sockname")
        return host, port


class CountingProtocol(BoundedHttpProtocol):
    """The protocol under test: each test can find it, and it counts received bytes."""

    accepted: ClassVar[list["CountingProtocol"]]
    received = 0
    longest_queue = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows asyncio's BaseTransport in the same way
        super().connection_made(transport)
        self.accepted.append(self)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self.received += len(data)
        self.longest_queue = max(self.longest_queue, len(self.pipeline))


@dataclass
class Site:
    """A running server with its application, clock, clients and the server's ends of their connections."""

    app: Recorder
    clock: HandClock
    server: Server
    port: int
    accepted: list[CountingProtocol]
    drain: Drain
    clients: list[Client] = field(default_factory=list)

    async def connect(self) -> Client:
        """Connect, and wait until the server has accepted the connection."""
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        self.clients.append(client)
        await until(lambda: any(each.client == client.address for each in self.accepted))
        return client

    async def sending(self, data: bytes) -> Client:
        """Connect and send, and wait until the server has read it."""
        client = await self.connect()
        await self.send(client, data)
        return client

    async def send(self, client: Client, data: bytes) -> None:
        """Send, and wait until the server has read it."""
        end = self.of(client)
        expected = end.received + len(data)
        await client.send(data)
        await until(lambda: end.received == expected)

    def of(self, client: Client) -> CountingProtocol:
        """Return the server's end of a connection."""
        return next(each for each in self.accepted if each.client == client.address)

    async def advance(self, seconds: float) -> None:
        """Advance the time, check the timeouts of all connections, and let the event loop run."""
        self.clock.now += seconds
        ConnectionTable.for_loop(asyncio.get_running_loop()).check_timeouts()
        await self.clock.settle()


@asynccontextmanager
async def site(
    clock: HandClock,
    limits: ConnectionLimits | None = None,
    *,
    shedder: LoadShedder | None = None,
    origins: Sequence[str] = (),
    **options: Any,  # noqa: ANN401 - uvicorn's
) -> AsyncIterator[Site]:
    """Run a server until the block ends; `limits` are those of the service unless given."""

    class Protocol(CountingProtocol):
        accepted: ClassVar[list[CountingProtocol]] = []

    Protocol.limits = limits or ConnectionLimits()
    Protocol.clock = staticmethod(clock.monotonic)
    Protocol.drain = Drain()
    Protocol.shedder = shedder
    Protocol.shed_responses = ShedResponses(origins)
    app = Recorder()
    config = uvicorn.Config(
        app, http=Protocol, ws="none", lifespan="off", proxy_headers=False, log_config=None, **options
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        async with serving(config, listening) as server:
            running = Site(app, clock, server, port, Protocol.accepted, Protocol.drain)
            try:
                yield running
            finally:
                app.go_on.set()
                for client in running.clients:
                    client.writer.transport.abort()
                await until(lambda: not server.server_state.connections)
