import asyncio
import logging

import pytest

from auth0_sso.errors import StoreUnavailableError
from auth0_sso.fleet.store import SharedStore, StoreHealth
from support.clock import HandClock
from support.process import free_port
from support.redis_server import RedisServer


def outages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "auth0_sso.fleet.store"]


async def test_an_outage_is_logged_once_told_and_recovered_from(
    redis: RedisServer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    store = SharedStore(redis.url, timeout=5, clock=clock.time)
    assert await store.execute("PING")
    redis.stop()
    for _ in range(20):
        with pytest.raises(StoreUnavailableError):
            await store.execute("PING")
    assert store.health.state == "down"
    assert store.health.last_error == "connection"
    redis.start()
    with pytest.raises(StoreUnavailableError):  # left alone for now
        await store.execute("PING")
    await clock.advance(1)
    assert await store.execute("PING")
    assert store.health == StoreHealth("up", None)
    assert outages(caplog) == ["the shared store is down: connection", "the shared store answers again"]
    await store.aclose()


async def test_a_hiccup_that_fails_a_whole_crowd_is_no_outage(
    redis: RedisServer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = SharedStore(redis.url, timeout=0.2, clock=clock.time)
    await store.open()
    redis.freeze()
    outcomes = await asyncio.gather(*(store.execute("PING") for _ in range(200)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {StoreUnavailableError}
    redis.thaw()
    assert store.health.state == "up"
    assert await store.execute("PING")
    assert outages(caplog) == []
    await store.aclose()


async def test_a_store_that_hangs_is_waited_for_no_longer_than_said_and_then_left_alone(
    redis: RedisServer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = SharedStore(redis.url, timeout=0.2, clock=clock.time)
    await store.open()
    redis.freeze()
    loop = asyncio.get_running_loop()
    started = loop.time()
    for _ in range(3):
        crowd = [store.execute("PING") for _ in range(200)]
        outcomes = await asyncio.gather(*crowd, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {StoreUnavailableError}
    for _ in range(200):  # not even asked
        with pytest.raises(StoreUnavailableError, match="counted") as caught:
            await store.execute("PING")
        assert caught.value.reason == "store_timeout"
    assert loop.time() - started < 1.5  # far from the two seconds a connection may take
    assert outages(caplog) == ["the shared store is down: timeout"]
    redis.thaw()
    await store.aclose()


async def test_no_store_is_no_failed_start_and_its_password_is_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store = SharedStore(f"redis://user:the-secret-word@127.0.0.1:{free_port()}/0")
    for _ in range(5):
        with pytest.raises(StoreUnavailableError) as caught:
            await store.execute("PING")
        assert "the-secret-word" not in repr(caught.value) + str(caught.value.__cause__)
    assert "the-secret-word" not in caplog.text
    await store.aclose()


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
async def test_one_that_is_away_from_the_start_is_told_as_down(scheme: str) -> None:
    store = SharedStore(f"{scheme}://127.0.0.1:{free_port()}")
    await store.open()
    assert store.health.state == "down"
    with pytest.raises(StoreUnavailableError):
        await store.execute("GET", "a")
    await store.aclose()


async def test_another_scheme_is_refused_without_its_password() -> None:
    with pytest.raises(ValueError, match="address") as caught:
        SharedStore("memcached://:the-secret-word@127.0.0.1:11211")
    assert "the-secret-word" not in str(caught.value)
