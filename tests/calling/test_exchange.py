"""Tokens on behalf of callers: what is asked of the tenant, what is kept, and whose fault a refusal is."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from auth0_sso.calling.exchange import TokenExchange
from auth0_sso.errors import (
    Auth0SsoError,
    ClientQuotaError,
    ClientRefusedError,
    ExchangeRefusedError,
    TokenAnswerError,
    TokenUnavailableError,
)
from auth0_sso.oauth.proofs import Proofs
from auth0_sso.oauth.token_endpoint import TokenEndpoint
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import ISSUER
from support.access_tokens import access_token
from support.tenant_script import TOKEN, Reply, ScriptedTenant, json_reply, token_reply
from support.token_cases import NOW

ORDERS = "https://api.orders"
CALLER = access_token(exp=NOW + 3600)
TEXT = "the-callers-token"
DAY = 86_400


@pytest.fixture
async def exchange(client: httpx.AsyncClient, clock: HandClock) -> AsyncIterator[TokenExchange]:
    endpoint = TokenEndpoint(client, ISSUER, "the-client-id", Proofs("the-secret"), clock=clock)
    exchange = TokenExchange(endpoint, clock=clock)
    yield exchange
    await exchange.aclose()


def refusal(status: int, error: str, description: str = "") -> Reply:
    return json_reply({"error": error, "error_description": description}, status)


async def test_the_request_is_that_of_rfc_8693(tenant: ScriptedTenant, exchange: TokenExchange) -> None:
    tenant.on(TOKEN, token_reply("for-orders", scope="read:orders"))
    token = await exchange.exchange(CALLER, TEXT, ORDERS, "write:orders read:orders")
    assert (token.text, token.scopes) == ("for-orders", frozenset({"read:orders"}))
    assert tenant.seen(TOKEN)[0].json() == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": TEXT,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "audience": ORDERS,
        "scope": "read:orders write:orders",
        "client_id": "the-client-id",
        "client_secret": "the-secret",
    }
    assert "for-orders" not in repr(token)


async def test_fifty_calls_at_once_cost_one_exchange(tenant: ScriptedTenant, exchange: TokenExchange) -> None:
    gate = asyncio.Event()
    tenant.on(TOKEN, token_reply("for-orders", gate=gate))
    calls = [asyncio.create_task(exchange.exchange(CALLER, TEXT, ORDERS)) for _ in range(50)]
    await tenant.arrival(TOKEN)
    gate.set()
    assert {token.text for token in await asyncio.gather(*calls)} == {"for-orders"}
    assert tenant.count(TOKEN) == 1


async def test_each_caller_audience_and_scope_has_a_token_of_its_own(
    tenant: ScriptedTenant, exchange: TokenExchange
) -> None:
    tenant.on(TOKEN, *(token_reply(f"token-{number}") for number in range(4)))
    asked = [(TEXT, ORDERS, ""), ("another", ORDERS, ""), (TEXT, "https://api.bills", ""), (TEXT, ORDERS, "a b")]
    texts = [(await exchange.exchange(CALLER, *each)).text for each in asked]
    assert texts == ["token-0", "token-1", "token-2", "token-3"]
    assert (await exchange.exchange(CALLER, TEXT, ORDERS, "b a b")).text == "token-3"
    assert tenant.count(TOKEN) == 4


@pytest.mark.parametrize(("lifetime", "end"), [(DAY, 3590), (300, 290)], ids=["callers", "own"])
async def test_a_token_is_kept_no_longer_than_the_callers_or_its_own(
    tenant: ScriptedTenant, exchange: TokenExchange, clock: HandClock, lifetime: float, end: float
) -> None:
    tenant.on(TOKEN, token_reply("first", expires_in=lifetime), token_reply("second", expires_in=lifetime))
    await exchange.exchange(CALLER, TEXT, ORDERS)
    clock.now += end - 1
    assert (await exchange.exchange(CALLER, TEXT, ORDERS)).text == "first"
    clock.now += 1
    assert (await exchange.exchange(CALLER, TEXT, ORDERS)).text == "second"


async def test_old_tokens_make_room_for_new_ones(tenant: ScriptedTenant, exchange: TokenExchange) -> None:
    tenant.on(TOKEN, token_reply("any"))
    for number in range(4097):
        await exchange.exchange(CALLER, f"caller-{number}", ORDERS)
    await exchange.exchange(CALLER, "caller-4096", ORDERS)
    assert tenant.count(TOKEN) == 4097
    await exchange.exchange(CALLER, "caller-0", ORDERS)
    assert tenant.count(TOKEN) == 4098


CALLERS_FAULT = [
    (refusal(403, "consent_required"), "consent_required"),
    (refusal(403, "mfa_required"), "interaction_required"),
    (refusal(403, "access_denied", "Not for this user."), "access_denied"),
    (refusal(403, "unauthorized", "user is blocked"), "access_denied"),
    (refusal(400, "invalid_grant", "Invalid token"), "subject_token_refused"),
    (refusal(401, "invalid_request", "subject_token is not valid"), "subject_token_refused"),
    (
        refusal(
            400,
            "invalid_request",
            "Delegation chain (`act` claim) depth exceeds the maximum allowed limit of 4",
        ),
        "delegation_too_deep",
    ),
]


@pytest.mark.parametrize(("reply", "reason"), CALLERS_FAULT)
async def test_a_refusal_of_the_caller_is_kept_for_ten_seconds(
    tenant: ScriptedTenant, exchange: TokenExchange, clock: HandClock, reply: Reply, reason: str
) -> None:
    tenant.on(TOKEN, reply, token_reply("for-orders"))
    for _ in range(3):
        with pytest.raises(ExchangeRefusedError) as refused:
            await exchange.exchange(CALLER, TEXT, ORDERS)
        assert refused.value.reason == reason
    assert tenant.count(TOKEN) == 1
    clock.now += 10
    assert (await exchange.exchange(CALLER, TEXT, ORDERS)).text == "for-orders"


@pytest.mark.parametrize(
    ("reply", "error", "reason"),
    [
        (refusal(401, "invalid_client"), ClientRefusedError, "token_client_refused"),
        (refusal(401, "access_denied", "Unauthorized"), ClientRefusedError, "token_client_refused"),
        (refusal(403, "unauthorized_client"), ClientRefusedError, "token_grant_type_not_allowed"),
        (
            refusal(403, "access_denied", "Client is not authorized to access https://api.orders"),
            ClientRefusedError,
            "token_grant_missing",
        ),
        (refusal(403, "access_denied", "Service not found: x"), ClientRefusedError, "token_audience_unknown"),
        (refusal(400, "invalid_scope"), ClientRefusedError, "token_invalid_scope"),
        (Reply(503), TokenUnavailableError, "token_status_503"),
        (json_reply({"access_token": 1}), TokenAnswerError, "token_answer_incomplete"),
    ],
)
async def test_our_configuration_and_an_outage_are_not_the_callers_fault(
    tenant: ScriptedTenant, exchange: TokenExchange, reply: Reply, error: type[Auth0SsoError], reason: str
) -> None:
    tenant.on(TOKEN, reply)
    with pytest.raises(error) as raised:
        await exchange.exchange(CALLER, TEXT, ORDERS)
    assert (type(raised.value), raised.value.reason) == (error, reason)


async def test_a_spent_quota_stops_all_exchanges_until_it_is_full(
    tenant: ScriptedTenant, exchange: TokenExchange, clock: HandClock
) -> None:
    spent = json_reply({"error": "too_many_requests"}, 429, {"Retry-After": "30"})
    tenant.on(TOKEN, spent, token_reply("for-orders"))
    for text in ("one", "two"):
        with pytest.raises(ClientQuotaError):
            await exchange.exchange(CALLER, text, ORDERS)
    assert tenant.count(TOKEN) == 1
    clock.now += 30
    assert (await exchange.exchange(CALLER, "two", ORDERS)).text == "for-orders"


async def test_a_bound_token_is_never_exchanged(tenant: ScriptedTenant, exchange: TokenExchange) -> None:
    bound = replace(CALLER, claims={**CALLER.claims, "cnf": {"jkt": "x"}})
    with pytest.raises(ExchangeRefusedError) as refused:
        await exchange.exchange(bound, TEXT, ORDERS)
    assert refused.value.reason == "subject_token_bound"
    assert not tenant.requests


async def test_a_chain_that_auth0_would_refuse_is_not_sent(tenant: ScriptedTenant, exchange: TokenExchange) -> None:
    tenant.on(TOKEN, token_reply("for-orders"))
    act: dict[str, object] = {"sub": "service-1"}
    for number in (2, 3):
        act = {"sub": f"service-{number}", "act": act}
    await exchange.exchange(access_token(act=act), TEXT, ORDERS)
    with pytest.raises(ExchangeRefusedError) as refused:
        await exchange.exchange(access_token(act={"sub": "service-4", "act": act}), "another", ORDERS)
    assert refused.value.reason == "delegation_too_deep"
    assert tenant.count(TOKEN) == 1


async def test_no_refusal_repeats_the_callers_token(
    tenant: ScriptedTenant, exchange: TokenExchange, caplog: pytest.LogCaptureFixture
) -> None:
    tenant.on(TOKEN, refusal(403, "access_denied", f"no {TEXT} here"))
    with pytest.raises(ExchangeRefusedError) as refused:
        await exchange.exchange(CALLER, TEXT, ORDERS)
    assert TEXT not in f"{refused.value!r} {refused.value.log_detail} {caplog.text}"


async def test_without_a_client_nothing_is_exchanged() -> None:
    with pytest.raises(ClientRefusedError) as refused:
        await TokenExchange(None).exchange(CALLER, TEXT, ORDERS)
    assert refused.value.reason == "client_not_configured"
