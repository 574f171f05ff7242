import asyncio

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI

from auth0_sso import CurrentToken, protect
from auth0_sso.events import Event, RequestRefused, RequestServed
from auth0_sso.testing.clock import HandClock
from support.process import free_port
from support.service import ADMIN, OPTIONS, USER, Service, person_id, running_service

Keys = tuple[rsa.RSAPrivateKey, ...]


async def lines(service: Service) -> set[str]:
    response = await service.api.get("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain")
    return set(response.text.splitlines())


async def test_refusals_are_counted_by_their_exact_reason(rsa_keys: Keys, clock: HandClock) -> None:
    async with running_service(rsa_keys, clock, metrics_enabled=True) as service:
        good = await service.as_user(USER)
        for headers in ({}, {"Authorization": "Bearer a.b.c"}, {"Authorization": "Bearer x"}, good):
            await service.api.get("/profile", headers=headers)
        await service.api.get("/dashboard", headers=good)
        await service.api.get("/profile")
        scraped = await lines(service)
    for code, reason, count in [
        ("missing_token", "missing_token", 2),
        ("invalid_token", "header_not_base64url", 1),
        ("invalid_token", "token_opaque", 1),
        ("insufficient_scope", "role_missing", 1),
    ]:
        assert f'auth0_sso_refusals_total{{code="{code}",reason="{reason}"}} {count}.0' in scraped
    assert sum(line.startswith("auth0_sso_refusals_total{") for line in scraped) == 4


async def test_a_logout_everywhere_is_counted_with_the_tokens_it_refuses(rsa_keys: Keys, clock: HandClock) -> None:
    async with running_service(rsa_keys, clock, metrics_enabled=True) as service:
        user, admin = await service.as_user(USER), await service.as_user(ADMIN)
        before = await lines(service)
        for _ in range(2):  # the second one is known already
            await service.api.post(f"/admin/users/{person_id(USER)}/logout", headers=admin)
        for _ in range(3):
            assert (await service.api.get("/profile", headers=user)).status_code == 401
        after = await lines(service)
    for cause in ("admin", "event", "logout"):
        assert f'auth0_sso_revocations_total{{cause="{cause}"}} 0.0' in before
    assert "auth0_sso_deny_list_entries 0.0" in before
    assert 'auth0_sso_revocations_total{cause="admin"} 1.0' in after
    assert 'auth0_sso_revocations_total{cause="logout"} 0.0' in after
    assert "auth0_sso_deny_list_entries 1.0" in after
    assert 'auth0_sso_refusals_total{code="invalid_token",reason="revoked"} 3.0' in after


async def test_the_key_metrics_are_current_at_each_scrape(rsa_keys: Keys, clock: HandClock) -> None:
    async with running_service(rsa_keys, clock, cut=True, metrics_enabled=True) as service:
        missing = await lines(service)
        service.wire.cut = False
        await clock.advance(31)
        clock.now += 7
        fresh = await lines(service)
    assert {'auth0_sso_signing_keys_state{state="missing"} 1.0', "auth0_sso_signing_keys 0.0"} <= missing
    assert "auth0_sso_signing_keys_failures 1.0" in missing
    assert not any(line.startswith("auth0_sso_signing_keys_fetched") for line in missing)
    assert 'auth0_sso_outage{component="signing keys"} 1.0' in missing
    assert {
        'auth0_sso_signing_keys_state{state="fresh"} 1.0',
        'auth0_sso_signing_keys_state{state="missing"} 0.0',
    } <= fresh
    assert {"auth0_sso_signing_keys 2.0", "auth0_sso_signing_keys_failures 0.0"} <= fresh
    [fetched] = [line for line in fresh if line.startswith("auth0_sso_signing_keys_fetched_timestamp_seconds ")]
    assert float(fetched.split()[1]) == pytest.approx(clock.wall() - 37, abs=1)
    assert {
        'auth0_sso_outage{component="signing keys"} 0.0',
        'auth0_sso_outages_total{component="signing keys"} 1.0',
        "auth0_sso_signing_keys_changes_total 1.0",
    } <= fresh


async def test_metrics_are_off_by_default(service: Service) -> None:
    assert (await service.api.get("/metrics")).status_code == 404


async def test_two_services_in_one_process_have_separate_metrics(rsa_keys: Keys, clock: HandClock) -> None:
    async with (
        running_service(rsa_keys, clock, metrics_enabled=True) as one,
        running_service(rsa_keys, clock, metrics_enabled=True) as other,
    ):
        await one.api.get("/profile")
        assert any("missing_token" in line for line in await lines(one))
        assert not any("missing_token" in line for line in await lines(other))


async def test_metrics_are_not_in_the_openapi_document(rsa_keys: Keys, clock: HandClock) -> None:
    async with running_service(rsa_keys, clock, metrics_enabled=True) as service:
        assert "/metrics" not in (await service.api.get("/openapi.json")).json()["paths"]


async def test_with_a_port_of_their_own_metrics_are_not_at_that_of_the_api(rsa_keys: Keys, clock: HandClock) -> None:
    async with running_service(rsa_keys, clock, metrics_enabled=True, metrics_port=free_port()) as service:
        assert (await service.api.get("/metrics")).status_code == 404


