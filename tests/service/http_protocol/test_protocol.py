import asyncio
import json
import logging
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import uvicorn

from auth0_sso.service.app import create_app
from auth0_sso.service.drain import Drain
from auth0_sso.service.http_protocol import BoundedHttpProtocol
from auth0_sso.service.serve import server_options
from auth0_sso.testing.clock import HandClock
from support.certificates import make_certificate
from support.http_server import Client, Recorder, Site, serving, site, until
from support.service import settings

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HALF_HEAD = b"GET / HTTP/1.1\r\nX-Slow: "
HALF_BODY = b"POST /upload HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf"


async def is_open(running: Site, client: Client) -> bool:
    await running.clock.settle()
    return running.of(client) in running.server.server_state.connections


async def closed_without_response(client: Client) -> bool:
    return await client.read_to_end() == b""


async def test_a_silent_connection_is_closed_after_20_seconds_without_a_response(clock: HandClock) -> None:
    async with site(clock) as running:
        client = await running.connect()
        await running.advance(20)
        assert await is_open(running, client)
        await running.advance(1)
        assert await closed_without_response(client)


@pytest.mark.parametrize("first", [HALF_HEAD, b"G"], ids=["half-a-head", "one-byte"])
async def test_slow_headers_get_408_20_seconds_after_the_connection(clock: HandClock, first: bytes) -> None:
    async with site(clock) as running:
        client = await running.connect()
        await running.advance(10)
        await running.send(client, first)
        await running.advance(10)
        await running.send(client, b"E" if first == b"G" else b"a")
        assert await is_open(running, client)
        await running.advance(1)
        response = await client.read_to_end()
        assert response.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert json.loads(response.partition(b"\r\n\r\n")[2])["code"] == "request_timeout"
        assert running.app.begun == []


async def test_an_idle_connection_is_kept_for_75_seconds(clock: HandClock) -> None:
    async with site(clock, timeout_keep_alive=75) as running:
        client = await running.sending(GET)
        await client.read_response()
        await running.advance(75)
        assert await is_open(running, client)
        await running.advance(1)
        assert await closed_without_response(client)


async def test_the_next_header_timeout_starts_at_the_first_byte(clock: HandClock) -> None:
    async with site(clock, timeout_keep_alive=75) as running:
        client = await running.sending(GET)
        await client.read_response()
        await running.advance(60)
        await running.send(client, HALF_HEAD)
        await running.advance(20)
        await running.send(client, b"b\r\n\r\n")
        assert await client.read_response() == b"HTTP/1.1 200 OK /"
        await running.send(client, HALF_HEAD)
        await running.advance(21)
        assert (await client.read_to_end()).startswith(b"HTTP/1.1 408 ")


async def test_empty_lines_do_not_keep_a_connection_open(clock: HandClock) -> None:
    async with site(clock, timeout_keep_alive=75) as running:
        client = await running.sending(GET)
        await client.read_response()
        for _ in range(3):
            await running.send(client, b"\r\n")
            await running.advance(7)
        assert await closed_without_response(client)


async def test_an_incomplete_body_gets_408_after_30_seconds(clock: HandClock) -> None:
    async with site(clock) as running:
        client = await running.sending(HALF_BODY)
        await running.advance(30)
        await running.send(client, b"+")
        assert running.app.disconnected == []
        await running.advance(1)
        assert (await client.read_to_end()).startswith(b"HTTP/1.1 408 ")
        assert running.app.disconnected == ["/upload"]


@pytest.mark.parametrize(
    ("request_", "seconds"),
    [(HALF_HEAD, 20), (HALF_BODY.replace(b": 10", b": 1000"), 30)],
    ids=["headers", "body"],
)
async def test_one_byte_a_second_does_not_extend_a_timeout(clock: HandClock, request_: bytes, seconds: int) -> None:
    async with site(clock) as running:
        client = await running.sending(request_)
        for _ in range(seconds):
            await running.advance(1)
            await running.send(client, b"x")
        assert await is_open(running, client)
        await running.advance(1)
        assert (await client.read_to_end()).startswith(b"HTTP/1.1 408 ")
        assert running.app.seen == []


async def test_a_client_that_reads_no_small_responses_is_disconnected(clock: HandClock) -> None:
    async with site(clock, timeout_keep_alive=75) as running:
        client = await running.connect()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport reads too
        end = running.of(client)
        sent = 0
        while not end.flow.write_paused:
            await running.send(client, b"GET /?10000 HTTP/1.1\r\n\r\n")
            await running.clock.settle()
            sent += 1
            assert sent < 5000
        await running.advance(61)
        assert not await is_open(running, client)


