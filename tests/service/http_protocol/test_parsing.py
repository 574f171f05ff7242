import asyncio
import json
import re

import pytest

from auth0_sso.service.http_protocol import ConnectionLimits
from auth0_sso.testing.clock import HandClock
from support.http_server import CountingProtocol, site, until

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
GET = HEAD + b"\r\n"
SMALL = ConnectionLimits(max_head_bytes=2048, max_headers=20)
CHUNKED = b"POST /upload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


def statuses(responses: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+)", responses)]


def bytes_kept(end: CountingProtocol) -> int:
    return len(getattr(end, "url", b"")) + sum(len(name) + len(value) for name, value in end.headers)


ENDLESS_HEADS = {
    "url": (b"GET /", b"a"),
    "empty-lines": (b"", b"\r\n"),
    "header-value": (HEAD + b"X-Big: ", b"a"),
    "header-name": (HEAD, b"a"),
    "header-lines": (HEAD, b"a:b\r\n"),
    "empty-header-lines": (HEAD, b"a:\r\n"),
    "second-head": (GET + HEAD + b"X-Big: ", b"a"),
}


@pytest.mark.parametrize("head", ENDLESS_HEADS.values(), ids=ENDLESS_HEADS.keys())
async def test_endless_headers_get_431_and_stay_within_the_memory_limit(
    clock: HandClock, head: tuple[bytes, bytes]
) -> None:
    start, more = head
    async with site(clock) as running:
        client = await running.connect()
        client.writer.write(start + more * (1_000_000 // len(more)))
        responses = await client.read_to_end()
        assert statuses(responses)[-1] == 431
        assert bytes_kept(running.of(client)) <= 64 * 1024
        assert len(running.of(client).headers) <= 256 + 16 * 1024 / 4  # what one piece holds
        assert running.app.begun == ["/"] * start.count(GET)


async def test_the_error_response_is_a_problem_and_closes_the_connection(clock: HandClock) -> None:
    async with site(clock, SMALL) as running:
        client = await running.sending(b"GET /" + b"a" * 2050)
        head, _, body = (await client.read_to_end()).partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    assert b"content-length: %d" % len(body) in head
    assert json.loads(body)["code"] == "head_too_large"
    assert re.search(rb"date: \w{3}, \d\d \w{3} \d{4}", head)


@pytest.mark.parametrize(("size", "status"), [(2048, 200), (2049, 431)], ids=["the-limit", "a-byte-more"])
async def test_headers_may_have_exactly_the_maximum_size(clock: HandClock, size: int, status: int) -> None:
    head = b"GET / HTTP/1.1\r\nConnection: close\r\nX-Big: "
    async with site(clock, SMALL) as running:
        client = await running.sending(head + b"a" * (size - len(head) - 4) + b"\r\n\r\n")
        assert statuses(await client.read_to_end()) == [status]


@pytest.mark.parametrize(("count", "status"), [(20, 200), (21, 431)], ids=["the-limit", "one-more"])
async def test_too_many_headers_never_reach_the_application(clock: HandClock, count: int, status: int) -> None:
    head = b"GET / HTTP/1.1\r\nConnection: close\r\n" + b"a:b\r\n" * (count - 1)
    async with site(clock, SMALL) as running:
        client = await running.sending(head + b"\r\n")
        assert statuses(await client.read_to_end()) == [status]
        assert running.app.begun == (["/"] if status == 200 else [])


async def test_a_token_of_16_kib_passes(clock: HandClock) -> None:
    async with site(clock) as running:
        client = await running.sending(HEAD + b"Authorization: Bearer " + b"t" * 16 * 1024 + b"\r\n\r\n")
        assert (await client.read_response()).startswith(b"HTTP/1.1 200")


UNFRAMED = {
    "chunk-extension": b"1;x=" + b"a" * 5000,
    "trailer": b"0\r\nX-Big: " + b"a" * 5000,
    "trailers": b"0\r\n" + b"a:b\r\n" * 1000,
}


@pytest.mark.parametrize("framing", UNFRAMED.values(), ids=UNFRAMED.keys())
async def test_chunk_framing_and_trailers_have_the_limit_of_headers(clock: HandClock, framing: bytes) -> None:
    async with site(clock, SMALL) as running:
        client = await running.sending(CHUNKED + framing)
        assert statuses(await client.read_to_end()) == [431]
        assert bytes_kept(running.of(client)) <= 2048
        await until(lambda: running.app.disconnected == ["/upload"])
        assert running.app.seen == []


async def test_trailers_do_not_become_headers(clock: HandClock) -> None:
    async with site(clock) as running:
        client = await running.sending(CHUNKED + b"1\r\na\r\n0\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n")
        assert await client.read_response() == b"HTTP/1.1 200 OK /upload"
        assert running.app.headers == [[(b"transfer-encoding", b"chunked")]]


async def test_chunks_of_one_byte_do_not_count_as_headers(clock: HandClock) -> None:
    async with site(clock, SMALL) as running:
        client = await running.sending(CHUNKED + b"1\r\na\r\n" * 5000 + b"0\r\n\r\n")
        assert await client.read_response() == b"HTTP/1.1 200 OK /upload"
        assert running.app.seen == [("POST", "/upload", b"a" * 5000)]


STREAM = (
    b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
    b"\r\nPOST /2 HTTP/1.1\r\nContent-Length: 9\r\n\r\n\r\n\r\nhello"
    b"POST /3 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nA: b\r\n\r\n"
    b"GET http://host/4?1 HTTP/1.1\r\nX-Long: " + b"a" * 700 + b"\r\n\r\n"
    b"POST /5 HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 27\r\n\r\n"
    b"GET /smuggled HTTP/1.1\r\n\r\nx"
    b"GET /6 HTTP/1.1\r\nConnection: close\r\n\r\n"
)
REQUESTS = [
    ("GET", "/1", b""),
    ("POST", "/2", b"\r\n\r\nhello"),
    ("POST", "/3", b"abc"),
    ("GET", "/4", b""),
    ("POST", "/5", b"GET /smuggled HTTP/1.1\r\n\r\nx"),
    ("GET", "/6", b""),
]


@pytest.mark.parametrize("size", [1, 3, 41, 299, 10_000])
async def test_requests_are_the_same_in_any_fragmentation(clock: HandClock, size: int) -> None:
    async with site(clock) as running:
        client = await running.connect()
        for start in range(0, len(STREAM), size):
            client.writer.write(STREAM[start : start + size])
            await until(lambda: not client.writer.transport.get_write_buffer_size())
            await asyncio.sleep(0)
        responses = await client.read_to_end()
        assert running.app.seen == REQUESTS
    assert re.findall(rb"\n(/\d|x)(?=HTTP|$)", responses) == [b"/1", b"/2", b"/3", b"x", b"/5", b"/6"]


async def test_nothing_is_served_after_connection_close(clock: HandClock) -> None:
    async with site(clock) as running:
        client = await running.sending(b"GET /slow HTTP/1.1\r\nConnection: close\r\n\r\n" + GET * 10_000)
        running.app.go_on.set()
        assert await client.read_response() == b"HTTP/1.1 200 OK /slow"
        assert running.app.begun == ["/slow"]


async def test_thousands_of_pipelined_requests_are_answered_and_few_are_queued(clock: HandClock) -> None:
    paths = [f"/{number}" for number in range(3000)]
    async with site(clock) as running:
        client = await running.connect()
        client.writer.write("".join(f"GET {path} HTTP/1.1\r\n\r\n" for path in paths).encode())
        assert [await client.read_response() for _ in paths] == [f"HTTP/1.1 200 OK {path}".encode() for path in paths]
        assert 0 < running.of(client).longest_queue < 32


@pytest.mark.parametrize("path", [b"/slow", b"/late"], ids=["before-it-reads", "after-it-read"])
async def test_reading_pauses_while_requests_wait_for_the_application(clock: HandClock, path: bytes) -> None:
    async with site(clock) as running:
        client = await running.connect()
        client.writer.write(b"GET " + path + b" HTTP/1.1\r\n\r\n" + GET * 500_000)
        end = running.of(client)
        await until(lambda: end.received > 0)
        received = end.received
        await clock.settle()
        assert end.received == received
        assert running.app.begun == [path.decode()]
        running.app.go_on.set()
        assert await client.read_response() == b"HTTP/1.1 200 OK " + path
        assert await client.read_response() == b"HTTP/1.1 200 OK /"


async def test_the_body_of_a_queued_request_arrives_complete(clock: HandClock) -> None:
    post = b"POST /upload HTTP/1.1\r\nContent-Length: 5000\r\n\r\n" + b"b" * 5000
    async with site(clock) as running:
        client = await running.sending(b"GET /slow HTTP/1.1\r\n\r\n" + post + post + GET)
        running.app.go_on.set()
        assert [(await client.read_response())[-7:] for _ in range(4)] == [
            b"K /slow",
            b"/upload",
            b"/upload",
            b"00 OK /",
        ]
        assert [len(body) for _, _, body in running.app.seen] == [0, 5000, 5000, 0]


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (b"GARBAGE\r\n\r\n", 400),
        (HEAD + b"a" * 5000, 431),
        (CHUNKED + b"zz", 400),
        (CHUNKED + b"1;" + b"a" * 5000, 431),
    ],
    ids=["malformed", "endless-head", "malformed-body", "endless-framing"],
)
async def test_requests_before_a_malformed_one_are_answered_first(
    clock: HandClock, fault: bytes, status: int
) -> None:
    async with site(clock, SMALL) as running:
        client = await running.sending(b"GET /slow HTTP/1.1\r\n\r\n" + GET + fault)
        running.app.go_on.set()
        responses = await client.read_to_end()
        assert statuses(responses) == [200, 200, status]
        assert running.app.seen == [("GET", "/slow", b""), ("GET", "/", b"")]


