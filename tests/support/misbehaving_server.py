"""Peers that misbehave on a real socket, below what any ASGI app can do."""

import asyncio
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import httpx

Conduct = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""What a peer does once it has read a request's head."""

_CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


async def drip(writer: asyncio.StreamWriter) -> None:
    """Send a byte every few milliseconds for ever: each read succeeds, the whole never ends."""
    writer.write(_CHUNKED)
    while True:
        writer.write(b"1\r\n \r\n")
        await writer.drain()
        await asyncio.sleep(0.005)  # the peer's pace: a drip is nothing but time


async def endless(writer: asyncio.StreamWriter) -> None:
    """Send spaces as fast as they are taken, for ever."""
    writer.write(_CHUNKED)
    while True:
        writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        await writer.drain()


async def reset(writer: asyncio.StreamWriter) -> None:
    """Break off in the middle of an answer, by a reset instead of an orderly end."""
    writer.write(_CHUNKED)
    await writer.drain()
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hang(_: asyncio.StreamWriter) -> None:
    """Say nothing, for ever."""
    await asyncio.Event().wait()


def saying(answer: bytes) -> Conduct:
    """Send these bytes and close."""

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return say


truncated = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
garbage = saying(b"\x16\x03\x01 this is not HTTP\r\n\r\n")


def gzip_bomb(status: str = "200 OK", *, megabytes: int = 20) -> Conduct:
    """Send a small body that inflates to a large one."""
    body = gzip.compress(b" " * (megabytes * 1024 * 1024))
    head = f"HTTP/1.1 {status}\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    return saying(head.encode() + body)


def wire_client(timeout: float = 5) -> httpx.AsyncClient:
    """Return a client for this machine's sockets, whatever proxy the environment names."""
    return httpx.AsyncClient(timeout=timeout, trust_env=False)


@asynccontextmanager
async def peer(
    conduct: Conduct, *, tls: ssl.SSLContext | None = None, head: bytes = b"\r\n\r\n"
) -> AsyncIterator[str]:
    """Run a peer on 127.0.0.1 until the block ends; gives its address with a trailing slash.

    It speaks TLS where it has a context, and says nothing before it has read `head`.
    """
    conversations: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            # A client that gives up closes its end at any point.
            with suppress(OSError, asyncio.IncompleteReadError):
                if head:
                    await reader.readuntil(head)
                await conduct(writer)
        except asyncio.CancelledError:
            writer.transport.abort()  # unread data would keep the connection open
            raise
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversations.add(asyncio.create_task(converse(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    scheme = "http" if tls is None else "https"
    try:
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for conversation in conversations:
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)
        await server.wait_closed()


@contextmanager
def refusing_port() -> Iterator[str]:
    """Hold a port on which nothing listens; gives its address with a trailing slash."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}/"
