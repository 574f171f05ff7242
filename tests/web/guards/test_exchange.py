"""A route that calls the next service on its caller's behalf."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from auth0_sso import Exchange, Settings, protect
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, Issuer, user_claims
from support.called_api import Api, async_client_of
from support.tenant_script import (
    DISCOVERY,
    JWKS,
    TOKEN,
    Reply,
    ScriptedTenant,
    discovery_reply,
    json_reply,
    token_reply,
)

ORDERS = "https://api.orders"


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
async def caller(
    tenant: ScriptedTenant, issuer: Issuer, clock: HandClock, api: Api
) -> AsyncIterator[httpx.AsyncClient]:
    tenant.on(DISCOVERY, discovery_reply())
    tenant.on(JWKS, json_reply(issuer.jwks()))
    settings = Settings.of(
        auth0_domain="tenant.example.com",
        auth0_issuer_base_url=ISSUER,
        auth0_audience=(AUDIENCE,),
        auth0_management_client_id="the-client-id",
        auth0_management_client_secret="the-client-secret",
    )
    app = protect(FastAPI(), settings=settings, transport=httpx.ASGITransport(tenant), clock=clock)

    @app.get("/my-orders")
    async def my_orders(exchange: Exchange) -> int:
        async with async_client_of(api, exchange.auth(ORDERS, "read:orders")) as orders:
            return (await orders.get("/orders")).status_code

    @app.get("/token")
    async def token(exchange: Exchange) -> str:
        return (await exchange(ORDERS)).text

    @app.get("/sync")
    def sync(exchange: Exchange) -> int:
        with httpx.Client(transport=api, auth=exchange.auth(ORDERS)) as orders:
            return orders.get("https://orders.example.com/").status_code

    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="https://shop.example.com"
        ) as client,
    ):
        yield client


@pytest.fixture
def bearer(issuer: Issuer, clock: HandClock) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.token(user_claims(clock.now))}"}


async def test_the_next_service_gets_the_exchanged_token(
    tenant: ScriptedTenant, caller: httpx.AsyncClient, bearer: dict[str, str], api: Api
) -> None:
    tenant.on(TOKEN, token_reply("for-orders"))
    for _ in range(2):
        assert (await caller.get("/my-orders", headers=bearer)).json() == 200
    assert api.tokens == ["for-orders", "for-orders"]
    assert tenant.count(TOKEN) == 1
    body = tenant.seen(TOKEN)[0].json()
    assert isinstance(body, dict)
    assert f"Bearer {body['subject_token']}" == bearer["Authorization"]
    assert (body["audience"], body["scope"]) == (ORDERS, "read:orders")


async def test_a_token_is_exchanged_for_an_audience_and_no_scope(
    tenant: ScriptedTenant, caller: httpx.AsyncClient, bearer: dict[str, str]
) -> None:
    tenant.on(TOKEN, token_reply("for-orders"))
    assert (await caller.get("/token", headers=bearer)).json() == "for-orders"
    body = tenant.seen(TOKEN)[0].json()
    assert isinstance(body, dict)
    assert body["audience"] == ORDERS
    assert "scope" not in body


async def test_without_a_token_nothing_is_exchanged(
    tenant: ScriptedTenant, caller: httpx.AsyncClient, api: Api
) -> None:
    assert (await caller.get("/my-orders")).status_code == 401
    assert not tenant.count(TOKEN)
    assert not api.tokens


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (json_reply({"error": "consent_required"}, 403), 403, "exchange_refused"),
        (json_reply({"error": "invalid_client"}, 401), 502, "client_refused"),
        (json_reply({}, 429, {"Retry-After": "30"}), 503, "client_quota_exceeded"),
        (Reply(500), 503, "token_unavailable"),
        (json_reply([]), 502, "token_answer_invalid"),
    ],
)
async def test_each_failure_has_its_problem(
    tenant: ScriptedTenant,
    caller: httpx.AsyncClient,
    bearer: dict[str, str],
    api: Api,
    reply: Reply,
    status: int,
    code: str,
) -> None:
    tenant.on(TOKEN, reply)
    answer = await caller.get("/my-orders", headers=bearer)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not api.tokens


async def test_a_sync_client_sends_nothing_without_a_token(
    caller: httpx.AsyncClient, bearer: dict[str, str], api: Api
) -> None:
    assert (await caller.get("/sync", headers=bearer)).status_code == 500
    assert not api.tokens
