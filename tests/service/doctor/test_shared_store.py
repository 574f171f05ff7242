import pytest

from auth0_sso.clock import MonotonicTime
from auth0_sso.testing.clock import HandClock
from support.diagnosis import SECRET, diagnose, given
from support.process import free_port
from support.redis_server import RedisServer
from support.tenant_script import ScriptedTenant
from support.token_cases import NOW


class SlowClock(HandClock):
    """Goes on by ten seconds each time that it is read."""

    def monotonic(self) -> MonotonicTime:
        self.now += 10
        return super().monotonic()


async def test_a_store_that_takes_writes_passes_and_is_left_as_it_was(
    healthy: ScriptedTenant, redis: RedisServer
) -> None:
    settings = given(rate_limit_storage_url=redis.url, rate_limit_store_timeout_seconds=5, workers=4)
    found = await diagnose(healthy, settings)
    assert (found.one("redis").status, found.one("workers").status) == ("pass", "pass")
    assert redis.cli("dbsize").strip() == "0"


async def test_a_slow_store_is_warned_of(healthy: ScriptedTenant, redis: RedisServer) -> None:
    settings = given(rate_limit_storage_url=redis.url, rate_limit_store_timeout_seconds=5)
    finding = (await diagnose(healthy, settings, clock=SlowClock(NOW))).one("redis")
    assert finding.status == "warn"
    assert finding.message.endswith(" ms, of 5000 allowed")


async def test_a_store_that_takes_no_writes_fails(healthy: ScriptedTenant, redis: RedisServer) -> None:
    redis.cli("config", "set", "maxmemory", "1")
    settings = given(rate_limit_storage_url=redis.url, rate_limit_store_timeout_seconds=5)
    assert (await diagnose(healthy, settings)).one("redis").status == "fail"


async def test_a_store_that_is_down_fails_without_its_password(healthy: ScriptedTenant) -> None:
    url = f"redis://user:{SECRET}@127.0.0.1:{free_port()}/0"
    finding = (await diagnose(healthy, given(rate_limit_storage_url=url))).one("redis")
    assert finding.status == "fail"
    assert finding.message.startswith("RATE_LIMIT_STORAGE_URL does not take writes: ")
    assert SECRET not in repr(finding)


async def test_without_a_store_several_workers_are_warned_of(healthy: ScriptedTenant) -> None:
    found = await diagnose(healthy, given(workers=4))
    assert found.one("redis").status == "skip"
    assert found.one("workers").status == "warn"
    assert "callers get up to 4 times the rate limit" in found.one("workers").message
    assert "RATE_LIMIT_STORAGE_URL" in found.one("workers").fix


@pytest.mark.parametrize("workers", [1])
async def test_one_worker_needs_no_store(healthy: ScriptedTenant, workers: int) -> None:
    assert (await diagnose(healthy, given(workers=workers))).one("workers").status == "pass"
