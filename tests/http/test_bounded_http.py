import json
import socket
import ssl
from pathlib import Path
from typing import NoReturn

import httpx
import pytest

from auth0_sso.http.bounded_http import NO_RESPONSE, BoundedResponse, FetchError, send_bounded, url_for_log
from auth0_sso.testing.issuer import ISSUER
from support.certificates import Certificate, make_certificate
from support.misbehaving_server import (
    Conduct,
    drip,
    endless,
    garbage,
    gzip_bomb,
    hang,
    peer,
    refusing_port,
    reset,
    saying,
    truncated,
    wire_client,
)
from support.tenant_script import Reply, ScriptedTenant, json_reply

THING = "GET /thing"


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path)


@pytest.fixture
def tls(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    return context


async def _get(client: httpx.AsyncClient, url: str = f"{ISSUER}thing", *, max_bytes: int = 1000) -> BoundedResponse:
    return await send_bounded(client, client.build_request("GET", url), max_seconds=5, max_bytes=max_bytes)


async def _reason_from(url: str, *, max_seconds: float, max_bytes: int = 100_000) -> str:
    async with wire_client() as client:
        with pytest.raises(FetchError) as raised:
            (
                await send_bounded(
                    client, client.build_request("GET", url), max_seconds=max_seconds, max_bytes=max_bytes
                )
            ).json()
    assert str(raised.value) == raised.value.reason
    return raised.value.reason


async def _cause_from(url: str, *, max_seconds: float = 5) -> str | None:
    async with wire_client() as client:
        with pytest.raises(FetchError) as raised:
            await send_bounded(client, client.build_request("GET", url), max_seconds=max_seconds, max_bytes=1000)
    return raised.value.cause


@pytest.mark.parametrize(
    ("conduct", "reason"),
    [
        pytest.param(drip, "timeout", id="drip"),
        pytest.param(hang, "timeout", id="hang"),
        pytest.param(saying(b"HTTP/1.1 200 OK\r\n"), "protocol_error", id="closed-in-the-head"),
        pytest.param(saying(b""), "protocol_error", id="closed-at-once"),
        pytest.param(truncated, "protocol_error", id="truncated"),
        pytest.param(garbage, "protocol_error", id="garbage"),
        pytest.param(endless, "answer_too_large", id="endless"),
        pytest.param(gzip_bomb(), "answer_compressed", id="gzip-bomb"),
        pytest.param(
            saying(b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n"),
            "protocol_error",
            id="redirect-to-no-address",
            marks=pytest.mark.skipif(httpx.__name__ == "httpx2", reason="httpx2 reads none that is not followed"),
        ),
    ],
)
async def test_a_misbehaving_server_causes_an_error_and_never_a_hang(conduct: Conduct, reason: str) -> None:
    async with peer(conduct) as address:
        assert await _reason_from(address, max_seconds=0.15 if reason == "timeout" else 5) == reason


async def test_the_timeout_applies_to_the_whole_response() -> None:
    async with peer(drip) as address, wire_client() as client:
        with pytest.raises(FetchError, match=r"^timeout$"):
            await send_bounded(client, client.build_request("GET", address), max_seconds=0.1, max_bytes=100_000)


async def test_the_read_timeout_of_the_client_is_a_timeout_too() -> None:
    async with peer(hang) as address, wire_client(timeout=0.05) as client:
        with pytest.raises(FetchError, match=r"^timeout$"):
            await send_bounded(client, client.build_request("GET", address), max_seconds=5, max_bytes=1000)


async def test_a_refused_connection_has_its_own_reason() -> None:
    with refusing_port() as address:
        assert await _reason_from(address, max_seconds=5) == "connection_refused"


async def test_a_host_whose_addresses_all_refuse_has_that_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    with refusing_port() as address:
        port = httpx.URL(address).port or 0
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port))
            for host in ("127.0.0.1", "127.0.0.2")
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        assert await _reason_from(f"http://tenant.invalid:{port}/", max_seconds=5) == "connection_refused"


