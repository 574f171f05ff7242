import asyncio
import traceback
import tracemalloc
from itertools import pairwise

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import RSAKey

from auth0_sso.errors import (
    ManagementAnswerError,
    ManagementRefusedError,
    ManagementUnavailableError,
    TenantAnswer,
    TenantError,
)
from auth0_sso.http.bounded_http import BoundedResponse
from auth0_sso.management.authorized_request import AuthorizedRequest
from auth0_sso.management.token_source import ManagementTokenSource
from auth0_sso.oauth.proofs import Proofs
from auth0_sso.oauth.token_endpoint import TokenRequest
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import ISSUER
from auth0_sso.tokens.client_assertion import AssertionKey
from support.management_chain import CREDENTIALS, SECRET, ManagementChain
from support.misbehaving_server import Conduct, garbage, gzip_bomb, peer, refusing_port, truncated, wire_client
from support.tenant_script import TOKEN, Reply, ScriptedTenant, json_reply, token_reply

THING = "GET /api/v2/thing"
DAY = 86_400


@pytest.fixture
def auth(tenant: ScriptedTenant, chain: ManagementChain) -> ManagementTokenSource:
    tenant.on(TOKEN, token_reply("token-1"), token_reply("token-2"), token_reply("token-3"))
    tenant.on(THING, json_reply({}))
    return chain.auth


async def _ask(client: httpx.AsyncClient, auth: ManagementTokenSource) -> BoundedResponse:
    """Send a request, and after a 401 send it once more, as `ManagementCaller` does."""
    request = AuthorizedRequest(client, client.build_request("GET", f"{ISSUER}api/v2/thing"), auth)
    answer = await request.send()
    return answer if answer.status != 401 else await request.send()


async def _error(client: httpx.AsyncClient, auth: ManagementTokenSource) -> TenantError:
    with pytest.raises(TenantError) as raised:
        await _ask(client, auth)
    return raised.value


def _tokens_used(tenant: ScriptedTenant) -> list[str]:
    return [request.headers["Authorization"].removeprefix("Bearer ") for request in tenant.seen(THING)]


async def test_the_token_request_is_as_auth0_documents_it(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource
) -> None:
    await _ask(client, auth)
    [request] = tenant.seen(TOKEN)
    assert request.json() == {
        "grant_type": "client_credentials",
        "client_id": "the-client-id",
        "client_secret": SECRET,
        "audience": "https://tenant.example.com/api/v2/",
    }
    assert request.headers["Content-Type"] == "application/json"
    assert request.query == ""
    assert "Authorization" not in request.headers
    assert _tokens_used(tenant) == ["token-1"]


