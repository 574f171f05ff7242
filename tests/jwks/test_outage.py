import asyncio
import json
from itertools import pairwise

import httpx
import pytest

from auth0_sso.clock import WallTime
from auth0_sso.errors import KeysUnavailableError
from auth0_sso.events import Event, TenantCallShed
from auth0_sso.jwks.freshness import Freshness
from auth0_sso.jwks.key_store import StoredKeys
from auth0_sso.jwks.remote import RemoteJwks
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import ISSUER, Issuer, public_jwk
from auth0_sso.tokens import strict_json
from support.misbehaving_server import Conduct, drip, garbage, hang, peer, refusing_port, truncated, wire_client
from support.tenant_keys import KeyPages, all_found, found, kept_fresh, outage, refusal
from support.tenant_script import DISCOVERY, JWKS, Reply, ScriptedTenant, discovery_reply, json_reply


class MemoryStore:
    """A `KeyStore` that keeps what a file would hold."""

    def __init__(self) -> None:
        self._kept: bytes | None = None

    @property
    def size(self) -> int:
        return len(self._kept or b"")

    async def load(self) -> StoredKeys | None:
        return (
            None if self._kept is None else StoredKeys.from_json(strict_json.loads(self._kept), ISSUER, WallTime(1))
        )

    async def save(self, keys: StoredKeys) -> None:
        self._kept = json.dumps(keys.as_json(ISSUER, WallTime(0))).encode()


async def test_known_keys_are_used_for_max_stale_and_no_longer(
    client: httpx.AsyncClient, clock: HandClock, pages: KeyPages
) -> None:
    jwks = RemoteJwks(client, ISSUER, freshness=Freshness(max_stale=3600), clock=clock)
    async with kept_fresh(jwks, clock):
        pages.go_down()
        await clock.advance(600 + 3600 - 1)
        assert await found(jwks) == "key-0"
        await clock.advance(1)
        error = await outage(jwks)
    assert (error.code, error.reason) == ("keys_unavailable", "status_503")
    assert 1 <= error.retry_after <= 30


async def test_in_thirty_minutes_of_outage_no_known_kid_fails(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock, pages: KeyPages
) -> None:
    async with kept_fresh(jwks, clock):
        pages.go_down()
        for _ in range(1800):
            await clock.advance(1)
            assert await found(jwks) == "key-0"
        states = [jwks.health.state]
        pages.show("key-0")
        await clock.advance(31)
        assert [*states, jwks.health.state] == ["stale", "fresh"]


async def test_max_stale_is_a_day_by_default(jwks: RemoteJwks, clock: HandClock, pages: KeyPages) -> None:
    await found(jwks)
    pages.go_down()
    await clock.advance(600 + 86_400 - 1)
    assert await found(jwks) == "key-0"
    await clock.advance(1)
    assert (await outage(jwks)).reason == "status_503"


async def test_no_request_waits_because_of_a_stale_set(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock, pages: KeyPages
) -> None:
    async with kept_fresh(jwks, clock):
        pages.go_down()
        await clock.advance(3600)
        tenant.on(DISCOVERY, Reply(gate=asyncio.Event()))
        before = len(tenant.requests)
        for _ in range(2):
            assert await all_found(found(jwks) for _ in range(50)) == {"key-0"}
            await clock.advance(30)
        assert len(tenant.requests) == before + 1, "only keep_fresh asks in an outage"
        await jwks.aclose()


async def test_an_unknown_kid_during_an_outage_is_unavailable(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock, pages: KeyPages
) -> None:
    async with kept_fresh(jwks, clock):
        pages.go_down()
        await clock.advance(481)
        error = await outage(jwks, "key-1")
    assert error.reason == "status_503"


async def test_a_failed_early_fetch_is_retried_after_its_backoff(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock, pages: KeyPages
) -> None:
    async with kept_fresh(jwks, clock):
        pages.go_down()
        await outage(jwks, "stranger")
        pages.show("key-0")
        await clock.advance(2)
        assert jwks.health.last_error is None
        assert await refusal(jwks, "stranger") == "kid_unknown"


