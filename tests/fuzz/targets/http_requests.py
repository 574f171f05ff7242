"""Bytes on a connection, with h11 as the second opinion on where one request ends and the next begins.

The first byte of an input is the size of the pieces in which the rest is received a second time.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from functools import cache

import h11
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from auth0_sso.service.http_protocol import BoundedHttpProtocol

_REQUESTS = (
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\nGET /d HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.0\r\n\r\n",
    b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: r\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
    b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET /a HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\nxGET /b HTTP/1.1\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
    b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b#c?d HTTP/1.1\r\nHost: x\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
)
SEEDS = tuple(size + request for request in _REQUESTS for size in (b"\x01", b"\x07"))
_Request = tuple[bytes, bytes, bytes]
_QUIET_ITERATIONS = 5


class _Transport(asyncio.Transport):
    """Keeps what is written; nothing is sent anywhere."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 1), "sockname": ("192.0.2.2", 80)})
        self.written = b""
        self.closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.closing = True

    abort = close

    def is_closing(self) -> bool:
        return self.closing

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        """Nothing is read."""

    resume_reading = pause_reading


@dataclass
class _Recorder:
    """An application that notes each whole request, and answers it with its target."""

    served: list[_Request] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message["body"], message["more_body"]
        query: bytes = scope["query_string"]
        target = scope["raw_path"] + (b"?" + query if query else b"")
        self.served.append((scope["method"].encode(), target, body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


@cache
def _runner() -> asyncio.Runner:
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    return asyncio.Runner()


@cache
def _config() -> uvicorn.Config:
    config = uvicorn.Config(_Recorder(), log_config=None, date_header=False, server_header=False, access_log=False)
    config.load()
    return config


def check(data: bytes) -> None:
    """The same bytes are the same requests in any pieces, and h11 reads the same requests in them."""
    size, received = (data[0] or 1) if data else 1, data[1:]
    whole, answer = _runner().run(_serve([received]))
    pieces = [received[start : start + size] for start in range(0, len(received), size)]
    assert _runner().run(_serve(pieces)) == (whole, answer)
    for ours, theirs in zip(whole, _h11_requests(received), strict=False):
        assert (ours[0], ours[1].partition(b"?")[0], ours[2]) == (theirs[0], theirs[1].partition(b"?")[0], theirs[2])


async def _serve(pieces: list[bytes]) -> tuple[list[_Request], bytes]:
    """Return the requests that the application got, and what was answered."""
    app, transport, state = _Recorder(), _Transport(), ServerState()
    config = _config()
    config.loaded_app = app
    protocol = BoundedHttpProtocol(config, state, {}, asyncio.get_running_loop())
    protocol.connection_made(transport)
    for piece in pieces:
        if not transport.closing:
            protocol.data_received(piece)
            await _settle(app, transport)
    protocol.connection_lost(None)
    await _settle(app, transport)
    assert not state.tasks, "a request goes on after its connection is gone"
    return app.served, transport.written


async def _settle(app: _Recorder, transport: _Transport) -> None:
    """Let the event loop run until several of its iterations changed nothing."""
    quiet = 0
    while quiet < _QUIET_ITERATIONS:
        before = len(app.served), len(transport.written)
        await asyncio.sleep(0)
        quiet = quiet + 1 if before == (len(app.served), len(transport.written)) else 0


def _h11_requests(data: bytes) -> list[_Request]:
    """Return the requests that h11 reads until it finds an error or an end."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    connection.receive_data(data)
    requests: list[_Request] = []
    head: h11.Request | None = None
    body = b""
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            return requests
        if isinstance(event, h11.Request):
            head, body = event, b""
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            requests.append((head.method, head.target, body))
            if not _next_cycle(connection):
                return requests
        else:
            return requests


def _next_cycle(connection: h11.Connection) -> bool:
    """Answer, and return whether another request may follow."""
    try:
        connection.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
        connection.send(h11.EndOfMessage())
        connection.start_next_cycle()
    except h11.LocalProtocolError:
        return False
    return True
