"""How a call is sent, repeated, waited for and given up; test_client has what it means."""

import asyncio
import logging

import httpx
import pytest

from auth0_sso.errors import (
    Auth0SsoError,
    ManagementRateLimitedError,
    ManagementRefusedError,
    ManagementUnavailableError,
    NotFoundError,
)
from auth0_sso.events import Event, TenantCallShed
from auth0_sso.http.bounded_http import BoundedResponse
from auth0_sso.management.call import TIMEOUT, ManagementCaller
from auth0_sso.management.fair_queue import Priority
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import ISSUER
from support.clock import SkippingClock
from support.management_chain import ManagementChain, management_chain
from support.tenant_script import TOKEN, Reply, ScriptedTenant, error_reply, json_reply, token_reply

OK = json_reply({})
LIMITED = error_reply(429, "Global limit has been reached", "too_many_requests")
VERBS = ("GET", "PUT", "DELETE", "POST", "PATCH")
REPEATABLE = ("GET", "PUT", "DELETE")


def thing(verb: str = "GET") -> str:
    return f"{verb} /api/v2/thing"


@pytest.fixture
def caller(chain: ManagementChain) -> ManagementCaller:
    return chain.caller


async def call(caller: ManagementCaller, verb: str = "GET", *scopes: str) -> BoundedResponse:
    return await caller.call(verb, "/thing", scopes=scopes)


async def error(caller: ManagementCaller, verb: str = "GET", *scopes: str) -> Auth0SsoError:
    with pytest.raises(Auth0SsoError) as raised:
        await call(caller, verb, *scopes)
    return raised.value


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
@pytest.mark.parametrize("verb", VERBS)
async def test_a_failed_request_is_retried_only_if_it_is_idempotent(
    tenant: ScriptedTenant, caller: ManagementCaller, verb: str, status: int
) -> None:
    tenant.on(thing(verb), Reply(status), OK)
    if verb in REPEATABLE:
        assert (await call(caller, verb)).status == 200
        assert tenant.count(thing(verb)) == 2
    else:
        assert (await error(caller, verb)).reason == f"status_{status}"
        assert tenant.count(thing(verb)) == 1


async def test_a_permanent_failure_is_raised_after_three_attempts_with_exponential_backoff(
    tenant: ScriptedTenant, caller: ManagementCaller, skipping: SkippingClock
) -> None:
    tenant.on(thing(), Reply(503))
    failed = await error(caller)
    assert (type(failed), failed.reason) == (ManagementUnavailableError, "status_503")
    assert tenant.count(thing()) == 3
    first, second = skipping.pauses
    assert 0.25 <= first <= 0.5 <= second <= 1


@pytest.mark.parametrize("verb", VERBS)
async def test_a_429_is_retried_for_every_method(
    tenant: ScriptedTenant, caller: ManagementCaller, clock: HandClock, skipping: SkippingClock, verb: str
) -> None:
    in_a_second = str(int(clock.now) + 1)
    tenant.on(thing(verb), error_reply(429, X_RateLimit_Reset=in_a_second), OK)
    assert (await call(caller, verb)).status == 200
    (pause,) = skipping.pauses
    assert 1 <= pause < 1.2


@pytest.mark.parametrize(
    ("headers", "retry_after"),
    [
        ({"Retry_After": "17"}, 17),
        ({"Retry_After": "8"}, 8),
        ({"Retry_After": "999999"}, 3600),
        ({"X_RateLimit_Reset": "1800000060"}, 60),
        ({"X_RateLimit_Reset": "1900000000"}, 3600),
        ({"Retry_After": "17", "X_RateLimit_Reset": "1800000600"}, 17),
        ({"Retry_After": "x", "X_RateLimit_Reset": "1800000600"}, 600),
    ],
    ids=str,
)
async def test_a_retry_after_longer_than_the_timeout_is_raised_at_once(
    tenant: ScriptedTenant,
    caller: ManagementCaller,
    skipping: SkippingClock,
    headers: dict[str, str],
    retry_after: int,
) -> None:
    tenant.on(thing(), error_reply(429, **headers))
    limited = await error(caller)
    assert isinstance(limited, ManagementRateLimitedError)
    assert limited.retry_after == retry_after
    assert tenant.count(thing()) == 1
    assert skipping.pauses == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Retry_After": "-5"},
        {"Retry_After": "1.5"},
        {"Retry_After": "9" * 13},
        {"Retry_After": "Wed, 21 Oct 2026 07:28:00 GMT"},
        {"X_RateLimit_Reset": "soon"},
    ],
    ids=str,
)
async def test_a_malformed_retry_after_is_retried_with_backoff(
    tenant: ScriptedTenant, caller: ManagementCaller, headers: dict[str, str]
) -> None:
    tenant.on(thing("POST"), error_reply(429, **headers))
    limited = await error(caller, "POST")
    assert isinstance(limited, ManagementRateLimitedError)
    assert limited.retry_after == 1
    assert tenant.count(thing("POST")) == 3