async def test_a_private_key_sends_an_assertion_instead_of_a_secret(
    tenant: ScriptedTenant, client: httpx.AsyncClient, clock: HandClock, rsa_keys: tuple[rsa.RSAPrivateKey, ...]
) -> None:
    tenant.on(TOKEN, token_reply("token-1"))
    tenant.on(THING, json_reply({}))
    pem = rsa_keys[0].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    credentials = TokenRequest("the-client-id", Proofs(AssertionKey(pem, "the-kid")), f"{ISSUER}api/v2/")
    auth = ManagementTokenSource(client, ISSUER, credentials, clock=clock)
    await _ask(client, auth)
    await auth.aclose()
    sent = tenant.seen(TOKEN)[0].json()
    assert isinstance(sent, dict)
    assert "client_secret" not in sent
    assert sent["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    claims = jwt.decode(sent["client_assertion"], RSAKey.import_key(pem), algorithms=["RS256"]).claims
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("the-client-id", "the-client-id", ISSUER)


async def test_the_secret_is_sent_to_the_token_endpoint_only(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource
) -> None:
    await _ask(client, auth)
    [request] = tenant.seen(THING)
    assert SECRET not in repr(request)


async def test_a_hundred_concurrent_callers_fetch_one_token(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource
) -> None:
    answers = await asyncio.gather(*(_ask(client, auth) for _ in range(100)))
    assert {answer.status for answer in answers} == {200}
    assert tenant.count(TOKEN) == 1
    assert _tokens_used(tenant) == ["token-1"] * 100


async def test_a_failure_reaches_all_callers_and_lasts_for_its_backoff(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource, clock: HandClock
) -> None:
    tenant.on(TOKEN, Reply(500), token_reply("token-1"))
    errors = await asyncio.gather(*(_error(client, auth) for _ in range(100)))
    assert {error.reason for error in errors} == {"token_status_500"}
    assert (await _error(client, auth)).reason == "token_status_500"
    assert tenant.count(TOKEN) == 1
    assert tenant.count(THING) == 0
    await clock.advance(1)
    assert (await _ask(client, auth)).status == 200


async def test_a_wrong_secret_is_retried_with_exponential_backoff(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource, clock: HandClock
) -> None:
    tenant.on(TOKEN, json_reply({"error": "access_denied"}, 401))
    for _ in range(600):
        assert isinstance(await _error(client, auth), ManagementRefusedError)
        await clock.advance(0.5)
    times = [request.at for request in tenant.seen(TOKEN)]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses[:5] == [1, 2, 4, 8, 16]
    assert set(pauses[5:]) == {30}


async def test_failed_background_renewals_are_not_repeated_for_each_call(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource, clock: HandClock
) -> None:
    tenant.on(TOKEN, token_reply("token-1"), Reply(429))
    await _ask(client, auth)
    await clock.advance(DAY - 200)
    for _ in range(50):
        assert (await _ask(client, auth)).status == 200
        await clock.settle()
    assert tenant.count(TOKEN) == 2


async def test_a_permanent_401_does_not_fetch_a_token_for_each_call(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource, clock: HandClock
) -> None:
    tenant.on(THING, Reply(401))
    for _ in range(50):
        assert (await _ask(client, auth)).status == 401
    assert tenant.count(TOKEN) == 2
    await clock.advance(30)
    tenant.on(THING, Reply(401), json_reply({}))
    assert (await _ask(client, auth)).status == 200
    assert tenant.count(TOKEN) == 3


async def test_replacements_that_do_not_help_have_exponential_backoff(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource, clock: HandClock
) -> None:
    tenant.on(THING, Reply(401))
    for _ in range(1440):
        assert (await _ask(client, auth)).status == 401
        await clock.advance(10)
    times = [request.at - tenant.seen(TOKEN)[0].at for request in tenant.seen(TOKEN)]
    assert times == [0, 0, 30, 90, 210, 450, 930, 1890, 3810, 7410, 11010]


async def test_an_accepted_token_that_is_rejected_later_is_replaced_at_once(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource, clock: HandClock
) -> None:
    tenant.on(TOKEN, *[token_reply(f"token-{number}") for number in range(1, 9)])
    for number in range(1, 8):
        tenant.on(THING, json_reply({}))
        assert (await _ask(client, auth)).status == 200
        gate, before = asyncio.Event(), tenant.count(THING)
        tenant.on(THING, *[Reply(401, gate=gate)] * 20, json_reply({}))
        asked = [asyncio.create_task(_ask(client, auth)) for _ in range(20)]
        await tenant.arrival(THING, before + 20)
        gate.set()
        assert {answer.status for answer in await asyncio.gather(*asked)} == {200}, "all share one renewal"
        assert tenant.count(TOKEN) == number + 1
        await clock.advance(1)


async def test_a_token_that_was_never_accepted_is_replaced_after_the_backoff(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource, clock: HandClock
) -> None:
    tenant.on(THING, Reply(401), Reply(401), Reply(401), json_reply({}))
    assert (await _ask(client, auth)).status == 401
    await clock.advance(29)
    assert (await _ask(client, auth)).status == 200, "the same token works after all"
    assert tenant.count(TOKEN) == 2
    tenant.on(THING, Reply(401), json_reply({}))
    assert (await _ask(client, auth)).status == 200, "it has worked by now"
    assert tenant.count(TOKEN) == 3


async def test_an_endpoint_that_rejects_every_token_causes_few_fetches(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource, clock: HandClock
) -> None:
    other = "GET /api/v2/other"
    tenant.on(other, Reply(401))
    for _ in range(360):
        assert (await _ask(client, auth)).status == 200
        request = AuthorizedRequest(client, client.build_request("GET", f"{ISSUER}api/v2/other"), auth)
        for _ in range(2):
            answer = await request.send()
            assert answer.status == 401
        await clock.advance(10)
    assert tenant.count(TOKEN) <= 10


@pytest.mark.parametrize(("status", "proof"), [(403, True), (404, True), (409, True), (400, False), (500, False)])
async def test_only_statuses_after_authentication_count_as_accepted(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource, status: int, proof: bool
) -> None:
    tenant.on(THING, Reply(401), Reply(401), Reply(status), Reply(401), json_reply({}))
    assert (await _ask(client, auth)).status == 401
    assert (await _ask(client, auth)).status == status
    assert (await _ask(client, auth)).status == 200
    assert tenant.count(TOKEN) == (3 if proof else 2)


SCOPES = "read:users read:roles"


async def test_a_missing_scope_fetches_tokens_with_exponential_backoff(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource, clock: HandClock
) -> None:
    tenant.on(TOKEN, token_reply("token", scope=SCOPES))
    for _ in range(1080):
        assert not await auth.grants_any(("read:logs",))
        await clock.advance(10)
    times = [request.at - tenant.seen(TOKEN)[0].at for request in tenant.seen(TOKEN)]
    assert times == [0, 0, 30, 90, 210, 450, 930, 1890, 3810, 7410]


async def test_a_hundred_callers_without_a_scope_fetch_one_replacement(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource
) -> None:
    tenant.on(TOKEN, token_reply("token", scope=SCOPES))
    granted = await asyncio.gather(*(auth.grants_any(("read:logs",)) for _ in range(100)))
    assert set(granted) == {False}
    assert tenant.count(TOKEN) == 2


async def test_changed_scopes_reset_the_backoff(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource, clock: HandClock
) -> None:
    tenant.on(TOKEN, token_reply("token", scope=SCOPES))
    for _ in range(100):
        await auth.grants_any(("read:logs",))
        await clock.advance(10)
    bought = tenant.count(TOKEN)
    tenant.on(TOKEN, token_reply("token", scope=f"{SCOPES} read:logs"))
    await clock.advance(3600)
    assert await auth.grants_any(("read:logs",))
    assert not await auth.grants_any(("update:users",)), "another scope, asked for at once"
    assert tenant.count(TOKEN) == bought + 2


async def test_a_failed_replacement_keeps_the_current_token(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource
) -> None:
    tenant.on(TOKEN, token_reply("token-1", scope=SCOPES), Reply(500))
    with pytest.raises(ManagementUnavailableError):
        await auth.grants_any(("read:logs",))
    assert not await auth.grants_any(("read:logs",))
    assert (await _ask(client, auth)).status == 200
    assert tenant.count(TOKEN) == 2
    assert _tokens_used(tenant) == ["token-1"]


async def _endless_401(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        await writer.drain()


@pytest.mark.parametrize(
    "conduct", [_endless_401, gzip_bomb("401 Unauthorized", megabytes=100)], ids=["endless", "gzip-bomb"]
)
async def test_the_body_of_a_401_is_limited(auth: ManagementTokenSource, conduct: Conduct) -> None:
    async with peer(conduct) as address, wire_client() as wire:
        tracemalloc.start()
        try:
            answer = await AuthorizedRequest(wire, wire.build_request("GET", address), auth).send()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 10_000_000
    assert (answer.status, answer.body) == (401, b"")


async def test_a_cancelled_caller_does_not_cancel_the_fetch(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource
) -> None:
    gate = asyncio.Event()
    tenant.on(TOKEN, token_reply("token-1", gate=gate))
    impatient, patient = (asyncio.create_task(_ask(client, auth)) for _ in range(2))
    await tenant.arrival(TOKEN)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    gate.set()
    assert (await patient).status == 200
    assert tenant.count(TOKEN) == 1


@pytest.mark.parametrize(
    ("life", "renewed_after"),
    [
        pytest.param(DAY, DAY - 300, id="a-day"),
        pytest.param(3000, 2700, id="where-both-margins-meet"),
        pytest.param(100, 90, id="short-lived"),
        pytest.param(0.5, 0.45, id="shorter-than-a-second"),
    ],
)
async def test_a_token_is_used_until_shortly_before_it_expires(
    tenant: ScriptedTenant,
    client: httpx.AsyncClient,
    auth: ManagementTokenSource,
    clock: HandClock,
    life: float,
    renewed_after: float,
) -> None:
    tenant.on(TOKEN, token_reply("token-1", expires_in=life), token_reply("token-2"))
    await _ask(client, auth)
    await clock.advance(renewed_after - 0.01)
    await _ask(client, auth)
    await clock.settle()
    assert tenant.count(TOKEN) == 1
    await clock.advance(0.02)
    await _ask(client, auth)
    await clock.settle()
    assert tenant.count(TOKEN) == 2


async def test_the_old_token_is_used_during_a_background_renewal(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource, clock: HandClock
) -> None:
    await _ask(client, auth)
    gate = asyncio.Event()
    tenant.on(TOKEN, token_reply("token-2", gate=gate))
    await clock.advance(DAY - 100)
    async with asyncio.timeout(5):
        await asyncio.gather(*(_ask(client, auth) for _ in range(20)))
    assert tenant.count(TOKEN) == 2
    gate.set()
    await clock.settle()
    await _ask(client, auth)
    assert _tokens_used(tenant) == ["token-1"] * 21 + ["token-2"]


async def test_an_expired_token_is_never_sent(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource, clock: HandClock
) -> None:
    await _ask(client, auth)
    await clock.advance(DAY)
    await asyncio.gather(*(_ask(client, auth) for _ in range(20)))
    assert tenant.count(TOKEN) == 2
    assert _tokens_used(tenant) == ["token-1"] + ["token-2"] * 20


async def test_a_failed_renewal_is_no_error_until_the_token_expires(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource, clock: HandClock
) -> None:
    complaints: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    await _ask(client, auth)
    tenant.on(TOKEN, Reply(500))
    await clock.advance(DAY - 100)
    assert (await _ask(client, auth)).status == 200
    await clock.settle()
    assert tenant.count(TOKEN) == 2
    await clock.advance(100)
    assert (await _error(client, auth)).reason == "token_status_500"
    assert complaints == []


async def test_a_401_fetches_a_token_and_retries_once(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource
) -> None:
    tenant.on(THING, Reply(401), json_reply({}))
    assert (await _ask(client, auth)).status == 200
    assert _tokens_used(tenant) == ["token-1", "token-2"]
    assert tenant.count(TOKEN) == 2


async def test_a_second_401_is_returned(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource
) -> None:
    tenant.on(THING, Reply(401))
    assert (await _ask(client, auth)).status == 401
    assert _tokens_used(tenant) == ["token-1", "token-2"]
    assert tenant.count(TOKEN) == 2


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500])
async def test_no_other_status_causes_a_fetch_or_a_retry(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource, status: int
) -> None:
    tenant.on(THING, Reply(status))
    assert (await _ask(client, auth)).status == status
    assert (tenant.count(TOKEN), tenant.count(THING)) == (1, 1)