async def test_an_incomplete_body_after_its_response_only_closes_the_connection(clock: HandClock) -> None:
    async with site(clock) as running:
        client = await running.sending(HALF_BODY.replace(b"/upload", b"/early"))
        assert (await client.read_response()).startswith(b"HTTP/1.1 413 ")  # its phrase depends on Python's version
        await running.advance(31)
        assert await closed_without_response(client)


async def test_the_body_timeout_starts_after_the_headers(clock: HandClock) -> None:
    async with site(clock) as running:
        client = await running.sending(HALF_BODY[:10])
        await running.advance(19)
        await running.send(client, HALF_BODY[10:])
        await running.advance(30)
        await client.send(b"+whole")
        assert await client.read_response() == b"HTTP/1.1 200 OK /upload"


async def test_a_body_after_its_response_leaves_the_connection_idle(clock: HandClock) -> None:
    async with site(clock, timeout_keep_alive=75) as running:
        client = await running.sending(HALF_BODY.replace(b"/upload", b"/early"))
        await client.read_response()
        await running.advance(29)
        await running.send(client, b"+whole")
        await running.advance(75)
        await running.send(client, GET)
        assert await client.read_response() == b"HTTP/1.1 200 OK /"


@pytest.mark.parametrize("path", [b"/slow", b"/late"], ids=["before-it-reads", "after-it-read"])
async def test_the_body_timeout_excludes_waiting_for_an_earlier_response(clock: HandClock, path: bytes) -> None:
    async with site(clock) as running:
        client = await running.sending(b"GET " + path + b" HTTP/1.1\r\n\r\n" + HALF_BODY)
        await running.clock.settle()
        await running.advance(100)
        running.app.go_on.set()
        assert await client.read_response() == b"HTTP/1.1 200 OK " + path
        await running.advance(29)
        await client.send(b"+whole")
        assert await client.read_response() == b"HTTP/1.1 200 OK /upload"


async def test_the_body_timeout_excludes_backpressure_of_the_application(clock: HandClock) -> None:
    async with site(clock) as running:
        head = b"POST /slow HTTP/1.1\r\nContent-Length: 150000\r\n\r\n"
        client = await running.sending(head + b"b" * 100_000)
        await running.advance(100)
        running.app.go_on.set()
        await running.clock.settle()
        await running.advance(29)
        await client.send(b"b" * 50_000)
        assert await client.read_response() == b"HTTP/1.1 200 OK /slow"


async def test_the_body_timeout_starts_after_100_continue(clock: HandClock) -> None:
    expecting = b"POST /slow HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n"
    async with site(clock) as running:
        client = await running.sending(expecting)
        await running.advance(100)
        running.app.go_on.set()
        await running.clock.settle()
        await running.advance(30)
        assert await is_open(running, client)
        await running.advance(1)
        response = await client.read_to_end()
        assert response.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 408 ")


async def test_a_slow_application_has_no_timeout(clock: HandClock) -> None:
    async with site(clock, timeout_keep_alive=75) as running:
        client = await running.sending(b"GET /slow HTTP/1.1\r\n\r\n")
        await running.advance(10_000)
        running.app.go_on.set()
        assert await client.read_response() == b"HTTP/1.1 200 OK /slow"
        await running.advance(74)
        assert await is_open(running, client)


async def test_a_pipelined_request_times_out_only_after_the_first_is_answered(clock: HandClock) -> None:
    async with site(clock) as running:
        client = await running.sending(b"GET /slow HTTP/1.1\r\n\r\n" + HALF_HEAD)
        await running.advance(21)
        await running.advance(1000)
        assert await is_open(running, client)
        running.app.go_on.set()
        assert await client.read_response() == b"HTTP/1.1 200 OK /slow"
        assert (await client.read_to_end()).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("requests", [1, 3], ids=["one-response", "pipelined-responses"])
async def test_a_client_that_reads_no_response_is_disconnected_after_a_minute(
    clock: HandClock, requests: int
) -> None:
    async with site(clock) as running:
        client = await running.connect()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport reads too
        await running.send(client, b"GET /?30000000 HTTP/1.1\r\n\r\n" * requests)
        await until(lambda: running.of(client).flow.write_paused)
        await running.advance(60)
        assert await is_open(running, client)
        await running.advance(1)
        assert not await is_open(running, client)
        assert running.app.ended == running.app.begun == ["/"] * min(requests, 2)  # the third was never begun


