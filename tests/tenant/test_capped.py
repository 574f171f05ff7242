import json

import httpx
import pytest

from auth0_sso.tenant.capped import Answer, FetchError, exchange
from support.issuer import ISSUER
from support.tenant_script import Reply, ScriptedTenant, json_reply
from support.tenant_wire import (
    Conduct,
    drip,
    endless,
    garbage,
    gzip_bomb,
    hang,
    peer,
    refusing_port,
    saying,
    truncated,
    wire_client,
)

THING = "GET /thing"


async def _get(client: httpx.AsyncClient, url: str = f"{ISSUER}thing", *, max_bytes: int = 1000) -> Answer:
    return await exchange(client, client.build_request("GET", url), deadline=5, max_bytes=max_bytes)


async def _reason_from(url: str, *, deadline: float, max_bytes: int = 100_000) -> str:
    async with wire_client() as client:
        with pytest.raises(FetchError) as raised:
            await exchange(client, client.build_request("GET", url), deadline=deadline, max_bytes=max_bytes)
    assert str(raised.value) == raised.value.reason
    return raised.value.reason


@pytest.mark.parametrize(
    ("conduct", "reason"),
    [
        pytest.param(drip, "timeout", id="drip"),
        pytest.param(hang, "timeout", id="hang"),
        pytest.param(saying(b"HTTP/1.1 200 OK\r\n"), "unreachable", id="closed-in-the-head"),
        pytest.param(saying(b""), "unreachable", id="closed-at-once"),
        pytest.param(truncated, "unreachable", id="truncated"),
        pytest.param(garbage, "unreachable", id="garbage"),
        pytest.param(endless, "answer_too_large", id="endless"),
        pytest.param(gzip_bomb(), "answer_compressed", id="gzip-bomb"),
        pytest.param(
            saying(b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n"),
            "unreachable",
            id="redirect-to-no-address",
        ),
    ],
)
async def test_a_misbehaving_peer_costs_a_reason_and_never_a_hang(conduct: Conduct, reason: str) -> None:
    async with peer(conduct) as address:
        assert await _reason_from(address, deadline=0.15 if reason == "timeout" else 5) == reason


async def test_the_deadline_bounds_what_no_read_timeout_can() -> None:
    async with peer(drip) as address, wire_client() as client:
        with pytest.raises(FetchError, match=r"^timeout$"):
            await exchange(client, client.build_request("GET", address), deadline=0.1, max_bytes=100_000)


async def test_the_read_timeout_of_the_client_is_a_timeout_too() -> None:
    async with peer(hang) as address, wire_client(timeout=0.05) as client:
        with pytest.raises(FetchError, match=r"^timeout$"):
            await exchange(client, client.build_request("GET", address), deadline=5, max_bytes=1000)


async def test_a_refused_connection_is_unreachable() -> None:
    with refusing_port() as address:
        assert await _reason_from(address, deadline=5) == "unreachable"


@pytest.mark.parametrize(
    ("conduct", "reason"),
    [
        pytest.param(endless, "answer_too_large", id="endless"),
        pytest.param(gzip_bomb(), "answer_compressed", id="gzip-bomb"),
        pytest.param(drip, "timeout", id="drip"),
    ],
)
async def test_a_connection_is_given_back_after_every_failure(conduct: Conduct, reason: str) -> None:
    one = httpx.Limits(max_connections=1)
    async with peer(conduct) as address, httpx.AsyncClient(limits=one, timeout=2, trust_env=False) as client:
        for _ in range(3):
            with pytest.raises(FetchError) as raised:
                await exchange(
                    client,
                    client.build_request("GET", address),
                    deadline=0.1 if conduct is drip else 5,
                    max_bytes=1000,
                )
            assert raised.value.reason == reason


@pytest.mark.parametrize(("size", "fits"), [(999, True), (1000, True), (1001, False)])
async def test_the_cap_is_the_last_size_that_fits(
    tenant: ScriptedTenant, client: httpx.AsyncClient, size: int, fits: bool
) -> None:
    tenant.on(THING, Reply(body=b"x" * size))
    if fits:
        assert len((await _get(client)).body) == size
    else:
        with pytest.raises(FetchError, match=r"^answer_too_large$"):
            await _get(client)


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "gzip, identity", "unheard-of"])
async def test_a_compressed_answer_is_refused_unread(
    tenant: ScriptedTenant, client: httpx.AsyncClient, coding: str
) -> None:
    tenant.on(THING, Reply(body=b"{}", headers={"Content-Encoding": coding}))
    with pytest.raises(FetchError, match=r"^answer_compressed$"):
        await _get(client)


async def test_no_compression_is_asked_for(tenant: ScriptedTenant, client: httpx.AsyncClient) -> None:
    tenant.on(THING, Reply(headers={"Content-Encoding": "identity"}))
    await _get(client)
    assert tenant.requests[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_answers_even_to_a_client_that_follows_them(tenant: ScriptedTenant, status: int) -> None:
    tenant.on(THING, Reply(status, headers={"Location": f"{ISSUER}elsewhere"}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(tenant), follow_redirects=True) as client:
        assert (await _get(client)).status == status
    assert [request.line for request in tenant.requests] == [THING]


@pytest.mark.parametrize("status", [200, 204, 404, 500])
async def test_every_status_is_an_answer(tenant: ScriptedTenant, client: httpx.AsyncClient, status: int) -> None:
    tenant.on(THING, Reply(status, b"" if status == 204 else b"{}", {"X-Said": "so"}))
    answer = await _get(client)
    assert (answer.status, answer.headers["X-Said"]) == (status, "so")


async def test_json_is_what_the_body_says(tenant: ScriptedTenant, client: httpx.AsyncClient) -> None:
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
async def test_a_body_that_is_not_strict_json_names_its_fault(
    tenant: ScriptedTenant, client: httpx.AsyncClient, body: bytes, reason: str
) -> None:
    tenant.on(THING, Reply(body=body))
    answer = await _get(client)
    with pytest.raises(FetchError) as raised:
        answer.json()
    assert raised.value.reason == reason