async def test_fifty_callers_with_the_same_401_cause_one_renewal(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource
) -> None:
    gate = asyncio.Event()
    tenant.on(THING, *[Reply(401, gate=gate)] * 50, json_reply({}))
    asked = [asyncio.create_task(_ask(client, auth)) for _ in range(50)]
    await tenant.arrival(THING, 50)
    gate.set()
    assert {answer.status for answer in await asyncio.gather(*asked)} == {200}
    assert tenant.count(TOKEN) == 2
    assert _tokens_used(tenant) == ["token-1"] * 50 + ["token-2"] * 50


async def test_two_callers_whose_new_token_is_rejected_increase_the_backoff_once(
    tenant: ScriptedTenant,
    client: httpx.AsyncClient,
    auth: ManagementTokenSource,
    caplog: pytest.LogCaptureFixture,
) -> None:
    gate = asyncio.Event()
    tenant.on(THING, *[Reply(401, gate=gate)] * 2, Reply(401))
    asked = [asyncio.create_task(_ask(client, auth)) for _ in range(2)]
    await tenant.arrival(THING, 2)
    gate.set()
    assert [answer.status for answer in await asyncio.gather(*asked)] == [401, 401]
    assert caplog.text.count("the next one is fetched in 30 s") == 1
    assert tenant.count(TOKEN) == 2


