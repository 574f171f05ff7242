"""What a client gets whose request is shed."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from auth0_sso.service.http_protocol.load_shedding import LoadShedder
from auth0_sso.testing.clock import HandClock
from support.http_server import Site, site

GET = b"GET /data HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /data HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
ORIGIN = "https://app.example.com"


@asynccontextmanager
async def busy_site(clock: HandClock) -> AsyncIterator[Site]:
    """Run a server that serves one request at a time, and that one is in progress."""
    async with site(clock, shedder=LoadShedder(1, exempt=[b"/healthz"]), origins=[ORIGIN]) as running:
        await running.sending(b"GET /slow HTTP/1.1\r\n\r\n")
        yield running


async def test_a_shed_request_gets_503_and_its_connection_stays_open(clock: HandClock) -> None:
    async with busy_site(clock) as running:
        client = await running.connect()
        for _ in range(3):
            await client.send(GET)
            response = await client.read_response()
            assert response.startswith(b"HTTP/1.1 503 Service Unavailable {")
            assert json.loads(response.partition(b"{")[1] + response.partition(b"{")[2]) == {
                "type": "about:blank",
                "title": "Service unavailable",
                "status": 503,
                "code": "overloaded",
                "detail": "This process has too many requests. Wait as long as Retry-After says, then try again.",
                "retryAfter": 2,
            }
        running.app.go_on.set()
        await running.clock.settle()
        await client.send(GET)
        assert await client.read_response() == b"HTTP/1.1 200 OK /data"
        assert running.app.begun == ["/slow", "/data"]


async def _head_of_response(running: Site, request: bytes) -> bytes:
    client = await running.sending(request)
    await running.clock.settle()
    client.writer.write_eof()
    return (await client.read_to_end()).partition(b"\r\n\r\n")[0]


async def test_a_shed_response_says_when_to_try_again(clock: HandClock) -> None:
    async with busy_site(clock) as running:
        head = await _head_of_response(running, GET)
        assert b"\r\nretry-after: 2" in head
        assert b"\r\ndate: " in head
        assert b"connection: close" not in head


@pytest.mark.parametrize(
    ("origin", "allowed"), [(ORIGIN, True), ("https://evil.example", False), (None, False)], ids=str
)
async def test_scripts_of_allowed_origins_can_read_it(clock: HandClock, origin: str | None, allowed: bool) -> None:
    line = b"" if origin is None else f"Origin: {origin}\r\n".encode()
    async with busy_site(clock) as running:
        head = await _head_of_response(running, b"GET / HTTP/1.1\r\n" + line + b"\r\n")
        assert (f"access-control-allow-origin: {ORIGIN}".encode() in head) is allowed
        assert b"access-control-allow-origin: https://evil" not in head
        assert b"\r\nVary: Origin".lower() in head.lower()


async def test_a_shed_request_with_a_body_closes_its_connection(clock: HandClock) -> None:
    async with busy_site(clock) as running:
        client = await running.sending(POST + b"GET /x HTT")
        response = await client.read_to_end()
        assert response.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nconnection: close\r\n" in response
        assert response.count(b"HTTP/1.1 ") == 1
        assert running.app.begun == ["/slow"]


@pytest.mark.parametrize(
    "request_", [b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"], ids=["1.0", "close"]
)
async def test_a_connection_that_would_be_closed_is_closed(clock: HandClock, request_: bytes) -> None:
    async with busy_site(clock) as running:
        client = await running.sending(request_)
        assert b'"code":"overloaded"' in await client.read_to_end()


async def test_a_shed_connection_is_closed_during_draining(clock: HandClock) -> None:
    async with busy_site(clock) as running:
        client = await running.connect()
        running.drain.start_shutdown()
        await client.send(GET)
        assert b"connection: close" in await client.read_to_end()


async def test_the_response_to_a_shed_head_request_has_no_body(clock: HandClock) -> None:
    async with busy_site(clock) as running:
        client = await running.sending(b"HEAD / HTTP/1.1\r\n\r\n" + GET)
        await running.clock.settle()
        client.writer.write_eof()
        response = await client.read_to_end()
        assert response.count(b"HTTP/1.1 503 ") == 2
        assert response.count(b"overloaded") == 1


async def test_thirty_pipelined_requests_are_shed_in_order(clock: HandClock) -> None:
    async with busy_site(clock) as running:
        client = await running.sending(GET * 30)
        for _ in range(30):
            assert (await client.read_response()).startswith(b"HTTP/1.1 503 ")
        assert running.app.begun == ["/slow"]


async def test_a_request_behind_one_in_progress_is_not_shed(clock: HandClock) -> None:
    async with busy_site(clock) as running:
        client = running.clients[0]
        await running.send(client, GET)
        running.app.go_on.set()
        assert await client.read_response() == b"HTTP/1.1 200 OK /slow"
        assert await client.read_response() == b"HTTP/1.1 200 OK /data"


async def test_a_probe_is_served_although_the_limit_is_reached(clock: HandClock) -> None:
    async with busy_site(clock) as running:
        client = await running.sending(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert await client.read_response() == b"HTTP/1.1 200 OK /healthz"


async def test_a_client_that_reads_no_shed_responses_stops_being_read(clock: HandClock) -> None:
    async with busy_site(clock) as running:
        client = await running.connect()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport reads too
        end = running.of(client)
        for _ in range(2000):
            client.writer.write(GET * 100)
            await running.clock.settle()
            if end.flow.write_paused:
                break
        assert end.flow.write_paused
        written = end.transport.get_write_buffer_size()
        client.writer.write(GET * 10_000)
        await running.clock.settle()
        assert end.transport.get_write_buffer_size() <= written + 2000
        await running.advance(61)
        assert end.transport.is_closing()
