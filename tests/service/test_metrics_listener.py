"""The listener of METRICS_PORT, asked over real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress

import pytest

from auth0_sso.errors import ConfigurationError
from auth0_sso.service.metrics_listener import MetricsListener, bind_metrics
from support.process import free_port

BODY = b"# HELP up Up.\n" * 10


@asynccontextmanager
async def listening(body: bytes = BODY) -> AsyncIterator[int]:
    """Serve a body at a free port."""
    port = free_port()
    async with MetricsListener(lambda: body, "text/plain; version=0.0.4").serving(bind_metrics("127.0.0.1", port)):
        yield port


@asynccontextmanager
async def connection(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def answer(port: int, request: bytes) -> bytes:
    async with connection(port) as (reader, writer):
        writer.write(request)
        return await reader.read()


async def test_a_scrape_gets_the_metrics_and_a_closed_connection() -> None:
    async with listening() as port:
        head, _, body = (await answer(port, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")).partition(b"\r\n\r\n")
    assert body == BODY
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 200 OK",
        b"Content-Type: text/plain; version=0.0.4",
        b"Content-Length: 140",
        b"Connection: close",
    ]


async def test_a_query_is_ignored_and_head_has_no_body() -> None:
    async with listening() as port:
        assert (await answer(port, b"GET /metrics?name=a HTTP/1.0\r\n\r\n")).endswith(BODY)
        head = await answer(port, b"HEAD /metrics HTTP/1.1\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert head.endswith(b"Connection: close\r\n\r\n")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", 404, id="other-path"),
        pytest.param(b"GET /metrics/ HTTP/1.1\r\n\r\n", 404, id="slash"),
        pytest.param(b"POST /metrics HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 405, id="post"),
        pytest.param(b"GET  /metrics HTTP/1.1\r\n\r\n", 400, id="two-spaces"),
        pytest.param(b"GET http://a/metrics HTTP/1.1\r\n\r\n", 400, id="absolute-form"),
        pytest.param(b"GET /metrics\r\n\r\n", 400, id="http-0.9"),
        pytest.param(b"GET /metrics HTTP/2.0\r\n\r\n", 400, id="http-2"),
        pytest.param(b"\x16\x03\x01\x02\x00\r\n\r\n", 400, id="tls"),
        pytest.param(b"\r\n\r\n", 400, id="empty-lines"),
        pytest.param(b"GET /" + b"x" * 2000 + b" HTTP/1.1\r\n\r\n", 400, id="long-target"),
        pytest.param(b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431, id="long-head"),
        pytest.param(b"x" * 100_000, 431, id="endless-line"),
    ],
)
async def test_bad_input_gets_a_plain_4xx(request_bytes: bytes, status: int) -> None:
    async with listening() as port:
        received = await answer(port, request_bytes)
        assert received.startswith(b"HTTP/1.1 %d " % status)
        assert b"Content-Type: text/plain\r\n" in received
        assert b"# HELP" not in received
        assert (await answer(port, b"GET /metrics HTTP/1.1\r\n\r\n")).endswith(BODY)


async def test_a_connection_that_ends_before_its_request_is_closed_without_an_answer() -> None:
    async with listening() as port, connection(port) as (reader, writer):
        writer.write(b"GET /metrics HT")
        writer.write_eof()
        assert await reader.read() == b""


async def test_idle_connections_do_not_keep_a_scraper_out() -> None:
    async with listening() as port, AsyncExitStack() as stack:
        idle = [await stack.enter_async_context(connection(port)) for _ in range(100)]
        for _ in range(20):
            assert (await answer(port, b"GET /metrics HTTP/1.1\r\n\r\n")).endswith(BODY)
        assert await idle[0][0].read() == b""  # the oldest is closed


async def test_a_scraper_that_does_not_read_holds_up_no_other() -> None:
    async with listening(b"x" * 20_000_000) as port, AsyncExitStack() as stack:
        for _ in range(5):
            _, writer = await stack.enter_async_context(connection(port))
            writer.write(b"GET /metrics HTTP/1.1\r\n\r\n")
        assert len(await answer(port, b"GET /metrics HTTP/1.1\r\n\r\n")) > 20_000_000


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_port_in_use_names_the_setting() -> None:
    with taken_port() as port, pytest.raises(ConfigurationError) as raised:
        bind_metrics("127.0.0.1", port)
    (problem,) = raised.value.problems
    assert problem == f"METRICS_PORT: cannot listen on 127.0.0.1 port {port}: Address already in use."