async def test_a_late_401_for_an_old_token_keeps_the_new_one(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource
) -> None:
    gate = asyncio.Event()
    tenant.on(THING, Reply(401, gate=gate), Reply(401), json_reply({}))
    late = asyncio.create_task(_ask(client, auth))
    await tenant.arrival(THING)
    await _ask(client, auth)
    gate.set()
    assert (await late).status == 200
    assert _tokens_used(tenant) == ["token-1", "token-1", "token-2", "token-2"]
    assert tenant.count(TOKEN) == 2


async def test_a_401_joins_the_renewal_in_progress(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource, clock: HandClock
) -> None:
    await _ask(client, auth)
    gate = asyncio.Event()
    tenant.on(TOKEN, token_reply("token-2", gate=gate))
    tenant.on(THING, Reply(401), json_reply({}))
    await clock.advance(DAY - 100)
    asked = asyncio.create_task(_ask(client, auth))
    await tenant.arrival(TOKEN, 2)
    await clock.settle()
    gate.set()
    assert (await asked).status == 200
    assert tenant.count(TOKEN) == 2
    assert _tokens_used(tenant) == ["token-1", "token-1", "token-2"]


async def test_the_error_of_a_renewal_after_a_401_is_raised(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource
) -> None:
    tenant.on(TOKEN, token_reply("token-1"), json_reply({"error": "access_denied"}, 401))
    tenant.on(THING, Reply(401))
    error = await _error(client, auth)
    assert isinstance(error, ManagementRefusedError)
    assert error.reason == "token_client_refused"