async def test_a_reset_connection_is_a_lost_connection() -> None:
    async with peer(reset) as address:
        assert await _reason_from(address, max_seconds=5) == "connection_lost"


async def test_an_unknown_host_name_is_a_dns_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_such_host(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_host)
    assert await _reason_from("http://tenant.invalid/", max_seconds=5) == "dns_failed"
    assert await _cause_from("http://user:pass@tenant.invalid/a?b") == (
        "the DNS name tenant.invalid cannot be resolved: Name or service not known"
    )


async def test_an_untrusted_certificate_is_certificate_invalid(tls: ssl.SSLContext) -> None:
    async with peer(saying(b"HTTP/1.1 204 No Content\r\n\r\n"), tls=tls) as address:
        assert await _reason_from(address, max_seconds=5) == "certificate_invalid"
        assert str(await _cause_from(address)).startswith("the TLS certificate is not accepted: self")


async def test_a_certificate_for_another_host_is_certificate_invalid(
    tls: ssl.SSLContext, certificate: Certificate
) -> None:
    trusting = ssl.create_default_context(cafile=certificate.certificate)
    async with (
        peer(saying(b"HTTP/1.1 204 No Content\r\n\r\n"), tls=tls) as address,
        httpx.AsyncClient(verify=trusting, trust_env=False) as client,
    ):
        request = client.build_request("GET", address.replace("127.0.0.1", "localhost"))
        with pytest.raises(FetchError, match=r"^certificate_invalid$") as raised:
            await send_bounded(client, request, max_seconds=5, max_bytes=1000)
        assert raised.value.cause == (
            "the TLS certificate is not accepted: Hostname mismatch, certificate is not valid for 'localhost'."
        )
        answer = await send_bounded(client, client.build_request("GET", address), max_seconds=5, max_bytes=1000)
        assert answer.status == 204, "the certificate is for this address"


async def test_a_server_without_tls_is_tls_failed() -> None:
    async with peer(garbage, head=b"") as address:
        assert await _reason_from(address.replace("http:", "https:"), max_seconds=5) == "tls_failed"
        assert str(await _cause_from(address.replace("http:", "https:"))).startswith("the TLS handshake failed: ")


async def test_a_timeout_says_how_long_it_waited() -> None:
    async with peer(hang) as address:
        assert await _cause_from(address, max_seconds=0.15) == "no complete response within 0.15 s"


def test_a_logged_url_has_no_credentials_query_or_fragment() -> None:
    assert url_for_log("https://user:secret@a.example/b/c?code=secret#secret") == "https://a.example/b/c"
    assert len(url_for_log(f"https://a.example/{'x' * 5000}")) < 310


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx.ConnectError("no route to host"), "unreachable"),
        (httpx.UnsupportedProtocol("gopher"), "unreachable"),
        (httpx.WriteError(""), "connection_lost"),
        (httpx.PoolTimeout(""), "timeout"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_every_transport_error_has_a_no_response_reason(error: httpx.TransportError, reason: str) -> None:
    def fail(_: httpx.Request) -> NoReturn:
        raise error

    async with httpx.AsyncClient(transport=httpx.MockTransport(fail)) as client:
        with pytest.raises(FetchError, match=f"^{reason}$") as raised:
            await _get(client)
    assert reason in NO_RESPONSE
    assert raised.value.cause
    assert "gopher" not in raised.value.cause


@pytest.mark.parametrize(
    ("conduct", "reason"),
    [
        pytest.param(endless, "answer_too_large", id="endless"),
        pytest.param(gzip_bomb(), "answer_compressed", id="gzip-bomb"),
        pytest.param(drip, "timeout", id="drip"),
    ],
)
async def test_the_connection_is_released_after_every_failure(conduct: Conduct, reason: str) -> None:
    one = httpx.Limits(max_connections=1)
    async with peer(conduct) as address, httpx.AsyncClient(limits=one, timeout=2, trust_env=False) as client:
        for _ in range(3):
            request, max_seconds = client.build_request("GET", address), 0.1 if conduct is drip else 5
            with pytest.raises(FetchError) as raised:
                (await send_bounded(client, request, max_seconds=max_seconds, max_bytes=1000)).json()
            assert raised.value.reason == reason


@pytest.mark.parametrize(("size", "fits"), [(999, True), (1000, True), (1001, False)])
async def test_a_body_of_exactly_the_limit_is_read(
    tenant: ScriptedTenant, client: httpx.AsyncClient, size: int, fits: bool
) -> None:
    tenant.on(THING, Reply(body=b"x" * size))
    if fits:
        assert len((await _get(client)).body) == size
    else:
        answer = await _get(client)
        assert (answer.status, answer.body) == (200, b""), "the status stands"
        with pytest.raises(FetchError, match=r"^answer_too_large$"):
            answer.lenient_json()


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "gzip, identity", "unheard-of"])
async def test_a_compressed_body_is_not_read(tenant: ScriptedTenant, client: httpx.AsyncClient, coding: str) -> None:
    tenant.on(THING, Reply(body=b"{}", headers={"Content-Encoding": coding}))
    answer = await _get(client)
    with pytest.raises(FetchError, match=r"^answer_compressed$"):
        answer.json()


