import asyncio
from base64 import urlsafe_b64decode

import httpx
import pytest

from auth0_sso.errors import InvalidTokenError
from auth0_sso.jwks.freshness import Freshness
from auth0_sso.jwks.remote import RemoteJwks
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import ISSUER, Issuer
from support.tenant_keys import KeyPages, all_found, found, kept_fresh, outage, refusal
from support.tenant_script import DISCOVERY, JWKS, Reply, ScriptedTenant, discovery_reply, json_reply


async def test_two_hundred_first_requests_cause_one_discovery_and_one_fetch(
    tenant: ScriptedTenant, jwks: RemoteJwks
) -> None:
    assert await all_found(found(jwks) for _ in range(200)) == {"key-0"}
    assert [request.line for request in tenant.requests] == [DISCOVERY, JWKS]


async def test_one_failed_fetch_is_raised_by_all_waiting_requests(
    tenant: ScriptedTenant, jwks: RemoteJwks, pages: KeyPages
) -> None:
    pages.go_down()
    errors = await asyncio.gather(*(outage(jwks) for _ in range(50)))
    assert {error.reason for error in errors} == {"status_503"}
    assert len(tenant.requests) == 1


async def test_a_cancelled_request_does_not_cancel_the_fetch(
    tenant: ScriptedTenant, jwks: RemoteJwks, pages: KeyPages
) -> None:
    gate = asyncio.Event()
    pages.show("key-0", gate=gate)
    impatient, patient = (asyncio.create_task(found(jwks)) for _ in range(2))
    await tenant.arrival(JWKS)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    gate.set()
    assert await patient == "key-0"
    assert tenant.count(JWKS) == 1


async def test_the_key_found_verifies_what_the_issuer_signed(jwks: RemoteJwks, issuer: Issuer) -> None:
    key = await jwks.find_key("key-0", "RS256")
    signature = urlsafe_b64decode(issuer.sign("said", kid="key-0").removeprefix("said.") + "==")
    assert key.verifies(b"said", signature)
    assert not key.verifies(b"said otherwise", signature)


async def test_a_known_kid_of_another_algorithm_is_unknown(jwks: RemoteJwks) -> None:
    with pytest.raises(InvalidTokenError) as raised:
        await jwks.find_key("key-0", "RS384")
    assert raised.value.reason == "kid_unknown"


async def test_requests_carry_no_credentials_and_ask_for_json(tenant: ScriptedTenant, jwks: RemoteJwks) -> None:
    await found(jwks)
    for request in tenant.requests:
        assert request.headers["Accept"] == "application/json"
        assert not {"authorization", "cookie"} & set(request.headers)
        assert (request.query, request.body) == ("", b"")


async def test_aclose_cancels_a_fetch_in_progress(tenant: ScriptedTenant, jwks: RemoteJwks, pages: KeyPages) -> None:
    pages.show("key-0", gate=asyncio.Event())
    waiting = asyncio.create_task(found(jwks))
    await tenant.arrival(JWKS)
    await jwks.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize(
    ("cache_control", "life"),
    [
        pytest.param("", 600, id="none-given"),
        pytest.param("no-cache, no-store", 600, id="other-directives"),
        pytest.param("max-age=15", 300, id="auth0s-own-below-the-floor"),
        pytest.param("max-age=0", 300, id="zero"),
        pytest.param("max-age=300", 300, id="the-floor"),
        pytest.param("max-age=1200", 1200, id="between"),
        pytest.param("public, Max-Age=900, must-revalidate", 900, id="among-others"),
        pytest.param("public,max-age=900", 900, id="no-space"),
        pytest.param("s-maxage=900", 600, id="for-shared-caches-only"),
        pytest.param("x-max-age=900", 600, id="of-another-name"),
        pytest.param("max-age=-1", 600, id="negative"),
        pytest.param("max-age=soon", 600, id="no-number"),
        pytest.param("max-age=٩٠٠", 600, id="no-ascii-number"),
        pytest.param("max-age=86400", 86_400, id="the-ceiling"),
        pytest.param("max-age=31536000", 86_400, id="a-year"),
        pytest.param("max-age=" + "9" * 30, 86_400, id="more-than-time-has"),
    ],
)
async def test_max_age_is_used_between_min_and_max(
    tenant: ScriptedTenant,
    jwks: RemoteJwks,
    clock: HandClock,
    pages: KeyPages,
    cache_control: str,
    life: float,
) -> None:
    pages.show("key-0", cache_control=cache_control)
    await found(jwks)
    await clock.advance(life - 1)
    await found(jwks)
    assert (jwks.health.state, tenant.count(JWKS)) == ("fresh", 1)
    await clock.advance(1)
    assert jwks.health.state == "stale"
    await found(jwks)
    assert (jwks.health.state, tenant.count(JWKS)) == ("fresh", 2)