async def test_the_write_timeout_ends_when_the_client_reads_again(clock: HandClock) -> None:
    async with site(clock, timeout_keep_alive=75) as running:
        client = await running.connect()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport reads too
        await running.send(client, b"GET /?30000000 HTTP/1.1\r\n\r\n")
        await until(lambda: running.of(client).flow.write_paused)
        await running.advance(60)
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]  # the same
        assert len(await client.read_response()) == len("HTTP/1.1 200 OK ") + 30_000_000
        await running.advance(14)
        assert await is_open(running, client)


async def test_a_closing_connection_is_aborted_after_a_minute_of_unread_data(clock: HandClock) -> None:
    async with site(clock) as running:
        client = await running.connect()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport reads too
        await running.send(client, b"GET /?30000000 HTTP/1.1\r\nConnection: close\r\n\r\n")
        await until(running.of(client).transport.is_closing)
        await running.advance(1)
        await running.advance(60)
        assert await is_open(running, client)
        await running.advance(1)
        assert not await is_open(running, client)


async def test_empty_lines_do_not_end_a_request_in_progress(clock: HandClock) -> None:
    async with site(clock) as running:
        client = await running.sending(b"GET /slow HTTP/1.1\r\n\r\n")
        await running.send(client, b"\r\n")
        await running.advance(21)
        running.app.go_on.set()
        assert await client.read_response() == b"HTTP/1.1 200 OK /slow"


async def test_a_refused_client_is_disconnected_after_5_seconds(clock: HandClock) -> None:
    async with site(clock) as running:
        client = await running.sending(b"GARBAGE\r\n\r\n")
        assert (await client.read_response()).startswith(b"HTTP/1.1 400 ")
        await running.advance(5)
        await running.send(client, b"more garbage")
        assert await is_open(running, client)
        await running.advance(1)
        assert not await is_open(running, client)


STARTS_OF_DRAINING = pytest.mark.parametrize("start", [Drain.start_shutdown, Drain.start_replacement])


@STARTS_OF_DRAINING
async def test_each_response_closes_its_connection_during_draining(
    clock: HandClock, start: Callable[[Drain], None]
) -> None:
    async with site(clock) as running:
        client = await running.sending(GET)
        assert await client.read_response() == b"HTTP/1.1 200 OK /"
        start(running.drain)
        assert await is_open(running, client)  # closing an idle connection could lose a request on its way
        await running.send(client, GET)
        response = await client.read_to_end()
    assert response.endswith(b"/")
    assert response.count(b"connection: close\r\n") == 1


@STARTS_OF_DRAINING
async def test_a_request_in_progress_when_draining_starts_closes_its_connection(
    clock: HandClock, start: Callable[[Drain], None]
) -> None:
    async with site(clock) as running:
        client = await running.sending(b"GET /slow HTTP/1.1\r\n\r\n")
        start(running.drain)
        await running.advance(1)
        running.app.go_on.set()
        response = await client.read_to_end()
    assert response.endswith(b"/slow")
    assert b"connection: close\r\n" in response


async def test_a_response_that_has_started_keeps_its_connection_open(clock: HandClock) -> None:
    async with site(clock, timeout_keep_alive=75) as running:
        client = await running.connect()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport reads too
        await running.send(client, b"GET /?30000000 HTTP/1.1\r\n\r\n")
        await until(lambda: running.of(client).flow.write_paused)
        running.drain.start_shutdown()
        await running.advance(1)
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]  # the same
        assert len(await client.read_response()) == len("HTTP/1.1 200 OK ") + 30_000_000
        assert await is_open(running, client)