async def test_a_retry_after_of_zero_causes_no_flood_of_retries(
    tenant: ScriptedTenant, caller: ManagementCaller, clock: HandClock
) -> None:
    tenant.on(thing(), error_reply(429, Retry_After="0"))
    started = clock.now
    await error(caller)
    assert clock.now - started <= TIMEOUT
    assert tenant.count(thing()) <= 6


async def test_the_global_limit_message_is_a_rate_limit_whatever_its_status(
    tenant: ScriptedTenant, caller: ManagementCaller
) -> None:
    tenant.on(thing("POST"), error_reply(403, "Global limit has been reached"), OK)
    assert (await call(caller, "POST")).status == 200


async def test_a_reached_rate_limit_pauses_all_callers(
    tenant: ScriptedTenant, caller: ManagementCaller, clock: HandClock, skipping: SkippingClock
) -> None:
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(clock.now) + 2)}
    tenant.on(thing(), json_reply({}, headers=spent), OK)
    await call(caller)
    assert skipping.pauses == []
    assert (await call(caller)).status == 200
    assert 2 <= skipping.pauses[0] < 2.2
    assert tenant.requests[-1].at - tenant.requests[1].at >= 2


async def test_a_reset_past_the_timeout_is_raised_without_a_request(
    tenant: ScriptedTenant, caller: ManagementCaller, clock: HandClock
) -> None:
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(clock.now) + 60)}
    tenant.on(thing(), json_reply({}, headers=spent))
    await call(caller)
    limited = await error(caller, "POST")
    assert isinstance(limited, ManagementRateLimitedError)
    assert (limited.retry_after, tenant.count(thing()), tenant.count(thing("POST"))) == (60, 1, 0)


async def test_after_a_pause_role_look_ups_have_priority_and_subjects_alternate(
    tenant: ScriptedTenant, caller: ManagementCaller, clock: HandClock
) -> None:
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(clock.now) + 2)}
    tenant.on(thing(), json_reply({}, headers=spent), json_reply({}))
    await call(caller)
    priorities = [*[Priority("a")] * 20, Priority("b"), Priority("b"), Priority("c"), Priority("d", high=True)]
    for number, priority in enumerate(priorities):
        tenant.on(f"GET /api/v2/{priority.subject}{number}", OK)
    calls = [
        asyncio.create_task(caller.call("GET", f"/{priority.subject}{number}", priority=priority))
        for number, priority in enumerate(priorities)
    ]
    await asyncio.gather(*calls)
    order = [request.line.removeprefix("GET /api/v2/")[0] for request in tenant.requests[2:]]
    assert "".join(order) == "dabcaba" + "a" * 17


async def test_a_rate_limited_look_up_keeps_its_priority_after_the_pause(
    tenant: ScriptedTenant, caller: ManagementCaller, clock: HandClock
) -> None:
    started = clock.now
    limited = error_reply(429, X_RateLimit_Reset=str(int(started) + 1))
    tenant.on("GET /api/v2/look-up", limited, OK)
    tenant.on(thing(), limited, OK)
    look_up = caller.call("GET", "/look-up", priority=Priority("z", high=True))
    others = (caller.call("GET", "/thing", priority=Priority("a")) for _ in range(30))
    await asyncio.gather(*others, look_up)
    after = [request.line for request in tenant.requests if request.at >= started + 1]
    assert after[0] == "GET /api/v2/look-up"
    assert len(after) > 20, "all others waited for the pause as well"


async def test_a_pause_past_their_timeout_is_raised_by_queued_callers(
    tenant: ScriptedTenant, caller: ManagementCaller, clock: HandClock
) -> None:
    gate = asyncio.Event()
    tenant.on(thing(), error_reply(429, Retry_After="60"))
    tenant.on("GET /api/v2/slow", json_reply({}, gate=gate))
    slow = [asyncio.create_task(caller.call("GET", "/slow")) for _ in range(9)]
    await tenant.arrival("GET /api/v2/slow", 9)
    errors = await asyncio.gather(*(error(caller) for _ in range(20)))
    assert {(type(failed), failed.retry_after) for failed in errors} == {(ManagementRateLimitedError, 60)}
    assert tenant.count(thing()) == 1
    gate.set()
    await asyncio.gather(*slow)