async def test_the_default_max_age_is_for_responses_without_one(
    tenant: ScriptedTenant, client: httpx.AsyncClient, clock: HandClock, pages: KeyPages
) -> None:
    pages.show("key-0", cache_control="")
    jwks = RemoteJwks(client, ISSUER, freshness=Freshness(max_age=60), clock=clock)
    await found(jwks)
    await clock.advance(59)
    await found(jwks)
    assert tenant.count(JWKS) == 1
    await clock.advance(1)
    await found(jwks)
    assert tenant.count(JWKS) == 2


async def test_discovery_is_fetched_once_while_fetches_succeed(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock
) -> None:
    for _ in range(3):
        await found(jwks)
        await clock.advance(600)
    assert (tenant.count(DISCOVERY), tenant.count(JWKS)) == (1, 3)


async def test_a_moved_jwks_uri_is_discovered_after_a_failure(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock, issuer: Issuer
) -> None:
    await found(jwks)
    tenant.on(JWKS, Reply(404))
    tenant.on(DISCOVERY, discovery_reply({"jwks_uri": f"{ISSUER}moved"}))
    tenant.on("GET /moved", json_reply(issuer.jwks("key-1")))
    async with kept_fresh(jwks, clock):
        await clock.advance(600 * 0.8 + 1)
    assert await found(jwks, "key-1") == "key-1"


async def test_the_first_request_finds_the_keys_already_there(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock
) -> None:
    async with kept_fresh(jwks, clock):
        assert jwks.health.state == "fresh"
        await found(jwks)
    assert tenant.count(JWKS) == 1


@pytest.mark.parametrize("life", [300, 600, 86_400])
async def test_the_set_is_fetched_again_at_80_percent_of_max_age(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock, pages: KeyPages, life: float
) -> None:
    pages.show("key-0", cache_control=f"max-age={life}")
    start = clock.now
    async with kept_fresh(jwks, clock):
        await clock.advance(life * 3)
    pauses = [request.at - start for request in tenant.seen(JWKS)]
    assert pauses == pytest.approx([0, life * 0.8, life * 1.6, life * 2.4])


async def test_no_request_waits_for_a_background_refresh(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock, pages: KeyPages
) -> None:
    gate = asyncio.Event()
    async with kept_fresh(jwks, clock):
        pages.show("key-0", "key-1", gate=gate)
        await clock.advance(599)
        assert tenant.count(JWKS) == 2
        assert await all_found(found(jwks) for _ in range(20)) == {"key-0"}
        gate.set()
        await clock.settle()
        assert await found(jwks, "key-1") == "key-1"
    assert tenant.count(JWKS) == 2


async def test_two_quiet_days_cause_one_fetch_per_refresh_without_discovery(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock
) -> None:
    async with kept_fresh(jwks, clock):
        await clock.advance(172_800)
    assert tenant.count(DISCOVERY) == 1
    assert tenant.count(JWKS) == 1 + 172_800 // 480


