"""The wall clock of the machine is set while the service runs: only what goes by wall time follows it."""

import pytest

from support.service import MANAGER, Service

DAY = 86_400


@pytest.mark.parametrize("seconds", [-3600, 3600], ids=["back", "forward"])
async def test_a_clock_that_is_set_fetches_nothing_again(service: Service, seconds: float) -> None:
    headers = await service.as_user(MANAGER)
    assert (await service.api.get("/dashboard", headers=headers)).status_code == 200
    calls = len(service.wire.requests)
    service.clock.step(seconds)
    await service.api.get("/dashboard", headers=headers)
    service.clock.step(-seconds)
    assert (await service.api.get("/dashboard", headers=headers)).status_code == 200
    assert len(service.wire.requests) == calls
    assert (await service.api.get("/readyz")).json()["signingKeys"]["state"] == "fresh"


@pytest.mark.parametrize("seconds", [-3600, 3600], ids=["back", "forward"])
async def test_a_clock_that_is_set_gives_no_caller_another_budget(service: Service, seconds: float) -> None:
    for _ in range(10):
        assert (await service.api.get("/api/data", headers=await service.as_machine())).status_code == 200
    service.clock.step(seconds)
    assert (await service.api.get("/api/data", headers=await service.as_machine())).status_code == 429


async def test_a_clock_that_is_slow_refuses_tokens_from_its_future(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    headers = await service.as_user(MANAGER)
    service.clock.step(-3600)
    refused = await service.api.get("/profile", headers=headers)
    assert refused.status_code == 401
    assert "refusal=iat_in_future" in caplog.text
    service.clock.step(3600)
    assert (await service.api.get("/profile", headers=headers)).status_code == 200


async def test_a_clock_set_past_their_end_expires_tokens_in_the_cache(service: Service) -> None:
    headers = await service.as_user(MANAGER)
    assert (await service.api.get("/profile", headers=headers)).status_code == 200
    service.clock.step(DAY + 11)
    assert (await service.api.get("/profile", headers=headers)).status_code == 401