async def test_a_timeout_during_a_pause_is_a_rate_limit_error(
    tenant: ScriptedTenant,
    client: httpx.AsyncClient,
    chain: ManagementChain,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("auth0_sso.management.call.TIMEOUT", 0.2)
    caller = ManagementCaller(client, ISSUER, chain.auth, clock=clock)
    reset, clock.now = int(clock.now) + 1, clock.now + 0.9
    tenant.on(thing(), json_reply({}, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}))
    await call(caller)
    limited = await error(caller)  # the pause of 0.1 s stands still with the clock; real time goes on
    assert (type(limited), limited.retry_after) == (ManagementRateLimitedError, 1)
    assert tenant.count(thing()) == 1


async def test_a_rate_limit_that_is_not_reached_pauses_no_caller(
    tenant: ScriptedTenant, caller: ManagementCaller, clock: HandClock, skipping: SkippingClock
) -> None:
    left = {"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": str(int(clock.now) + 60)}
    unclear = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}
    tenant.on(thing(), json_reply({}, headers=left), json_reply({}, headers=unclear), OK)
    for _ in range(3):
        await call(caller)
    assert skipping.pauses == []


async def test_repeated_failures_open_the_circuit_breaker_until_a_trial_succeeds(
    tenant: ScriptedTenant, caller: ManagementCaller, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    tenant.on(thing("POST"), Reply(503))
    for _ in range(5):
        await error(caller, "POST")
    left_alone = await error(caller, "POST")
    assert isinstance(left_alone, ManagementUnavailableError)
    assert (left_alone.reason, left_alone.retry_after) == ("status_503", 5)
    assert tenant.count(thing("POST")) == 5
    said = [record.getMessage() for record in caplog.records if record.name.startswith("auth0_sso")]
    assert said == [
        "the Management API failed: status_503 (Auth0 answered 503)",
        "the Management API failed several times in a row: circuit breaker open: status_503 (Auth0 answered 503)",
    ]
    clock.now += 5
    tenant.on(thing("POST"), OK)
    assert (await call(caller, "POST")).status == 200
    assert (await call(caller, "POST")).status == 200


async def test_a_rejected_request_does_not_count_for_the_circuit_breaker(
    tenant: ScriptedTenant, caller: ManagementCaller
) -> None:
    tenant.on(thing("POST"), error_reply(404, "The user does not exist.", "inexistent_user"))
    for _ in range(20):
        assert isinstance(await error(caller, "POST"), NotFoundError)
    assert tenant.count(thing("POST")) == 20


async def test_the_timeout_includes_waiting_in_the_queue(
    tenant: ScriptedTenant, caller: ManagementCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth0_sso.management.call.TIMEOUT", 0.2)
    gate = asyncio.Event()
    tenant.on(thing(), json_reply({}, gate=gate))
    errors = await asyncio.gather(*(error(caller) for _ in range(30)))
    assert {failed.reason for failed in errors} == {"timeout"}
    gate.set()
    tenant.on(thing(), OK)
    assert (await call(caller)).status == 200, "a queue of our own opened the breaker"


async def test_a_401_is_retried_once_with_another_token(tenant: ScriptedTenant, caller: ManagementCaller) -> None:
    tenant.on(TOKEN, token_reply("token-1"), token_reply("token-2"))
    tenant.on(thing("POST"), Reply(401), OK)
    assert (await call(caller, "POST")).status == 200
    used = [request.headers["Authorization"] for request in tenant.seen(thing("POST"))]
    assert used == ["Bearer token-1", "Bearer token-2"]


async def test_a_missing_scope_is_logged_and_nothing_is_sent(
    tenant: ScriptedTenant, caller: ManagementCaller, caplog: pytest.LogCaptureFixture
) -> None:
    tenant.on(TOKEN, token_reply("token-1", scope="read:roles read:users"))
    refused = await error(caller, "GET", "update:users", "create:role_members")
    assert isinstance(refused, ManagementRefusedError)
    assert (refused.reason, refused.scopes) == ("scope_missing", ("update:users", "create:role_members"))
    assert "grant it one of update:users, create:role_members" in caplog.text
    assert tenant.count(thing()) == 0


async def test_one_of_the_accepted_scopes_is_enough(tenant: ScriptedTenant, caller: ManagementCaller) -> None:
    tenant.on(TOKEN, token_reply("token-1", scope="read:roles read:users"))
    tenant.on(thing(), OK)
    assert (await call(caller, "GET", "read:users", "read:role_members")).status == 200


async def test_a_scope_granted_later_is_noticed_with_few_tokens(
    tenant: ScriptedTenant, caller: ManagementCaller, clock: HandClock
) -> None:
    poor, rich = token_reply("token-1", scope="read:users"), token_reply("token-2", scope="read:users update:users")
    tenant.on(TOKEN, poor)
    tenant.on(thing(), OK)
    for _ in range(10):
        assert (await error(caller, "GET", "update:users")).reason == "scope_missing"
    assert tenant.count(TOKEN) == 2
    tenant.on(TOKEN, rich)
    clock.now += 30
    assert (await call(caller, "GET", "update:users")).status == 200
    assert tenant.count(TOKEN) == 3


async def test_the_scopes_in_a_403_are_parsed_and_logged(
    tenant: ScriptedTenant, caller: ManagementCaller, caplog: pytest.LogCaptureFixture
) -> None:
    message = "Insufficient scope, expected any of: read:users,read:user_idp_tokens; update:users"
    tenant.on(thing(), error_reply(403, message, "insufficient_scope"))
    refused = await error(caller)
    assert isinstance(refused, ManagementRefusedError)
    assert refused.scopes == ("read:users", "read:user_idp_tokens", "update:users")
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "grant it one of read:users, read:user_idp_tokens, update:users" in record.getMessage()


@pytest.mark.parametrize("code", ["a b", "\u00e9l\u00e8ve", "x" * 65, "7up", "", 7, ["code"]])
async def test_an_error_code_that_is_no_ascii_word_is_not_a_reason(
    tenant: ScriptedTenant, caller: ManagementCaller, code: object
) -> None:
    tenant.on(thing(), error_reply(409, "It exists.", code))
    assert (await error(caller)).reason == "status_409"


@pytest.mark.parametrize(
    ("headers", "request_id"),
    [
        ({"X_Auth0_RequestId": "0123456789abcdef0123"}, "0123456789abcdef0123"),
        ({"ot_baggage_auth0_request_id": "6a2f"}, "6a2f"),
        ({"X_Auth0_RequestId": "x" * 129}, None),
        ({}, None),
    ],
    ids=range(4),
)
async def test_an_error_keeps_the_request_id_for_auth0s_support(
    tenant: ScriptedTenant, caller: ManagementCaller, headers: dict[str, str], request_id: str | None
) -> None:
    tenant.on(thing(), error_reply(409, "It exists.", "auth0_idp_error", **headers))
    conflict = await error(caller)
    assert conflict.answer is not None
    assert (conflict.answer.status, conflict.answer.error_code, conflict.answer.request_id) == (
        409,
        "auth0_idp_error",
        request_id,
    )


async def test_calls_beyond_those_that_may_wait_are_refused_at_once(
    tenant: ScriptedTenant, client: httpx.AsyncClient, clock: HandClock
) -> None:
    tenant.on(TOKEN, token_reply("token-1"))
    tenant.on(thing(), json_reply({}, gate=asyncio.Event()))
    seen: list[Event] = []

    async def outcomes(number: int, priority: Priority) -> int:
        calls = [chain.caller.call("GET", "/thing", priority=priority) for _ in range(number)]
        waiting.extend(map(asyncio.create_task, calls))
        await clock.settle()
        refused = [task.exception() for task in waiting if task.done()]
        assert {error.reason for error in refused if isinstance(error, ManagementUnavailableError)} <= {"queue_full"}
        waiting[:] = [task for task in waiting if not task.done()]
        return len(refused)

    waiting: list[asyncio.Task[BoundedResponse]] = []
    async with management_chain(client, clock, observe=seen.append) as chain:
        assert await outcomes(510, Priority("crowd", low=True)) == 10
        assert await outcomes(510, Priority("user")) == 10
        assert await outcomes(1010, Priority("role look-up", high=True)) == 10
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert seen.count(TenantCallShed("management", "queue_full")) == 30
        tenant.on(thing(), OK)
        assert (await call(chain.caller)).status == 200