async def test_the_connection_idle_longest_is_closed_for_a_new_one(
    clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with site(clock, limit_concurrency=3) as running:
        busy = await running.sending(b"GET /slow HTTP/1.1\r\n\r\n")
        first, second = await running.connect(), await running.connect()
        await running.send(first, GET)  # served later than the second, which has asked nothing
        await first.read_response()
        for _ in range(2):
            newcomer = await running.sending(GET)
            assert await newcomer.read_response() == b"HTTP/1.1 200 OK /"
        assert await closed_without_response(second)
        assert await closed_without_response(first)
        assert len(running.server.server_state.connections) == 3
        running.app.go_on.set()
        assert await busy.read_response() == b"HTTP/1.1 200 OK /slow"
    assert caplog.text.count("3 connections are open") == 1


async def test_a_new_connection_gets_503_when_all_are_in_use(clock: HandClock) -> None:
    async with site(clock, limit_concurrency=2) as running:
        busy = [await running.sending(b"GET /slow HTTP/1.1\r\n\r\n") for _ in range(2)]
        for _ in range(3):  # those refused do not pile up
            refused = await running.sending(GET)
            head, _, body = (await refused.read_to_end()).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
            assert b"retry-after: 5" in head
            assert json.loads(body) | {"detail": ""} == {
                "type": "about:blank",
                "title": "Service unavailable",
                "status": 503,
                "code": "too_many_connections",
                "detail": "",
                "retryAfter": 5,
            }
            assert len(running.server.server_state.connections) <= 3
        running.app.go_on.set()
        for client in busy:
            assert await client.read_response() == b"HTTP/1.1 200 OK /slow"
        assert running.app.begun == ["/slow", "/slow"]


async def test_two_servers_in_one_process_share_its_connections(clock: HandClock) -> None:
    async with site(clock, limit_concurrency=2) as one, site(clock, limit_concurrency=2) as other:
        idle = [await one.connect(), await one.connect()]
        newcomer = await other.sending(GET)
        assert await newcomer.read_response() == b"HTTP/1.1 200 OK /"
        assert await closed_without_response(idle[0])
        assert await is_open(one, idle[1])


async def test_running_out_of_file_descriptors_is_logged_in_one_line(
    caplog: pytest.LogCaptureFixture, clock: HandClock
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(None)  # pytest's
    async with site(clock) as running:
        await running.connect()
        for _ in range(1000):  # as asyncio does, for each place in the backlog
            loop.call_exception_handler(
                {"message": "socket.accept() out of system resource", "exception": OSError(24, "Too many open files")}
            )
        loop.call_exception_handler({"message": "something else"})
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert warnings == [
        "cannot accept connections: Too many open files; raise the limit of open files (1 times)",
        "something else",
    ]


def made_by_uvicorn(config: uvicorn.Config) -> socket.socket:
    return config.bind_socket()


def made_by_python(_: uvicorn.Config) -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


@pytest.mark.parametrize("made", [made_by_uvicorn, made_by_python], ids=["serve-with-workers", "dev"])
async def test_responses_are_sent_with_tcp_nodelay(
    made: Callable[[uvicorn.Config], socket.socket],
) -> None:
    chosen = settings()
    config = uvicorn.Config(create_app(chosen), **server_options(chosen) | {"lifespan": "off"}, port=0)
    with made(config) as listening:
        async with serving(config, listening) as server:
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            await until(lambda: bool(server.server_state.connections))
            (connection,) = server.server_state.connections
            accepted = connection.transport.get_extra_info("socket")
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
            writer.transport.abort()
            await until(lambda: not server.server_state.connections)
            assert reader.at_eof()


def on_any_socket() -> uvicorn.Config:
    return uvicorn.Config(
        Recorder(), http=BoundedHttpProtocol, ws="none", lifespan="off", proxy_headers=False, log_config=None
    )


async def test_a_unix_socket_is_served_and_its_clients_have_no_address(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    path = str(tmp_path / "http")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        async with serving(on_any_socket(), listening):
            client = Client(*await asyncio.open_unix_connection(path))
            await client.send(GET + b"GARBAGE\r\n\r\n")
            assert await client.read_response() == b"HTTP/1.1 200 OK /"
            assert (await client.read_to_end()).startswith(b"HTTP/1.1 400 ")
            client.writer.close()
    assert "refused 400 malformed_http client=-" in caplog.text


async def test_over_tls_a_refused_client_is_disconnected_at_once(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    config = on_any_socket()
    config.ssl_certfile, config.ssl_keyfile = certificate.certificate, certificate.key
    trusting = ssl.create_default_context(cafile=certificate.certificate)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        async with serving(config, listening):
            client = Client(*await asyncio.open_connection(*listening.getsockname(), ssl=trusting))
            await client.send(b"GARBAGE\r\n\r\n")
            assert (await client.read_to_end()).startswith(b"HTTP/1.1 400 ")
            client.writer.close()