async def test_aclose_cancels_a_renewal_in_progress(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource
) -> None:
    tenant.on(TOKEN, token_reply("token-1", gate=asyncio.Event()))
    asked = asyncio.create_task(_ask(client, auth))
    await tenant.arrival(TOKEN)
    await auth.aclose()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert tenant.count(THING) == 0


_UNAVAILABLE, _REFUSED, _UNREADABLE = ManagementUnavailableError, ManagementRefusedError, ManagementAnswerError


def _said(body: bytes, status: int = 200) -> Reply:
    return Reply(status, body)


@pytest.mark.parametrize(
    ("reply", "error_type", "reason"),
    [
        pytest.param(
            _said(b'{"error": "access_denied", "error_description": "Unauthorized"}', 401),
            _REFUSED,
            "token_client_refused",
            id="wrong-secret",
        ),
        pytest.param(_said(b'{"error": "invalid_client"}', 401), _REFUSED, "token_client_refused", id="401"),
        pytest.param(
            _said(b'{"error": "access_denied", "error_description": "Service not enabled within domain"}', 403),
            _REFUSED,
            "token_audience_unknown",
            id="unknown-api",
        ),
        pytest.param(
            _said(
                b'{"error": "access_denied", "error_description": "Client is not authorized to access '
                b'\\"https://a/\\". You need to create a \\"client-grant\\" associated to this API."}',
                403,
            ),
            _REFUSED,
            "token_grant_missing",
            id="no-grant",
        ),
        pytest.param(_said(b'{"error": "access_denied"}', 403), _REFUSED, "token_access_denied", id="403-other"),
        pytest.param(
            _said(b'{"error": "unauthorized_client"}', 403), _REFUSED, "token_grant_type_not_allowed", id="403"
        ),
        pytest.param(_said(b'{"error": "invalid_client"}', 400), _REFUSED, "token_client_refused", id="400"),
        pytest.param(_said(b"<html>", 403), _REFUSED, "token_status_403", id="403-html"),
        pytest.param(
            _said(b'{"error": "the-client-secret!"}', 403), _REFUSED, "token_status_403", id="403-free-text"
        ),
        pytest.param(
            _said('{"error": "\u00e9l\u00e8ve"}'.encode(), 403), _REFUSED, "token_status_403", id="403-other-letters"
        ),
        pytest.param(_said(b'{"error": 7}', 400), _REFUSED, "token_status_400", id="400-number"),
        pytest.param(_said(b'["error"]', 400), _REFUSED, "token_status_400", id="400-list"),
        pytest.param(
            _said(b'{"error": "' + b"x" * 41 + b'"}', 400), _REFUSED, "token_status_400", id="400-endless-word"
        ),
        pytest.param(_said(b'{"error": "too_many_requests"}', 429), _UNAVAILABLE, "token_rate_limited", id="429"),
        pytest.param(_said(b"", 500), _UNAVAILABLE, "token_status_500", id="500"),
        pytest.param(_said(b"<html>", 503), _UNAVAILABLE, "token_status_503", id="503"),
        pytest.param(_said(b"<html>"), _UNREADABLE, "token_answer_not_json", id="html"),
        pytest.param(
            _said(b'{"access_token": "a", "access_token": "b", "expires_in": 9}'),
            _UNREADABLE,
            "token_answer_duplicate_member",
            id="two-tokens",
        ),
        pytest.param(_said(b" " * 70_000), _UNREADABLE, "token_answer_too_large", id="too-large"),
        pytest.param(
            Reply(headers={"Content-Encoding": "gzip"}), _UNREADABLE, "token_answer_compressed", id="compressed"
        ),
        pytest.param(_said(b"[]"), _UNREADABLE, "token_answer_incomplete", id="list"),
        pytest.param(_said(b'{"expires_in": 9}'), _UNREADABLE, "token_answer_incomplete", id="no-token"),
        pytest.param(
            _said(b'{"access_token": "", "expires_in": 9}'), _UNREADABLE, "token_answer_incomplete", id="empty-token"
        ),
        pytest.param(
            _said(b'{"access_token": 7, "expires_in": 9}'), _UNREADABLE, "token_answer_incomplete", id="number-token"
        ),
        pytest.param(_said(b'{"access_token": "a"}'), _UNREADABLE, "token_answer_incomplete", id="no-life"),
        pytest.param(
            _said(b'{"access_token": "a", "expires_in": "86400"}'),
            _UNREADABLE,
            "token_answer_incomplete",
            id="life-in-text",
        ),
        pytest.param(
            _said(b'{"access_token": "a", "expires_in": true}'),
            _UNREADABLE,
            "token_answer_incomplete",
            id="life-true",
        ),
    ],
)
async def test_each_response_of_the_token_endpoint_has_its_error(
    tenant: ScriptedTenant,
    client: httpx.AsyncClient,
    auth: ManagementTokenSource,
    clock: HandClock,
    reply: Reply,
    error_type: type[TenantError],
    reason: str,
) -> None:
    tenant.on(TOKEN, reply, token_reply("token-1"))
    error = await _error(client, auth)
    assert (type(error), error.reason) == (error_type, reason)
    if isinstance(error, ManagementUnavailableError):
        assert error.retry_after >= 1
    assert tenant.count(THING) == 0, "a request left without a token"
    await clock.advance(1)
    assert (await _ask(client, auth)).status == 200


