"""GET /metrics at a port of its own (METRICS_PORT): a small HTTP/1.1 server for scrapers.

It runs in the supervisor too, where there is no app. Its time, its connections and what it reads are limited, so that
no client of it can hold up the process.
"""

import asyncio
import logging
import re
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from http import HTTPStatus
from typing import Final

from auth0_sso.errors import ConfigurationError
from auth0_sso.service.listening_sockets import bind_sockets

_log = logging.getLogger(__name__)

_MAX_HEAD_BYTES: Final = 8 * 1024
_MAX_SECONDS: Final = 10.0
"""For a whole connection, of which each has one request."""
_MAX_CONNECTIONS: Final = 16
_LINGER_SECONDS: Final = 1.0
_REQUEST_LINE: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) (/\S{0,1000}) HTTP/1\.[01]\r?\n")


class MetricsListener:
    """Answers scrapes."""

    def __init__(self, exposition: Callable[[], bytes], content_type: str) -> None:
        """Take what returns the metrics as text, and its type."""
        self._exposition = exposition
        self._content_type = content_type
        self._open: dict[asyncio.StreamWriter, None] = {}

    @asynccontextmanager
    async def serving(self, sockets: Sequence[socket.socket]) -> AsyncIterator[None]:
        """Serve at these sockets while the block runs; they are closed at its end."""
        async with AsyncExitStack() as stack:
            for listening in sockets:
                server = await asyncio.start_server(
                    self._serve, sock=listening, limit=_MAX_HEAD_BYTES, backlog=_MAX_CONNECTIONS
                )
                stack.callback(server.close)
                host, port, *_ = listening.getsockname()
                _log.info("metrics at http://%s:%d/metrics", f"[{host}]" if ":" in host else host, port)
            yield
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= _MAX_CONNECTIONS:
            next(iter(self._open)).transport.abort()  # the oldest: idle ones do not keep a scraper out
        self._open[writer] = None
        try:
            async with asyncio.timeout(_MAX_SECONDS):
                writer.write(await self._response(reader))
                await writer.drain()
                writer.write_eof()
                await _discard(reader)
                writer.close()
                await writer.wait_closed()
        except (TimeoutError, OSError, EOFError):
            writer.transport.abort()
        finally:
            self._open.pop(writer, None)

    async def _response(self, reader: asyncio.StreamReader) -> bytes:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return _answer(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        request = _REQUEST_LINE.match(head)
        if request is None:
            return _answer(HTTPStatus.BAD_REQUEST)
        method, target = request.groups()
        if target.partition(b"?")[0] != b"/metrics":
            return _answer(HTTPStatus.NOT_FOUND)
        if method not in (b"GET", b"HEAD"):
            return _answer(HTTPStatus.METHOD_NOT_ALLOWED, headers=("Allow: GET, HEAD",))
        response = _answer(HTTPStatus.OK, self._exposition(), self._content_type)
        return response if method == b"GET" else response.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


async def _discard(reader: asyncio.StreamReader) -> None:
    """Read the rest of a request that was too long: closing with it unread would take the answer away (RST)."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_SECONDS):
            while await reader.read(_MAX_HEAD_BYTES):
                pass


def bind_metrics(host: str, port: int) -> list[socket.socket]:
    """Return a socket at each address of `host`; raise `ConfigurationError` if the port cannot be used."""
    try:
        return bind_sockets(host, port)[0]
    except OSError as error:
        words = f"METRICS_PORT: cannot listen on {host} port {port}: {error.strerror}."
        raise ConfigurationError((words,)) from None


def _answer(
    status: HTTPStatus, body: bytes | None = None, content_type: str = "text/plain", headers: Sequence[str] = ()
) -> bytes:
    if body is None:
        body = f"{status.value} {status.phrase}\n".encode()
    lines = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    )
    return "\r\n".join((*lines, "", "")).encode() + body