async def test_with_max_stale_zero_no_expired_key_is_used(
    tenant: ScriptedTenant, client: httpx.AsyncClient, clock: HandClock, pages: KeyPages
) -> None:
    jwks = RemoteJwks(client, ISSUER, freshness=Freshness(max_stale=0), clock=clock)
    await found(jwks)
    pages.go_down()
    await clock.advance(600)
    assert (await outage(jwks)).reason == "status_503"


async def test_the_backoff_grows_to_thirty_seconds(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock, pages: KeyPages
) -> None:
    pages.go_down()
    async with kept_fresh(jwks, clock):
        await clock.advance(3600)
    attempts = [request.at for request in tenant.requests]
    pauses = [after - before for before, after in pairwise(attempts)]
    longest = [1, 2, 4, 8, 16] + [30] * (len(pauses) - 5)
    assert all(most / 2 <= pause <= most for pause, most in zip(pauses, longest, strict=True))
    assert len(set(pauses[5:])) > 1, "pauses without jitter let all processes fetch at once"


async def test_requests_without_keys_do_not_add_attempts(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock, pages: KeyPages
) -> None:
    pages.go_down()
    async with kept_fresh(jwks, clock):
        await clock.advance(60)
        before = len(tenant.requests)
        errors = await asyncio.gather(*(outage(jwks, f"kid-{number}") for number in range(200)))
        assert len(tenant.requests) == before
    assert {error.reason for error in errors} == {"status_503"}


async def test_retry_after_is_the_time_of_the_next_attempt(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock, pages: KeyPages
) -> None:
    pages.go_down()
    async with kept_fresh(jwks, clock):
        await clock.advance(100)
        error = await outage(jwks)
        pages.show("key-0")
        await clock.advance(error.retry_after)
        assert await found(jwks) == "key-0"


async def test_keys_are_fetched_again_after_an_outage_without_a_request(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock, pages: KeyPages
) -> None:
    pages.go_down()
    async with kept_fresh(jwks, clock):
        await clock.advance(3600)
        pages.show("key-0")
        await clock.advance(30)
        health = jwks.health
        assert (health.state, health.last_error) == ("fresh", None)
        assert await found(jwks) == "key-0"
        before = len(tenant.requests)
        pages.go_down()
        await clock.advance(485)
    first, second = tenant.requests[before : before + 2]
    assert second.at - first.at <= 1, "the backoff did not start again"


async def test_without_keep_fresh_a_request_retries_after_the_backoff(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock, pages: KeyPages
) -> None:
    pages.go_down()
    await outage(jwks)
    pages.show("key-0")
    await outage(jwks)
    assert len(tenant.requests) == 1
    await clock.advance(1)
    assert await found(jwks) == "key-0"


async def test_an_outage_is_logged_with_its_reason_only(
    tenant: ScriptedTenant,
    jwks: RemoteJwks,
    clock: HandClock,
    pages: KeyPages,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "auth0_sso")
    tenant.on(DISCOVERY, Reply(503, b"a secret of the tenant"))
    await outage(jwks)
    await clock.advance(1)
    pages.show("key-0")
    await found(jwks)
    said = [record.getMessage() for record in caplog.records if record.name.startswith("auth0_sso")]
    url = f"{ISSUER}.well-known/openid-configuration"
    assert said[0].startswith(f"signing keys could not be fetched from {url}: status_503; next attempt in ")
    assert said[1:] == ["signing keys fetched: 1 usable, 0 left out"]
    assert "secret" not in caplog.text


def _bad_jwks(body: bytes, status: int = 200, **headers: str) -> dict[str, Reply]:
    return {JWKS: Reply(status, body, {name.replace("_", "-"): text for name, text in headers.items()})}


def _bad_discovery(**changes: object) -> dict[str, Reply]:
    return {DISCOVERY: discovery_reply(changes)}