async def test_a_redirect_of_the_token_endpoint_gets_no_secret(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource
) -> None:
    tenant.on(TOKEN, Reply(307, headers={"Location": "https://evil.example.com/"}))
    assert (await _error(client, auth)).reason == "token_status_307"
    assert [request.line for request in tenant.requests] == [TOKEN]


async def test_a_token_endpoint_that_cannot_be_reached_is_unavailable(client: httpx.AsyncClient) -> None:
    async with wire_client() as wire:
        with refusing_port() as refusing:
            error = await _error(client, ManagementTokenSource(wire, refusing, CREDENTIALS))
        assert (type(error), error.reason) == (ManagementUnavailableError, "token_connection_refused")
        assert str(error.log_detail).startswith(f"{refusing}oauth/token: the connection was refused: nothing listens")
        for conduct in (truncated, garbage):
            async with peer(conduct) as address:
                error = await _error(client, ManagementTokenSource(wire, address, CREDENTIALS))
            assert (type(error), error.reason) == (ManagementUnavailableError, "token_protocol_error")


async def test_no_repr_error_or_log_shows_the_secret_or_token(
    tenant: ScriptedTenant,
    client: httpx.AsyncClient,
    auth: ManagementTokenSource,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    token = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"
    said = f"{SECRET} is not {SECRET}, but {token}"
    tenant.on(TOKEN, token_reply(token), json_reply({"error": SECRET, "error_description": said}, 401))
    await _ask(client, auth)
    shown = [repr(CREDENTIALS), str(CREDENTIALS), repr(auth), repr(vars(auth))]
    tenant.on(THING, Reply(401))
    error = await _error(client, auth)
    shown += [str(error), repr(error), error.reason, *traceback.format_exception(error)]
    for text in [*shown, caplog.text]:
        assert SECRET not in text
        assert token[:10] not in text
    assert "Auth0 answered 401 '[removed] is not [removed], but [removed]'" in caplog.text


async def test_the_log_has_auth0s_words_request_id_and_a_hint(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource, caplog: pytest.LogCaptureFixture
) -> None:
    refused = {"error": "access_denied", "error_description": "Service not enabled within domain: https://a/"}
    tenant.on(TOKEN, json_reply(refused, 403, headers={"X-Auth0-RequestId": "0123456789abcdef0123"}))
    error = await _error(client, auth)
    [said] = [record.getMessage() for record in caplog.records if record.name.startswith("auth0_sso")]
    assert said.startswith(
        "no Management API token: token_audience_unknown (Auth0 answered 403 access_denied "
        "'Service not enabled within domain: https://a/', request id 0123456789abcdef0123; "
        "the audience is not an API of this tenant"
    )
    assert "docs/troubleshooting.md#token_audience_unknown)" in said
    assert error.answer == TenantAnswer(403, "access_denied", "0123456789abcdef0123")
    assert "Service not enabled" not in error.detail


async def test_a_long_or_forged_description_stays_one_short_line(
    tenant: ScriptedTenant, client: httpx.AsyncClient, auth: ManagementTokenSource, caplog: pytest.LogCaptureFixture
) -> None:
    tenant.on(TOKEN, json_reply({"error": "other", "error_description": "first\n\u202esecond " + "x" * 5000}, 403))
    await _error(client, auth)
    [said] = [record.getMessage() for record in caplog.records if record.name.startswith("auth0_sso")]
    assert "'first\\n\\u202esecond xxx" in said
    assert "\n" not in said
    assert len(said) < 500


async def test_debug_logs_of_a_real_connection_do_not_show_the_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with peer(truncated) as address, wire_client() as wire:
        auth = ManagementTokenSource(wire, address, CREDENTIALS)
        error = await _error(wire, auth)
    assert "httpcore" in caplog.text
    for text in (caplog.text, repr(error), *traceback.format_exception(error)):
        assert SECRET not in text
