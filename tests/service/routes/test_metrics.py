from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_sso.testing.clock import HandClock
from support.service import USER, Service, running_service

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


async def test_the_key_metrics_are_current_at_each_scrape(rsa_keys: Keys, clock: HandClock) -> None:
    async with running_service(rsa_keys, clock, cut=True, metrics_enabled=True) as service:
        missing = await lines(service)
        service.wire.cut = False
        await clock.advance(31)
        clock.now += 7
        fresh = await lines(service)
    assert {'auth0_sso_signing_keys_state{state="missing"} 1.0', "auth0_sso_signing_keys 0.0"} <= missing
    assert "auth0_sso_signing_keys_failures 1.0" in missing
    assert not any(line.startswith("auth0_sso_signing_keys_age") for line in missing)
    assert {
        'auth0_sso_signing_keys_state{state="fresh"} 1.0',
        'auth0_sso_signing_keys_state{state="missing"} 0.0',
    } <= fresh
    assert {"auth0_sso_signing_keys 2.0", "auth0_sso_signing_keys_failures 0.0"} <= fresh
    assert any(line.startswith("auth0_sso_signing_keys_age_seconds ") for line in fresh)


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