async def test_keep_fresh_joins_the_fetch_of_a_request(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock, pages: KeyPages
) -> None:
    gate = asyncio.Event()
    pages.show("key-0", gate=gate)
    waiting = asyncio.create_task(found(jwks))
    await tenant.arrival(JWKS)
    async with kept_fresh(jwks, clock):
        gate.set()
        assert await waiting == "key-0"
        await clock.settle()
    assert tenant.count(JWKS) == 1


async def test_unknown_kids_cause_three_fetches_then_one_per_cooldown(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock
) -> None:
    await found(jwks)
    for number in range(91):
        assert await refusal(jwks, f"kid-{number}") == "kid_unknown"
        await clock.advance(1)
    start = tenant.requests[0].at
    assert [request.at - start for request in tenant.seen(JWKS)] == [0, 0, 1, 2, 30, 60, 90]
    assert tenant.count(DISCOVERY) == 1


async def test_a_flood_of_unknown_kids_causes_one_fetch(
    tenant: ScriptedTenant, jwks: RemoteJwks, pages: KeyPages, clock: HandClock
) -> None:
    await found(jwks)
    gate = asyncio.Event()
    pages.show("key-0", gate=gate)
    flood = [asyncio.create_task(refusal(jwks, f"kid-{number}")) for number in range(1000)]
    await tenant.arrival(JWKS, 2)
    assert await all_found(found(jwks) for _ in range(50)) == {"key-0"}
    assert not any(task.done() for task in flood)
    gate.set()
    assert set(await asyncio.gather(*flood)) == {"kid_unknown"}
    assert tenant.count(JWKS) == 2


async def test_a_flood_before_the_first_fetch_causes_two_fetches_at_most(
    tenant: ScriptedTenant, jwks: RemoteJwks
) -> None:
    assert set(await asyncio.gather(*(refusal(jwks, f"kid-{number}") for number in range(1000)))) == {"kid_unknown"}
    assert tenant.count(DISCOVERY) == 1
    assert tenant.count(JWKS) <= 2


async def test_a_flood_during_an_outage_causes_one_attempt(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock, pages: KeyPages
) -> None:
    await found(jwks)
    pages.go_down()
    await asyncio.gather(*(outage(jwks, f"kid-{number}") for number in range(1000)))
    assert tenant.count(JWKS) == 2
    assert await found(jwks) == "key-0"


async def test_failed_early_fetches_count_and_wait_for_the_backoff(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock, pages: KeyPages
) -> None:
    await found(jwks)
    pages.go_down()
    for _ in range(30):
        for _ in range(5):
            await outage(jwks, "kid")
        await clock.advance(1)
    start = tenant.requests[0].at
    failed = [request.at - start for request in tenant.requests[2:]]
    assert failed[:2] == [0, 1]
    assert len(failed) == 3
    await outage(jwks, "kid")
    assert len(tenant.requests) == 2 + 4


async def test_a_rotation_is_noticed_by_the_first_request_with_it(
    tenant: ScriptedTenant, jwks: RemoteJwks, pages: KeyPages
) -> None:
    await found(jwks)
    pages.show("key-1", "key-0")
    assert await all_found(found(jwks, "key-1") for _ in range(50)) == {"key-1"}
    assert tenant.count(JWKS) == 2


async def test_rotations_in_quick_succession_are_each_noticed_at_once(
    tenant: ScriptedTenant, jwks: RemoteJwks, pages: KeyPages, clock: HandClock
) -> None:
    await found(jwks)
    for number in range(10):
        pages.show(f"key-{number % 4}")
        assert await found(jwks, f"key-{number % 4}") == f"key-{number % 4}"
        await clock.advance(1)
    assert tenant.count(JWKS) == 10


@pytest.mark.parametrize("vain", [1, 2])
async def test_a_rotation_right_after_unknown_kids_is_noticed_at_once(
    tenant: ScriptedTenant, jwks: RemoteJwks, pages: KeyPages, vain: int
) -> None:
    await found(jwks)
    for number in range(vain):
        assert await refusal(jwks, f"kid-{number}") == "kid_unknown"
    pages.show("key-1", "key-0")
    assert await found(jwks, "key-1") == "key-1"
    assert tenant.count(JWKS) == 1 + vain + 1


