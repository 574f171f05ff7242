import asyncio
import logging

import pytest

from auth0_sso.errors import StoreUnavailableError
from auth0_sso.fleet.store import SharedStore, StoreHealth
from auth0_sso.limits.limiter import RateLimiter, Strategy
from auth0_sso.limits.policy import Policy
from support.clock import HandClock
from support.redis_server import RedisServer, free_port

STRATEGIES: tuple[Strategy, ...] = ("moving-window", "sliding-window-counter", "fixed-window")


def outages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "auth0_sso.fleet.store"]


async def count_passed(store: SharedStore, strategy: Strategy, policy: str, number: int, key: str = "a") -> int:
    limiter, parsed = RateLimiter(store.storage, strategy, together=True), Policy.parse(policy)
    verdicts = await asyncio.gather(*(store.ask(lambda: limiter.take(parsed, "route", key)) for _ in range(number)))
    return sum(verdict.allowed for verdict in verdicts)


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_fifty_at_once_over_two_processes_let_exactly_ten_through(
    redis: RedisServer, store: SharedStore, strategy: Strategy
) -> None:
    other = SharedStore(redis.url, timeout=5)
    counts = await asyncio.gather(
        count_passed(store, strategy, "10/minute", 25), count_passed(other, strategy, "10/minute", 25)
    )
    assert sum(counts) == 10
    await other.aclose()


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_two_limits_hold_at_once_and_a_strategy_can_be_changed_on_a_live_store(
    store: SharedStore, strategy: Strategy
) -> None:
    for each in (strategy, *STRATEGIES):
        assert await count_passed(store, each, "5/minute;8/hour", 30, key=each) in {5, 0}
    assert store.health.state == "up"


async def test_a_retry_succeeds_after_the_time_that_was_named(store: SharedStore) -> None:
    policy = Policy.parse("3/second")

    async def spend_and_retry(strategy: Strategy) -> None:
        limiter = RateLimiter(store.storage, strategy)
        verdict = await limiter.take(policy, "route", "a")
        while verdict.allowed:
            verdict = await limiter.take(policy, "route", "a")
        assert 1 <= verdict.retry_after <= 3
        await asyncio.sleep(verdict.retry_after)  # Redis has a clock of its own, which no hand moves
        assert (await limiter.take(policy, "route", "a")).allowed

    await asyncio.gather(*map(spend_and_retry, STRATEGIES))


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


async def test_a_store_that_hangs_is_waited_for_no_longer_than_said_and_then_left_alone(
    redis: RedisServer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = SharedStore(redis.url, timeout=0.5, clock=clock.time)
    await store.execute("PING")
    redis.freeze()
    loop = asyncio.get_running_loop()
    started = loop.time()
    outcomes = await asyncio.gather(*(store.execute("PING") for _ in range(200)), return_exceptions=True)
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


async def test_another_scheme_is_refused_without_its_password() -> None:
    with pytest.raises(ValueError, match="address") as caught:
        SharedStore("memcached://:the-secret-word@127.0.0.1:11211")
    assert "the-secret-word" not in str(caught.value)
