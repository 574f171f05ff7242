from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_sso.testing.clock import HandClock
from support.service import MANAGER, USER, Service, running_service

Keys = tuple[rsa.RSAPrivateKey, ...]


async def test_a_started_service_is_alive_and_ready(service: Service) -> None:
    assert (await service.api.get("/healthz")).json() == {"status": "alive"}
    ready = (await service.api.get("/readyz")).json()
    assert (ready["status"], ready["signingKeys"]["state"], ready["signingKeys"]["keys"]) == ("ready", "fresh", 2)


async def test_health_checks_make_no_calls_to_the_tenant(service: Service) -> None:
    before = len(service.wire.requests)
    for path in ("/healthz", "/readyz"):
        await service.api.get(path)
    assert len(service.wire.requests) == before


async def test_a_start_during_an_outage_is_alive_but_not_ready(rsa_keys: Keys, clock: HandClock) -> None:
    async with running_service(rsa_keys, clock, cut=True) as service:
        headers = await service.as_user(USER)
        assert (await service.api.get("/healthz")).status_code == 200
        for path in ("/readyz", "/profile", "/"):
            response = await service.api.get(path, headers=headers)
            assert (response.status_code, response.json()["code"]) == (503, "keys_unavailable"), path
            assert int(response.headers["Retry-After"]) >= 1
        assert (await service.api.get("/")).status_code == 200

        service.wire.cut = False
        await clock.advance(31)
        assert (await service.api.get("/readyz")).status_code == 200
        assert (await service.api.get("/profile", headers=headers)).status_code == 200


async def test_a_running_service_stays_ready_through_an_outage(service: Service) -> None:
    headers = await service.as_user(USER)
    service.wire.cut = True
    await service.clock.advance(3600)
    ready = (await service.api.get("/readyz")).json()
    assert (ready["signingKeys"]["state"], ready["signingKeys"]["lastError"]) == ("stale", "unreachable")
    assert (await service.api.get("/", headers=headers)).json()["authenticated"] is True


async def test_the_management_api_is_unknown_until_a_request_needs_it(service: Service) -> None:
    assert await _management(service) == {"state": "unknown", "lastError": None}
    await service.api.get("/dashboard", headers=await service.as_user(MANAGER))
    assert await _management(service) == {"state": "up", "lastError": None}


async def test_a_management_outage_shows_and_the_service_stays_ready(service: Service) -> None:
    headers = await service.as_user(MANAGER)
    service.wire.cut = True
    assert (await service.api.get("/dashboard", headers=headers)).status_code == 503
    assert (await service.api.get("/readyz")).status_code == 200
    assert await _management(service) == {"state": "unavailable", "lastError": "token_unreachable"}


async def test_a_refused_secret_shows_and_is_not_in_the_answer(rsa_keys: Keys, clock: HandClock) -> None:
    secret = "a-wrong-secret-for-management"
    async with running_service(rsa_keys, clock, auth0_management_client_secret=secret) as service:
        await service.api.get("/dashboard", headers=await service.as_user(MANAGER))
        assert await _management(service) == {"state": "refused", "lastError": "token_client_refused"}
        assert secret not in (await service.api.get("/readyz")).text


async def test_without_management_credentials_the_part_is_null(rsa_keys: Keys, clock: HandClock) -> None:
    async with running_service(
        rsa_keys, clock, auth0_management_client_id="", auth0_management_client_secret=""
    ) as service:
        assert await _management(service) is None


async def test_the_audit_database_is_a_part_where_there_is_one(
    rsa_keys: Keys, clock: HandClock, tmp_path: Path
) -> None:
    async with running_service(rsa_keys, clock) as service:
        assert (await service.api.get("/readyz")).json()["auditDatabase"] is None
    (tmp_path / "audit").mkdir(mode=0o700)
    url = f"sqlite:///{tmp_path}/audit/trail.db"
    async with running_service(rsa_keys, clock, audit_database_url=url) as service:
        shown = (await service.api.get("/readyz")).json()["auditDatabase"]
        assert (shown["state"], shown["lost"]) == ("up", 0)


async def _management(service: Service) -> object:
    return (await service.api.get("/readyz")).json()["management"]