async def test_concurrent_requests_with_unknown_kids_count_as_one_fetch(
    tenant: ScriptedTenant, jwks: RemoteJwks, pages: KeyPages
) -> None:
    await found(jwks)
    for _ in range(2):
        await asyncio.gather(*(refusal(jwks, "vain") for _ in range(20)))
    assert tenant.count(JWKS) == 1 + 2
    pages.show("key-1", "key-0")
    assert await found(jwks, "key-1") == "key-1"


async def test_a_fetch_that_finds_its_key_does_not_count(
    tenant: ScriptedTenant, jwks: RemoteJwks, pages: KeyPages
) -> None:
    await found(jwks)
    pages.show("key-1", "key-0")
    await found(jwks, "key-1")
    for number in range(25):
        assert await refusal(jwks, f"kid-{number}") == "kid_unknown"
    assert tenant.count(JWKS) == 2 + 3


async def test_a_flood_is_limited_even_if_the_keys_change(
    tenant: ScriptedTenant, jwks: RemoteJwks, pages: KeyPages, issuer: Issuer
) -> None:
    await found(jwks)
    tenant.on(JWKS, *(json_reply(issuer.jwks(f"key-{number % 2}")) for number in range(100)))
    for number in range(25):
        assert await refusal(jwks, f"kid-{number}") == "kid_unknown"
    assert tenant.count(JWKS) == 1 + 3


async def test_a_rotation_under_load_refuses_no_token(
    tenant: ScriptedTenant, jwks: RemoteJwks, pages: KeyPages
) -> None:
    async def call_often(kid: str) -> None:
        for _ in range(20):
            assert await found(jwks, kid) == kid
            await asyncio.sleep(0)

    await found(jwks)
    async with asyncio.TaskGroup() as callers:
        for _ in range(50):
            callers.create_task(call_often("key-0"))
        await asyncio.sleep(0)
        pages.show("key-1", "key-0")
        for _ in range(50):
            callers.create_task(call_often("key-1"))
    assert tenant.count(JWKS) == 2


async def test_a_rotation_during_a_flood_is_noticed_after_the_cooldown(
    jwks: RemoteJwks, clock: HandClock, pages: KeyPages
) -> None:
    await found(jwks)
    for number in range(25):
        assert await refusal(jwks, f"kid-{number}") == "kid_unknown"
    pages.show("key-1", "key-0")
    await clock.advance(29)
    assert await refusal(jwks, "key-1") == "kid_unknown"
    await clock.advance(1)
    assert await found(jwks, "key-1") == "key-1"


async def test_a_rotation_is_noticed_by_joining_a_background_refresh(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock, pages: KeyPages
) -> None:
    gate = asyncio.Event()
    async with kept_fresh(jwks, clock):
        pages.show("key-0", "key-1", gate=gate)
        await clock.advance(480)
        waiting = [asyncio.create_task(found(jwks, "key-1")) for _ in range(10)]
        await clock.settle()
        gate.set()
        assert await asyncio.gather(*waiting) == ["key-1"] * 10
    assert tenant.count(JWKS) == 2


async def test_a_withdrawn_key_is_rejected_after_the_next_fetch(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock, pages: KeyPages
) -> None:
    async with kept_fresh(jwks, clock):
        await found(jwks)
        pages.show("key-1")
        await clock.advance(480)
        assert await refusal(jwks, "key-0") == "kid_unknown"
        assert await found(jwks, "key-1") == "key-1"


async def test_a_key_withdrawn_before_an_outage_stays_withdrawn(
    tenant: ScriptedTenant, jwks: RemoteJwks, clock: HandClock, pages: KeyPages
) -> None:
    async with kept_fresh(jwks, clock):
        pages.show("key-1")
        await clock.advance(480)
        pages.go_down()
        await clock.advance(480)
        await outage(jwks, "key-0")
        assert await found(jwks, "key-1") == "key-1"
