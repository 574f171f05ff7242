"""The service with AUTH0_ISSUERS: a custom domain of the tenant, and another tenant whose users have the same ids."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI
from starlette.applications import Starlette

from auth0_devtenant import SPA_CLIENT_ID
from auth0_devtenant.backchannel_logout import logout_token
from auth0_devtenant.state.records.logins import Session
from auth0_sso import Exchange
from auth0_sso.service.app import create_app
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.testing.clock import HandClock
from support.logout_tokens import FORM
from support.redis_server import RedisServer
from support.service import person_id
from support.two_tenants import (
    ADMIN,
    CUSTOM_DOMAIN,
    FIRST,
    MANAGER,
    OTHER,
    USER,
    Callers,
    TwoTenants,
    settings_of_both,
)

ISSUERS = (FIRST.issuer, CUSTOM_DOMAIN, OTHER.issuer)
KEYS = "/.well-known/jwks.json"


@dataclass
class Running:
    app: FastAPI
    api: httpx.AsyncClient
    callers: Callers
    tenants: TwoTenants

    async def status(self, issuer: str, email: str, path: str, method: str = "GET") -> int:
        headers = await self.callers.headers(issuer, email)
        return (await self.api.request(method, path, headers=headers)).status_code


@asynccontextmanager
async def serving(
    keys: Sequence[rsa.RSAPrivateKey],
    clock: HandClock,
    chosen: ServiceSettings,
    *,
    cut: Sequence[str] = (),
) -> AsyncIterator[Running]:
    tenants = TwoTenants(keys, clock)
    tenants.cut = set(cut)
    app = create_app(chosen, transport=tenants, clock=clock)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://api.example.com") as api,
    ):
        await clock.settle()
        yield Running(app, api, Callers(tenants), tenants)


@pytest.fixture
async def running(rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock) -> AsyncIterator[Running]:
    async with serving(rsa_keys, clock, settings_of_both()) as running:
        yield running


@pytest.mark.parametrize("issuer", ISSUERS)
async def test_tokens_of_each_issuer_are_accepted_and_their_roles_asked_for(running: Running, issuer: str) -> None:
    assert await running.status(issuer, USER, "/profile") == 200
    assert await running.status(issuer, ADMIN, "/admin/users") == 200
    assert await running.status(issuer, USER, "/admin/users") == 403


async def test_a_token_of_an_issuer_that_is_not_named_is_refused_before_anything_is_fetched(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    only_custom = settings_of_both().with_values({"auth0_issuers": settings_of_both().other_tenants[0].auth0_issuers})
    async with serving(rsa_keys, clock, only_custom) as running:
        before = len(running.tenants.requests)
        response = await running.api.get("/profile", headers=await running.callers.headers(OTHER.issuer, USER))
        assert response.status_code == 401
        assert len(running.tenants.requests) == before


async def test_a_role_in_one_tenant_is_none_in_the_other(running: Running) -> None:
    manage, user = running.callers.manage, person_id(USER)
    (role,) = [each for each in (await manage(OTHER.issuer, "GET", "/roles")).json() if each["name"] == "admin"]
    await manage(OTHER.issuer, "POST", f"/users/{user}/roles", {"roles": [role["id"]]})
    assert await running.status(OTHER.issuer, USER, "/admin/users") == 200
    assert await running.status(FIRST.issuer, USER, "/admin/users") == 403, "the same id has the role elsewhere"
    assert await running.status(CUSTOM_DOMAIN, USER, "/admin/users") == 403


async def test_an_administrator_of_one_tenant_changes_users_of_that_tenant_alone(running: Running) -> None:
    user = person_id(USER)
    headers = await running.callers.headers(OTHER.issuer, ADMIN)
    assert (await running.api.put(f"/admin/users/{user}/block", headers=headers)).status_code == 200
    blocked = [
        (await running.callers.manage(issuer, "GET", f"/users/{user}")).json().get("blocked", False)
        for issuer in (FIRST.issuer, OTHER.issuer)
    ]
    assert blocked == [False, True]


async def test_a_user_who_is_revoked_is_so_at_all_domains_of_the_tenant_and_no_other(running: Running) -> None:
    for issuer in ISSUERS:
        assert await running.status(issuer, USER, "/profile") == 200
    administrator = await running.callers.headers(CUSTOM_DOMAIN, ADMIN)
    response = await running.api.post(f"/admin/users/{person_id(USER)}/logout", headers=administrator)
    assert response.status_code == 204
    assert [await running.status(issuer, USER, "/profile") for issuer in ISSUERS] == [401, 401, 200]


async def test_the_same_subject_has_one_rate_limit_in_each_tenant(running: Running) -> None:
    used = [await running.status(FIRST.issuer, USER, "/api/data") for _ in range(10)]
    assert used == [200] * 10
    assert await running.status(CUSTOM_DOMAIN, USER, "/api/data") == 429, "the same user by another name"
    assert await running.status(OTHER.issuer, USER, "/api/data") == 200


async def test_an_issuer_that_is_down_takes_no_other_with_it(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    async with serving(rsa_keys, clock, settings_of_both(), cut=["127.0.0.1:4001"]) as running:
        assert await running.status(FIRST.issuer, USER, "/profile") == 200
        refused = await running.api.get("/profile", headers=await running.callers.headers(OTHER.issuer, USER))
        assert (refused.status_code, refused.json()["code"]) == (503, "keys_unavailable")
        body = (await running.api.get("/readyz")).json()
        states = [body["signingKeys"]["state"], *(each["signingKeys"]["state"] for each in body["otherIssuers"])]
        assert states == ["fresh", "fresh", "missing"]
        assert [each["issuer"] for each in body["otherIssuers"]] == [CUSTOM_DOMAIN, OTHER.issuer]
        assert [each["management"]["state"] for each in body["otherIssuers"]] == ["up", "unknown"]


async def test_readiness_fails_where_no_issuer_has_keys(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    everywhere = ["127.0.0.1:3001", "localhost:3001", "127.0.0.1:4001"]
    async with serving(rsa_keys, clock, settings_of_both(), cut=everywhere) as running:
        response = await running.api.get("/readyz")
        assert (response.status_code, response.json()["code"]) == (503, "keys_unavailable")


async def test_metrics_name_the_issuer_where_there_are_several(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    async with serving(rsa_keys, clock, settings_of_both(metrics_enabled=True), cut=["127.0.0.1:4001"]) as running:
        text = (await running.api.get("/metrics")).text
    assert f'auth0_sso_signing_keys_state{{issuer="{OTHER.issuer}",state="missing"}} 1.0' in text
    assert f'auth0_sso_signing_keys_state{{issuer="{FIRST.issuer}",state="missing"}} 0.0' in text
    assert f'auth0_sso_outage{{component="signing keys",issuer="{OTHER.issuer}"}} 1.0' in text


async def test_each_tenant_has_a_budget_of_management_calls(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    async with serving(rsa_keys, clock, settings_of_both(metrics_enabled=True)) as running:
        for issuer in (FIRST.issuer, OTHER.issuer):
            headers = await running.callers.headers(issuer, ADMIN)
            assert (await running.api.get("/admin/users", headers=headers)).status_code == 200
        text = (await running.api.get("/metrics")).text
    for issuer in (FIRST.issuer, OTHER.issuer):
        assert f'auth0_sso_management_budget_remaining{{issuer="{issuer}"}}' in text


async def test_each_issuers_keys_are_fetched_once_and_from_itself(running: Running) -> None:
    for issuer in ISSUERS:
        await running.status(issuer, USER, "/profile")
    hosts = ("127.0.0.1:3001", "localhost:3001", "127.0.0.1:4001")
    assert [running.tenants.asked_of(host, KEYS) for host in hosts] == [1, 1, 1]


async def test_another_tenant_without_credentials_is_never_asked_of_the_first_one(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    without = {"management_client_id": "", "management_client_secret": ""}
    async with serving(rsa_keys, clock, settings_of_both(other=without)) as running:
        headers = await running.callers.headers(OTHER.issuer, ADMIN)
        response = await running.api.get("/admin/users", headers=headers)
        assert (response.status_code, response.json()["code"]) == (503, "management_not_configured")
        assert not any("/api/v2/" in request for request in running.tenants.requests)


@pytest.mark.parametrize(
    ("issuer", "host"),
    [(FIRST.issuer, "127.0.0.1:3001"), (CUSTOM_DOMAIN, "127.0.0.1:3001"), (OTHER.issuer, "127.0.0.1:4001")],
)
async def test_a_token_is_exchanged_at_the_tenant_that_issued_it(running: Running, issuer: str, host: str) -> None:
    @running.app.get("/my-orders")
    async def my_orders(exchange: Exchange) -> str:
        return (await exchange("https://api.orders")).text

    headers = await running.callers.headers(issuer, USER)
    refused = await running.api.get("/my-orders", headers=headers)
    assert refused.json()["code"] == "client_refused", "the tenant was asked, where this client may not exchange"
    assert [request for request in running.tenants.requests if request.endswith("/oauth/token")] == [
        f"{host} /oauth/token"
    ]
    assert await running.status(issuer, USER, "/profile") == 200
    token = headers["Authorization"].removeprefix("Bearer ").encode()
    all_sent = zip(running.tenants.requests, running.tenants.sent, strict=True)
    assert [request for request, sent in all_sent if token in sent] == [f"{host} /oauth/token"]
    assert f"{host} /api/v2/users/{person_id(USER)}" in running.tenants.requests, (
        "what else is asked has no such token"
    )


async def test_roles_of_another_tenant_may_come_from_its_tokens(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    claim: dict[str, object] = {"role_source": "claim", "role_claim": "https://example.com/roles"}
    async with serving(rsa_keys, clock, settings_of_both(other=claim)) as running:
        assert await running.status(OTHER.issuer, ADMIN, "/dashboard") == 403, "the token has no such claim"
        assert await running.status(FIRST.issuer, ADMIN, "/dashboard") == 200


async def test_an_api_of_another_tenant_has_its_own_audience(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    elsewhere: dict[str, object] = {"audience": ["https://old-api.example.com"]}
    async with serving(rsa_keys, clock, settings_of_both(other=elsewhere)) as running:
        assert await running.status(FIRST.issuer, USER, "/profile") == 200
        assert await running.status(OTHER.issuer, USER, "/profile") == 401


async def test_the_audit_trail_names_the_issuer_of_an_outage(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "auth0_sso.audit"):
        async with serving(rsa_keys, clock, settings_of_both(), cut=["127.0.0.1:4001"]):
            pass
    details = [
        record.__dict__["fields"]["auth0_sso"]["details"] for record in caplog.records if "fields" in record.__dict__
    ]
    assert {"component": "signing keys", "issuer": OTHER.issuer} in details
    assert {each["issuer"] for each in details if "added" in each} == {FIRST.issuer, CUSTOM_DOMAIN}


async def test_what_another_tenants_administrator_does_is_recorded_with_the_issuer(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    user = person_id(USER)
    with caplog.at_level("INFO", "auth0_sso.audit"):
        for issuer in (FIRST.issuer, OTHER.issuer):
            headers = await running.callers.headers(issuer, ADMIN)
            assert (await running.api.put(f"/admin/users/{user}/block", headers=headers)).status_code == 200
        assert await running.status(OTHER.issuer, MANAGER, "/admin/users") == 403
        assert await running.status(FIRST.issuer, MANAGER, "/admin/users") == 403
    named = [
        (each["event"]["action"], each["auth0_sso"].get("details", {}).get("issuer"))
        for each in (record.__dict__["fields"] for record in caplog.records if "fields" in record.__dict__)
    ]
    assert [issuer for action, issuer in named if action == "block-user"] == [None, OTHER.issuer]
    assert [issuer for action, issuer in named if action == "access-denied"] == [OTHER.issuer, None]


async def test_the_audit_trail_of_all_tenants_is_for_administrators_of_the_first(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock, tmp_path: Path
) -> None:
    chosen = settings_of_both(audit_database_url=f"sqlite:///{tmp_path}/audit.sqlite")
    async with serving(rsa_keys, clock, chosen) as running:
        async with asyncio.timeout(10):  # the database is made meanwhile
            while await running.status(FIRST.issuer, ADMIN, "/admin/audit") == 503:
                await asyncio.sleep(0.01)
        assert await running.status(FIRST.issuer, ADMIN, "/admin/audit") == 200
        assert await running.status(CUSTOM_DOMAIN, ADMIN, "/admin/audit") == 200
        refused = await running.api.get("/admin/audit", headers=await running.callers.headers(OTHER.issuer, ADMIN))
        assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
        assert "records" not in refused.json()


async def test_revocations_of_another_tenant_are_shared_by_its_own_credentials(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock, redis: RedisServer
) -> None:
    chosen = settings_of_both(
        rate_limit_storage_url=redis.url,
        rate_limit_store_timeout_seconds=5,
        auth0_management_client_id="",
        auth0_management_client_secret="",
        auth0_max_token_age_seconds=31_536_000,  # the tests' clock is ahead of Redis's
    )
    async with serving(rsa_keys, clock, chosen) as one:
        two = create_app(chosen, transport=one.tenants, clock=clock)
        async with (
            two.router.lifespan_context(two),
            httpx.AsyncClient(transport=httpx.ASGITransport(two), base_url="https://api.example.com") as api,
        ):
            user = await one.callers.headers(OTHER.issuer, USER)
            assert (await api.get("/profile", headers=user)).status_code == 200
            admin = await one.callers.headers(OTHER.issuer, ADMIN)
            response = await one.api.post(f"/admin/users/{person_id(USER)}/logout", headers=admin)
            assert response.status_code == 204
            async with asyncio.timeout(5):
                while (await api.get("/profile", headers=user)).status_code != 401:
                    await asyncio.sleep(0.01)


async def test_a_logout_token_of_another_tenant_ends_sessions_of_that_tenant(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    clients: dict[str, object] = {"backchannel_logout_clients": [SPA_CLIENT_ID]}
    chosen = settings_of_both(other=clients, auth0_backchannel_logout_clients=SPA_CLIENT_ID)
    async with serving(rsa_keys, clock, chosen) as running:
        for issuer in ISSUERS:
            assert await running.status(issuer, USER, "/profile") == 200
        form = logout_form_of(running.tenants.other, OTHER.issuer)
        response = await running.api.post("/backchannel-logout", content=form, headers=FORM)
        assert response.status_code == 200
        assert [await running.status(issuer, USER, "/profile") for issuer in ISSUERS] == [200, 200, 401]


async def test_a_tenant_that_names_no_clients_sends_no_logout_tokens(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    none: dict[str, object] = {"backchannel_logout_clients": []}
    chosen = settings_of_both(other=none, auth0_backchannel_logout_clients=SPA_CLIENT_ID)
    async with serving(rsa_keys, clock, chosen) as running:
        form = logout_form_of(running.tenants.other, OTHER.issuer)
        response = await running.api.post("/backchannel-logout", content=form, headers=FORM)
        assert (response.status_code, response.json()["code"]) == (400, "invalid_logout_token")


async def test_replicas_share_keys_and_roles_of_each_tenant(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock, redis: RedisServer
) -> None:
    chosen = settings_of_both(rate_limit_storage_url=redis.url, rate_limit_store_timeout_seconds=5)
    async with serving(rsa_keys, clock, chosen) as running:
        for issuer in ISSUERS:
            assert await running.status(issuer, USER, "/dashboard") == 403
        tenants = running.tenants
        app = create_app(chosen, transport=tenants, clock=clock)
        tenants.requests.clear()
        tenants.cut = {"127.0.0.1:3001", "localhost:3001", "127.0.0.1:4001"}
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://api.example.com") as api,
        ):
            for issuer in ISSUERS:
                headers = await running.callers.headers(issuer, USER)
                assert (await api.get("/dashboard", headers=headers)).status_code == 403, "it has keys and roles"
    assert not any("/api/v2/" in request for request in tenants.requests)


async def test_the_metadata_of_the_resource_names_all_issuers(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    async with serving(rsa_keys, clock, settings_of_both(public_url="https://api.example.com")) as running:
        response = await running.api.get("/.well-known/oauth-protected-resource")
    assert response.json()["authorization_servers"] == list(ISSUERS)


async def test_a_restart_during_an_outage_uses_the_file_of_each_issuer(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock, tmp_path: Path
) -> None:
    chosen = settings_of_both(auth0_jwks_cache_file=tmp_path / "keys" / "jwks.json")
    async with serving(rsa_keys, clock, chosen) as running:
        headers = [await running.callers.headers(issuer, USER) for issuer in ISSUERS]
    hosts = ["127.0.0.1:3001", "localhost:3001", "127.0.0.1:4001"]
    async with serving(rsa_keys, clock, chosen, cut=hosts) as running:
        statuses = [(await running.api.get("/", headers=each)).status_code for each in headers]
    assert statuses == [200, 200, 200]


async def test_an_event_ends_access_in_the_tenant_whose_token_it_has(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    tokens = {"first": "first-event-stream-0123456789012345", "other": "other-event-stream-0123456789012345"}
    chosen = settings_of_both(other={"events_token": tokens["other"]}, auth0_events_token=tokens["first"])
    event = {
        "id": "evt_0001",
        "type": "user.deleted",
        "time": datetime.fromtimestamp(clock.now, UTC).isoformat(),
        "data": {"object": {"user_id": person_id(USER)}},
    }
    async with serving(rsa_keys, clock, chosen) as running:
        for issuer in ISSUERS:
            assert await running.status(issuer, USER, "/profile") == 200

        async def send(token: str) -> int:
            headers = {"Authorization": f"Bearer {token}"}
            return (await running.api.post("/auth0-events", json=event, headers=headers)).status_code

        assert await send("x" * 32) == 401
        assert await send(tokens["other"]) == 204
        assert [await running.status(issuer, USER, "/profile") for issuer in ISSUERS] == [200, 200, 401]
        assert await send(tokens["first"]) == 204
        assert [await running.status(issuer, USER, "/profile") for issuer in ISSUERS] == [401, 401, 401]


async def test_routes_for_what_auth0_sends_are_there_if_any_tenant_uses_them(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    own: dict[str, object] = {"events_token": "x" * 32, "backchannel_logout_clients": [SPA_CLIENT_ID]}
    async with serving(rsa_keys, clock, settings_of_both(other=own)) as running:
        form = logout_form_of(running.tenants.other, OTHER.issuer)
        assert (await running.api.post("/backchannel-logout", content=form, headers=FORM)).status_code == 200
        headers = {"Authorization": f"Bearer {'x' * 32}"}
        assert (await running.api.post("/auth0-events", content=b"{", headers=headers)).status_code == 400


def logout_form_of(tenant: Starlette, issuer: str) -> bytes:
    session = Session("session-1", person_id(USER), "2026-01-31T12:00:00.000Z", 0, issuer=issuer)
    return urlencode({"logout_token": logout_token(tenant.state.tenant, SPA_CLIENT_ID, session)}).encode()
