"""Tokens that are bound to a key (RFC 9449), through a guard in front of an app."""

import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from auth0_sso import CurrentToken
from auth0_sso.asgi import Rule
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer
from support.asgi_socket import asgi_socket
from support.dpop_client import DPoPClient, sent
from support.guarded_asgi_app import SeenApp, ask, bearer, guarded
from support.own_app import protected
from support.redis_server import RedisServer

HOST = "https://api.example.com"


@pytest.fixture
def client(issuer: Issuer, clock: HandClock) -> DPoPClient:
    return DPoPClient(issuer, clock)


async def test_a_bound_token_passes_once_with_its_proof(client: DPoPClient, issuer: Issuer, clock: HandClock) -> None:
    seen = SeenApp()
    async with guarded(seen, issuer=issuer, clock=clock) as guard:
        headers = client.headers(f"{HOST}/orders")
        first, second = [await ask(guard, "/orders", headers=headers) for _ in range(2)]
    assert (first.status, second.status, len(seen.scopes)) == (200, 401, 1)
    assert second.headers["www-authenticate"].startswith('Bearer, DPoP error="invalid_dpop_proof"')


async def test_a_nonce_is_on_refusals_and_on_the_apps_own_answers(
    client: DPoPClient, issuer: Issuer, clock: HandClock
) -> None:
    async with guarded(SeenApp(), issuer=issuer, clock=clock, auth0_dpop_nonce="required") as guard:
        asked = await ask(guard, "/orders", headers=client.headers(f"{HOST}/orders"))
        client.nonce = asked.headers["dpop-nonce"]
        passed = await ask(guard, "/orders", headers=client.headers(f"{HOST}/orders"))
    assert (asked.status, json.loads(asked.body)["code"]) == (401, "use_dpop_nonce")
    assert (passed.status, passed.headers["dpop-nonce"]) == (200, client.nonce)
    assert passed.headers["cache-control"] == "no-store"


async def test_a_rule_can_require_bound_tokens(client: DPoPClient, issuer: Issuer, clock: HandClock) -> None:
    rules = Rule("/payments", dpop=True)
    async with guarded(SeenApp(), rules, issuer=issuer, clock=clock) as guard:
        refused = await ask(guard, "/payments", headers=bearer(issuer))
        assert (await ask(guard, "/orders", headers=bearer(issuer))).status == 200
        assert (await ask(guard, "/payments", headers=client.headers(f"{HOST}/payments"))).status == 200
    assert refused.status == 401
    assert refused.headers["www-authenticate"].startswith('Bearer, DPoP error="invalid_token"')
    assert [str(each) for each in rules.requirements] == ["token", "DPoP"]


def test_a_public_rule_cannot_require_bound_tokens() -> None:
    with pytest.raises(ValueError, match="public"):
        Rule("/", public=True, dpop=True)


def guarded_routes() -> FastAPI:
    app = FastAPI()

    @app.get("/orders")
    async def read_orders(token: CurrentToken) -> str:
        return token.subject

    return app


async def test_two_guards_with_one_store_check_one_proof(
    client: DPoPClient, issuer: Issuer, clock: HandClock, redis: RedisServer
) -> None:
    app = guarded_routes()
    async with (
        protected(app, issuer, clock, rate_limit_storage_url=redis.url),
        guarded(app, issuer=issuer, clock=clock, rate_limit_storage_url=redis.url) as guard,
    ):
        headers = client.headers(f"{HOST}/orders")
        answers = [await ask(guard, "/orders", headers=headers) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 401]


async def test_an_answer_that_passed_two_guards_has_one_nonce(
    client: DPoPClient, issuer: Issuer, clock: HandClock
) -> None:
    app = guarded_routes()
    settings: dict[str, Any] = {
        "auth0_management_client_id": "management",
        "auth0_management_client_secret": "shared",
        "auth0_dpop_nonce": "required",
    }
    async with (
        protected(app, issuer, clock, **settings),
        guarded(app, issuer=issuer, clock=clock, **settings) as guard,
        httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url=HOST) as api,
    ):
        asked = await api.get("/orders", headers=client.headers(f"{HOST}/orders"))
        (client.nonce,) = asked.headers.get_list("DPoP-Nonce")
        passed = await api.get("/orders", headers=client.headers(f"{HOST}/orders"))
    assert (asked.status_code, passed.status_code) == (401, 200)
    assert passed.headers.get_list("DPoP-Nonce") == [client.nonce]
    assert passed.headers.get_list("Cache-Control") == ["no-store"]


async def test_a_websocket_needs_a_proof_in_its_handshake(
    client: DPoPClient, issuer: Issuer, clock: HandClock
) -> None:
    async with guarded(SeenApp(), issuer=issuer, clock=clock) as guard:
        async with asgi_socket(guard, "/chat", headers=client.headers(f"{HOST}/chat")) as socket:
            assert (await socket.hear())["type"] == "websocket.accept"
            socket.leave()
        token = client.token()
        for headers in (sent(token), sent(token, client.proof(f"{HOST}/chat", token, method="POST"))):
            async with asgi_socket(guard, "/chat", headers=headers) as socket:
                status, answered, body = await socket.answer()
            assert (status, json.loads(body)["code"]) == (401, "invalid_dpop_proof")
            assert 'DPoP error="invalid_dpop_proof"' in answered["www-authenticate"]


async def test_a_bound_token_does_not_pass_as_a_subprotocol(
    client: DPoPClient, issuer: Issuer, clock: HandClock
) -> None:
    async with guarded(SeenApp(), issuer=issuer, clock=clock, auth0_token_in_subprotocol=True) as guard:
        token = client.token()
        headers = sent(token, client.proof(f"{HOST}/chat", token))[1:]
        async with asgi_socket(guard, "/chat", headers=headers, subprotocols=["bearer", token]) as socket:
            status, _, body = await socket.answer()
    assert (status, json.loads(body)["code"]) == (401, "invalid_token")