async def test_calls_of_the_tenant_are_counted_by_operation_without_ids(rsa_keys: Keys, clock: HandClock) -> None:
    async with running_service(rsa_keys, clock, metrics_enabled=True) as service:
        admin = await service.as_user(ADMIN)
        await service.api.get("/dashboard", headers=admin)  # its roles are cached
        await fault(service, path="/api/v2/users", times=1, status=500)
        reply = asyncio.create_task(service.api.get("/admin/users", headers=admin))
        await clock.settle()
        await clock.advance(2)
        assert (await reply).status_code == 200
        scraped = await lines(service)
    counted = 'auth0_sso_tenant_requests_total{api="management",operation='
    assert {
        f'{counted}"GET /users/{{id}}",status="200"}} 1.0',
        f'{counted}"GET /users/{{id}}/roles",status="200"}} 1.0',
        f'{counted}"GET /users",status="500"}} 1.0',
        f'{counted}"GET /users",status="200"}} 1.0',
        'auth0_sso_tenant_requests_total{api="token",operation="POST /oauth/token",status="200"} 1.0',
        'auth0_sso_tenant_requests_total{api="jwks",operation="GET /.well-known/jwks.json",status="200"} 1.0',
        'auth0_sso_tenant_retries_total{api="management"} 1.0',
        'auth0_sso_role_lookups_total{result="fetched"} 1.0',
    } <= scraped
    [budget] = [line for line in scraped if line.startswith("auth0_sso_management_budget_remaining ")]
    assert float(budget.split()[1]) > 0
    assert 'auth0_sso_tenant_request_duration_seconds_count{api="management",operation="GET /users"} 2.0' in scraped


async def test_an_outage_of_the_management_api_begins_and_ends_once(rsa_keys: Keys, clock: HandClock) -> None:
    async with running_service(rsa_keys, clock, metrics_enabled=True) as service:
        user = await service.as_user(USER)
        await service.api.get("/profile", headers=user)
        clock.now += 10  # the cached profile expires
        service.wire.cut = True
        down = await calls(service, user, clock, 4)
        during = await lines(service)
        service.wire.cut = False
        clock.now += 10
        up = await calls(service, user, clock, 1)
        after = await lines(service)
    assert (down, up) == ([503] * 4, [200])
    assert {
        'auth0_sso_outage{component="management"} 1.0',
        'auth0_sso_outages_total{component="management"} 1.0',
    } <= during
    assert any(
        line.startswith('auth0_sso_tenant_calls_shed_total{api="management",reason="circuit_open"}')
        for line in during
    )
    assert {
        'auth0_sso_outage{component="management"} 0.0',
        'auth0_sso_outages_total{component="management"} 1.0',
    } <= after


async def calls(service: Service, user: dict[str, str], clock: HandClock, number: int) -> list[int]:
    """Ask for the profile; retries wait by the clock."""
    statuses = []
    for _ in range(number):
        reply = asyncio.create_task(service.api.get("/profile", headers=user))
        await clock.advance(3)
        statuses.append((await reply).status_code)
    return statuses


async def fault(service: Service, **values: object) -> None:
    response = await service.tenant.post(f"{OPTIONS.issuer}_development/faults", json=values)
    response.raise_for_status()


async def test_cached_tokens_and_roles_and_limits_are_counted(rsa_keys: Keys, clock: HandClock) -> None:
    async with running_service(rsa_keys, clock, metrics_enabled=True, rate_limit="2/minute") as service:
        user = await service.as_user(USER)
        for path in ("/dashboard", "/dashboard", "/api/data", "/api/data", "/api/data"):
            await service.api.get(path, headers=user)
        await service.api.get("/", headers={"Authorization": "Bearer a.b.c"})
        await service.api.get("/profile", headers={"Authorization": "Bearer a.b.c"})
        scraped = await lines(service)
    limited = 'auth0_sso_rate_limit_decisions_total{counted_by="memory",decision='
    assert {
        'auth0_sso_token_cache_requests_total{result="hit"} 4.0',
        "auth0_sso_token_cache_entries 1.0",
        'auth0_sso_token_verification_duration_seconds_count{result="valid"} 1.0',
        'auth0_sso_role_lookups_total{result="fetched"} 1.0',
        'auth0_sso_role_lookups_total{result="cached"} 1.0',
        f'{limited}"allowed",limit="GET /api/data"}} 2.0',
        f'{limited}"refused",limit="GET /api/data"}} 1.0',
        f'{limited}"allowed",limit="failed authentications"}} 2.0',
        "auth0_sso_requests_allowed_total 2.0",
        'auth0_sso_http_requests_total{method="GET",route="/api/data",status="429"} 1.0',
    } <= scraped


async def test_an_app_of_its_own_can_observe_what_happens(rsa_keys: Keys, clock: HandClock) -> None:
    app, seen = FastAPI(), list[Event]()

    @app.get("/things/{thing}")
    async def show_thing(token: CurrentToken) -> str:
        return token.subject

    @app.get("/broken")
    async def break_down() -> None:
        raise RuntimeError("broken")

    async with running_service(rsa_keys, clock) as service:
        protect(app, service.app.state.auth0_sso.settings, transport=service.wire, clock=clock, observer=seen.append)
        user = await service.as_user(USER)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://a.example.com") as api,
        ):
            await api.get("/things/1", headers=user)
            await api.get("/things/2")
            await api.get("/nowhere")
            with pytest.raises(RuntimeError, match="broken"):
                await api.get("/broken")
    served = [event._replace(seconds=0) for event in seen if isinstance(event, RequestServed)]
    assert served == [
        RequestServed("GET", "/things/{thing}", 200, 0, allowed=True),
        RequestServed("GET", "/things/{thing}", 401, 0),
        RequestServed("GET", None, 404, 0),
        RequestServed("GET", "/broken", 500, 0),
    ]
    [refused] = [event for event in seen if isinstance(event, RequestRefused)]
    assert refused.error.reason == "missing_token"