async def test_no_compression_is_accepted(tenant: ScriptedTenant, client: httpx.AsyncClient) -> None:
    tenant.on(THING, Reply(headers={"Content-Encoding": "identity"}))
    await _get(client)
    assert tenant.requests[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_returned_even_by_a_client_that_follows_them(tenant: ScriptedTenant, status: int) -> None:
    tenant.on(THING, Reply(status, headers={"Location": f"{ISSUER}elsewhere"}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(tenant), follow_redirects=True) as client:
        assert (await _get(client)).status == status
    assert [request.line for request in tenant.requests] == [THING]


@pytest.mark.parametrize("status", [200, 204, 404, 500])
async def test_every_status_is_returned(tenant: ScriptedTenant, client: httpx.AsyncClient, status: int) -> None:
    tenant.on(THING, Reply(status, b"" if status == 204 else b"{}", {"X-Said": "so"}))
    answer = await _get(client)
    assert (answer.status, answer.headers["X-Said"]) == (status, "so")


async def test_the_json_value_of_the_body_is_returned(tenant: ScriptedTenant, client: httpx.AsyncClient) -> None:
    tenant.on(THING, json_reply({"grüße": [1, 2.5, None, True]}))
    assert (await _get(client)).json() == {"grüße": [1, 2.5, None, True]}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"", "answer_not_json", id="empty"),
        pytest.param(b"<!doctype html>", "answer_not_json", id="html"),
        pytest.param(b'{"a": 1', "answer_not_json", id="cut-off"),
        pytest.param(b'{"a": 1, "a": 2}', "answer_duplicate_member", id="duplicate-member"),
        pytest.param(b'{"a": NaN}', "answer_number_out_of_range", id="nan"),
        pytest.param(b'"\xff"', "answer_not_utf8", id="latin-1"),
        pytest.param(json.dumps("\ud800").encode(), "answer_not_encodable", id="lone-surrogate"),
        pytest.param(b"[" * 400 + b"]" * 400, "answer_too_deep", id="deep"),
    ],
)
async def test_a_body_that_is_not_strict_json_has_a_reason(
    tenant: ScriptedTenant, client: httpx.AsyncClient, body: bytes, reason: str
) -> None:
    tenant.on(THING, Reply(body=body))
    answer = await _get(client)
    with pytest.raises(FetchError) as raised:
        answer.json()
    assert raised.value.reason == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"", "answer_not_json", id="empty"),
        pytest.param(b"<!doctype html>", "answer_not_json", id="html"),
        pytest.param(b"[" * 5000 + b"]" * 5000, "answer_too_deep", id="deep"),
    ],
)
async def test_a_body_that_is_not_lenient_json_has_a_reason(
    tenant: ScriptedTenant, client: httpx.AsyncClient, body: bytes, reason: str
) -> None:
    tenant.on(THING, Reply(body=body))
    answer = await _get(client, max_bytes=100_000)
    with pytest.raises(FetchError, match=f"^{reason}$"):
        answer.lenient_json()