STRANGE = {
    "http2-preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "connect": b"CONNECT host:443 HTTP/1.1\r\nHost: host:443\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00",
    "two-lengths": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
    "length-and-chunked": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na",
    "bare-line-feeds": b"GET / HTTP/1.1\nHost: x\n\n",
    # A proxy that takes the fragment for a part of the path would compare another path with its rules.
    "fragment": b"GET /metrics#x HTTP/1.1\r\nHost: x\r\n\r\n",
    "absolute-with-fragment": b"GET http://x/metrics#x HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("request_", STRANGE.values(), ids=STRANGE.keys())
async def test_a_request_that_is_not_http_1_1_gets_400(clock: HandClock, request_: bytes) -> None:
    async with site(clock) as running:
        client = await running.sending(request_)
        response = await client.read_to_end()
        assert statuses(response) == [400]
        assert b'"code":"malformed_http"' in response
        assert running.app.begun == []


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c"])
async def test_a_request_with_upgrade_is_served_as_a_plain_request(
    clock: HandClock, protocol: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    upgrade = HEAD + b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\nX-Kept: 1\r\n\r\n"
    async with site(clock) as running:
        client = await running.sending(upgrade)
        assert await client.read_response() == b"HTTP/1.1 200 OK /"
        assert running.app.headers == [[(b"host", b"x"), (b"connection", b"Upgrade"), (b"x-kept", b"1")]]
        await client.send(GET)
        assert await client.read_response() == b"HTTP/1.1 200 OK /"
    assert "Unsupported" not in caplog.text


async def test_the_body_of_an_upgrade_is_never_the_next_request(clock: HandClock) -> None:
    head = b"POST /upload HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 28\r\n\r\n"
    async with site(clock) as running:
        client = await running.sending(head)
        await running.send(client, b"GET /smuggled HTTP/1.1\r\n\r\nxx")
        assert await client.read_response() == b"HTTP/1.1 200 OK /upload"
        await client.send(GET)
        assert await client.read_response() == b"HTTP/1.1 200 OK /"
        assert running.app.begun == ["/upload", "/"]


async def test_connect_with_a_path_is_a_plain_request(clock: HandClock) -> None:
    async with site(clock) as running:
        client = await running.sending(b"CONNECT /upload HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await client.read_response() == b"HTTP/1.1 200 OK /upload"
        await client.send(b"CONNECT /upload HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
        assert await client.read_response() == b"HTTP/1.1 200 OK /upload"
        assert await client.read_response() == b"HTTP/1.1 200 OK /"
        assert running.app.begun == ["/upload", "/upload", "/"]


async def test_a_client_that_keeps_sending_still_gets_the_response(clock: HandClock) -> None:
    async with site(clock) as running:
        client = await running.connect()
        await client.send(b"GET /" + b"a" * 10_000_000)
        assert statuses(await client.read_to_end()) == [431]


async def test_a_malformed_body_ends_the_wait_for_it(clock: HandClock) -> None:
    async with site(clock) as running:
        client = await running.sending(CHUNKED + b"1\r\na\r\nzz\r\n")
        assert statuses(await client.read_to_end()) == [400]
        await until(lambda: running.app.disconnected == ["/upload"])


async def test_a_disconnect_ends_the_wait_for_a_body(clock: HandClock) -> None:
    async with site(clock) as running:
        client = await running.sending(b"POST /upload HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf")
        client.writer.transport.abort()
        await until(lambda: running.app.disconnected == ["/upload"])


async def test_the_first_pipelined_request_learns_that_its_client_disconnected(clock: HandClock) -> None:
    async with site(clock) as running:
        client = await running.sending(b"GET /watch HTTP/1.1\r\n\r\n" + GET)
        client.writer.transport.abort()
        await until(lambda: running.app.disconnected == ["/watch"])
        assert running.app.begun == ["/watch"]