_MISMATCH, _INSECURE = "discovery_issuer_mismatch", "discovery_jwks_uri_insecure"
_HTML = b"<!doctype html><title>Just a moment...</title>"
BAD_ANSWERS = [
    pytest.param(_bad_jwks(b'{"keys": []}'), "jwks_unusable", id="no-keys"),
    pytest.param(_bad_jwks(b'{"keys": {}}'), "jwks_unusable", id="keys-no-list"),
    pytest.param(_bad_jwks(b"{}"), "jwks_unusable", id="keys-missing"),
    pytest.param(_bad_jwks(b"[]"), "jwks_unusable", id="no-object"),
    pytest.param(_bad_jwks(b'{"keys": [7, {}, {"kid": "key-0", "kty": "oct"}]}'), "jwks_unusable", id="none-usable"),
    pytest.param(_bad_jwks(b'{"keys": [], "keys": []}'), "answer_duplicate_member", id="duplicate-members"),
    pytest.param(_bad_jwks(b""), "answer_not_json", id="empty"),
    pytest.param(_bad_jwks(_HTML, content_type="text/html"), "answer_not_json", id="html"),
    pytest.param(_bad_jwks(b'{"keys": [{"kid": "\xff"}]}'), "answer_not_utf8", id="not-utf8"),
    pytest.param(_bad_jwks(b"", 302, location=f"{ISSUER}elsewhere"), "status_302", id="redirect"),
    pytest.param(_bad_jwks(b"", 304), "status_304", id="not-modified"),
    pytest.param(_bad_jwks(_HTML, 403), "status_403", id="forbidden"),
    pytest.param(_bad_jwks(b"{}", 429, retry_after="30"), "status_429", id="rate-limited"),
    pytest.param(_bad_jwks(b"oops", 500), "status_500", id="server-error"),
    pytest.param(_bad_jwks(b" " * (512 * 1024 + 1)), "answer_too_large", id="oversized"),
    pytest.param(_bad_jwks(b'{"keys": [' + b"{}," * 100_000 + b"{}]}"), "answer_too_complex", id="only-brackets"),
    pytest.param({DISCOVERY: Reply(body=b" " * (64 * 1024 + 1))}, "answer_too_large", id="discovery-oversized"),
    pytest.param(_bad_jwks(b"{}", content_encoding="gzip"), "answer_compressed", id="compressed"),
    pytest.param(_bad_discovery(issuer="https://evil.example.com/"), _MISMATCH, id="another-issuer"),
    pytest.param(_bad_discovery(issuer=ISSUER.rstrip("/")), _MISMATCH, id="issuer-without-slash"),
    pytest.param(_bad_discovery(issuer=...), _MISMATCH, id="issuer-missing"),
    pytest.param({DISCOVERY: json_reply([ISSUER])}, _MISMATCH, id="discovery-no-object"),
    pytest.param({DISCOVERY: Reply(body=_HTML)}, "answer_not_json", id="discovery-html"),
    pytest.param({DISCOVERY: Reply(500)}, "status_500", id="discovery-500"),
    pytest.param({DISCOVERY: Reply(301, headers={"Location": ISSUER})}, "status_301", id="discovery-redirect"),
    pytest.param(_bad_discovery(jwks_uri=...), _INSECURE, id="jwks-uri-missing"),
    pytest.param(_bad_discovery(jwks_uri=7), _INSECURE, id="jwks-uri-no-text"),
    pytest.param(_bad_discovery(jwks_uri="http://tenant.example.com/jwks"), _INSECURE, id="jwks-uri-http"),
    pytest.param(_bad_discovery(jwks_uri="http://127.0.0.1.evil.example.com/"), _INSECURE, id="jwks-uri-no-loopback"),
    pytest.param(_bad_discovery(jwks_uri="file:///etc/keys"), _INSECURE, id="jwks-uri-file"),
    pytest.param(_bad_discovery(jwks_uri="/jwks.json"), _INSECURE, id="jwks-uri-relative"),
    pytest.param(_bad_discovery(jwks_uri="https://[::1"), _INSECURE, id="jwks-uri-broken"),
    pytest.param(
        _bad_discovery(jwks_uri="https://xn--/"),
        _INSECURE,
        id="jwks-uri-no-idna",
        marks=pytest.mark.skipif(httpx.__name__ == "httpx2", reason="httpx2 leaves this host to DNS"),
    ),
    pytest.param(_bad_discovery(jwks_uri="http://xn--/"), _INSECURE, id="jwks-uri-http-no-idna"),
    pytest.param(_bad_discovery(jwks_uri="https:///jwks"), _INSECURE, id="jwks-uri-no-host"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD_ANSWERS)
async def test_without_keys_a_failed_fetch_is_unavailable_with_its_reason(
    tenant: ScriptedTenant, jwks: RemoteJwks, bad: dict[str, Reply], reason: str
) -> None:
    for line, reply in bad.items():
        tenant.on(line, reply)
    assert (await outage(jwks)).reason == reason
    assert (jwks.health.state, jwks.health.last_error) == ("missing", reason)


@pytest.mark.parametrize(("bad", "reason"), BAD_ANSWERS)
async def test_the_last_set_is_used_until_a_valid_one_replaces_it(
    tenant: ScriptedTenant,
    jwks: RemoteJwks,
    clock: HandClock,
    pages: KeyPages,
    bad: dict[str, Reply],
    reason: str,
) -> None:
    async with kept_fresh(jwks, clock):
        pages.go_down()  # the way to a second discovery
        await clock.advance(480)
        pages.show("key-1")
        for line, reply in bad.items():
            tenant.on(line, reply)
        await clock.advance(5)
        assert jwks.health.last_error == reason
        assert await found(jwks, "key-0") == "key-0"
        await clock.advance(600)
        assert jwks.health.state == "stale"
        assert await found(jwks, "key-0") == "key-0"
        pages.show("key-1")
        await clock.advance(30)
        assert await found(jwks, "key-1") == "key-1"
        assert await refusal(jwks, "key-0") == "kid_unknown"


async def test_an_unusable_key_is_logged_and_the_others_are_used(
    tenant: ScriptedTenant,
    jwks: RemoteJwks,
    issuer: Issuer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    private = public_jwk(issuer.keys["key-1"], "key-1", d="c2VjcmV0LWV4cG9uZW50")
    tenant.on(JWKS, json_reply({"keys": [private, *issuer.jwks("key-0")["keys"]]}))
    assert await found(jwks) == "key-0"
    assert await refusal(jwks, "key-1") == "kid_unknown"
    assert "a key of the issuer is left out: it shows private parts" in caplog.messages
    assert "c2VjcmV0" not in caplog.text


def _entries(*texts: str) -> bytes:
    return f'{{"keys": [{", ".join(texts)}]}}'.encode()


ABSURD_ENTRIES = [
    pytest.param('{"kid": "big", "kty": "RSA", "e": "AQAB", "n": "%s"}' % ("A" * 200_000), id="a-modulus-of-200-KB"),
    pytest.param('{"kid": "big", "kty": "RSA", "x5c": ["%s"]}' % ("A" * 200_000), id="a-chain-of-200-KB"),
    pytest.param('{"kid": "odd", "x": 1e999}', id="a-number-out-of-range"),
    pytest.param('{"kid": "odd", "x": %s}' % ("9" * 5000), id="an-integer-of-5000-digits"),
    pytest.param('{"kid": "odd", "kid": "two"}', id="a-member-said-twice"),
    pytest.param(f'{{"kid": "odd", "x": {"[" * 50}{"]" * 50}}}', id="50-deep"),
    pytest.param('{"kid": "\\ud800", "kty": "RSA", "n": "\\ud800", "e": "AQAB"}', id="lone-surrogates"),
    pytest.param('{"kid": "%s", "kty": "RSA"}' % ("k" * 100_000), id="a-kid-of-100-KB"),
    pytest.param('"text", 1, null, [], {}', id="no-keys"),
]


@pytest.mark.parametrize("absurd", ABSURD_ENTRIES)
async def test_a_malformed_entry_does_not_invalidate_the_other_keys(
    tenant: ScriptedTenant, client: httpx.AsyncClient, clock: HandClock, issuer: Issuer, pages: KeyPages, absurd: str
) -> None:
    (good,) = issuer.jwks("key-0")["keys"]
    store = MemoryStore()
    tenant.on(JWKS, Reply(body=_entries(absurd, json.dumps(good), absurd)))
    jwks = RemoteJwks(client, ISSUER, store=store, clock=clock)
    assert await found(jwks) == "key-0"
    assert jwks.health.keys == 1
    await clock.settle()
    pages.go_down()
    after = RemoteJwks(client, ISSUER, store=store, clock=clock)
    assert await found(after) == "key-0"
    assert store.size < 1000


async def test_the_number_of_keys_in_a_set_is_limited(
    tenant: ScriptedTenant, jwks: RemoteJwks, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    (good,) = issuer.jwks("key-0")["keys"]
    keys = [good | {"kid": f"key-{number}"} for number in range(250)]
    tenant.on(JWKS, json_reply({"keys": keys}))
    assert await found(jwks, "key-99") == "key-99"
    assert await refusal(jwks, "key-100") == "kid_unknown"
    assert jwks.health.keys == 100
    assert "a key of the issuer is left out: 150 entries after the first 100 are not read" in caplog.messages


@pytest.mark.parametrize(
    "jwks_uri",
    ["https://keys.example.com/jwks", "http://127.0.0.1:3001/jwks", "http://localhost/jwks", "http://[::1]/jwks"],
)
async def test_a_jwks_uri_must_be_https_or_loopback(
    tenant: ScriptedTenant, jwks: RemoteJwks, issuer: Issuer, jwks_uri: str
) -> None:
    tenant.on(DISCOVERY, discovery_reply({"jwks_uri": jwks_uri}))
    tenant.on("GET /jwks", json_reply(issuer.jwks()))
    assert await found(jwks) == "key-0"
    assert httpx.URL(jwks_uri).netloc.decode() == tenant.requests[-1].headers["Host"]


@pytest.mark.parametrize(
    ("conduct", "reason"),
    [
        pytest.param(drip, "timeout", id="drip"),
        pytest.param(hang, "timeout", id="hang"),
        pytest.param(truncated, "protocol_error", id="truncated"),
        pytest.param(garbage, "protocol_error", id="garbage"),
    ],
)
async def test_a_misbehaving_issuer_is_unavailable(conduct: Conduct, reason: str) -> None:
    async with peer(conduct) as address, wire_client() as client:
        jwks = RemoteJwks(client, address, freshness=Freshness(timeout=0.15 if reason == "timeout" else 5))
        assert (await outage(jwks)).reason == reason


async def test_an_unexpected_error_is_unavailable_and_logged_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def surprise(request: httpx.Request) -> httpx.Response:
        raise LookupError("a surprise")

    async with httpx.AsyncClient(transport=httpx.MockTransport(surprise)) as client:
        jwks = RemoteJwks(client, ISSUER)
        assert (await outage(jwks)).reason == "unexpected"
        assert jwks.health.last_error == "unexpected"
    assert "LookupError: a surprise" in caplog.text


@pytest.mark.parametrize(("status", "body"), [(503, b""), (200, b"no JSON")])
async def test_a_failed_fetch_is_logged_with_the_request_id_of_auth0(
    tenant: ScriptedTenant, jwks: RemoteJwks, caplog: pytest.LogCaptureFixture, status: int, body: bytes
) -> None:
    tenant.on(DISCOVERY, Reply(status, body, {"X-Auth0-RequestId": "f4ca7a24"}))
    await outage(jwks)
    assert ", request id f4ca7a24; next attempt in " in caplog.text


async def test_an_issuer_that_refuses_connections_is_unavailable(caplog: pytest.LogCaptureFixture) -> None:
    with refusing_port() as address:
        async with wire_client() as client:
            assert (await outage(RemoteJwks(client, address))).reason == "connection_refused"
    assert (
        f"signing keys could not be fetched from {address}.well-known/openid-configuration: connection_refused "
        "(the connection was refused: nothing listens there, or a firewall rejects it); next attempt in "
    ) in caplog.text


async def test_a_discovery_document_of_another_issuer_is_logged_with_both_names(
    tenant: ScriptedTenant, jwks: RemoteJwks, caplog: pytest.LogCaptureFixture
) -> None:
    tenant.on(DISCOVERY, json_reply({"issuer": "https://other.example.com/\n", "jwks_uri": "https://a/"}))
    assert (await outage(jwks)).reason == "discovery_issuer_mismatch"
    assert f"(expected '{ISSUER}', found 'https://other.example.com/\\n'); next attempt in" in caplog.text


async def test_one_timeout_includes_discovery_and_fetch(
    tenant: ScriptedTenant, client: httpx.AsyncClient, pages: KeyPages
) -> None:
    metadata, keys = asyncio.Event(), asyncio.Event()
    pages.show("key-0", gate=keys)
    tenant.on(DISCOVERY, discovery_reply(gate=metadata))
    # Each is well within the timeout, both together are not.
    asyncio.get_running_loop().call_later(0.12, metadata.set)
    asyncio.get_running_loop().call_later(0.28, keys.set)
    jwks = RemoteJwks(client, ISSUER, freshness=Freshness(timeout=0.2))
    assert (await outage(jwks)).reason == "timeout"


async def test_before_the_first_fetch_keys_are_missing(tenant: ScriptedTenant, jwks: RemoteJwks) -> None:
    health = jwks.health
    assert (health.state, health.keys, health.age, health.next_refresh) == ("missing", 0, None, 0)
    assert health.last_error is None
    assert tenant.requests == []


async def test_the_health_goes_from_fresh_to_stale_to_missing_and_back(
    client: httpx.AsyncClient, clock: HandClock, pages: KeyPages
) -> None:
    jwks = RemoteJwks(client, ISSUER, freshness=Freshness(max_stale=3600), clock=clock)
    pages.show("key-0", "key-1")
    async with kept_fresh(jwks, clock):
        await clock.advance(100)
        health = jwks.health
        assert (health.state, health.keys, health.age, health.next_refresh) == ("fresh", 2, 100, 380)
        pages.go_down()
        await clock.advance(499)
        assert (jwks.health.state, jwks.health.last_error) == ("fresh", "status_503")
        await clock.advance(1)
        assert (jwks.health.state, jwks.health.keys, jwks.health.age) == ("stale", 2, 600)
        await clock.advance(3600)
        assert (jwks.health.state, jwks.health.keys, jwks.health.age) == ("missing", 0, None)
        assert jwks.health.next_refresh <= 30
        pages.show("key-2")
        await clock.advance(30)
        assert (jwks.health.state, jwks.health.keys, jwks.health.last_error) == ("fresh", 1, None)


async def test_the_repr_of_a_key_does_not_show_its_numbers(jwks: RemoteJwks, issuer: Issuer) -> None:
    key = await jwks.find_key("key-0", "RS256")
    assert repr(key) == "VerificationKey(key_id='key-0', algorithm='RS256')"
    assert str(issuer.jwks("key-0")["keys"][0]["n"]) not in repr(key)


async def test_of_five_thousand_requests_a_thousand_wait_for_the_keys(
    client: httpx.AsyncClient, clock: HandClock, pages: KeyPages
) -> None:
    gate, seen = asyncio.Event(), list[Event]()
    jwks = RemoteJwks(client, ISSUER, clock=clock, observe=seen.append)
    pages.show("key-0", gate=gate)
    asking = [asyncio.create_task(jwks.find_key("key-0", "RS256")) for _ in range(5000)]
    await clock.settle()
    refused = [task.exception() for task in asking if task.done()]
    assert [(type(error), error.reason) for error in refused if isinstance(error, KeysUnavailableError)] == [
        (KeysUnavailableError, "queue_full")
    ] * 4000
    gate.set()
    keys = await asyncio.gather(*(task for task in asking if not task.done()))
    assert [key.key_id for key in keys] == ["key-0"] * 1000
    assert seen.count(TenantCallShed("jwks", "queue_full")) == 4000
    await jwks.aclose()


async def test_keys_are_kept_fresh_while_too_many_requests_wait(
    jwks: RemoteJwks, clock: HandClock, pages: KeyPages
) -> None:
    gate = asyncio.Event()
    pages.show("key-0", gate=gate)
    asking = [asyncio.create_task(jwks.find_key("key-0", "RS256")) for _ in range(1000)]
    await clock.settle()
    keeping = asyncio.create_task(jwks.keep_fresh())
    await clock.settle()
    gate.set()
    await asyncio.gather(*asking)
    pages.show("key-1")
    await clock.advance(600)
    assert not keeping.done()
    assert await found(jwks, "key-1") == "key-1"
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
