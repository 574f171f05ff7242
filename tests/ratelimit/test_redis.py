"""Counts in a real Redis, by each strategy; `age` moves its time."""

import asyncio
import time
from contextlib import suppress
from typing import get_args

import pytest
from limits import parse
from limits.aio.storage import RedisStorage

from auth0_sso.errors import StoreUnavailableError
from auth0_sso.ratelimit.limiter import RateLimiter, RateLimitResult, Strategy
from auth0_sso.ratelimit.memory import MemoryCounter
from auth0_sso.ratelimit.policy import Policy
from auth0_sso.ratelimit.redis import RedisCounter
from auth0_sso.store.store import RedisStore
from auth0_sso.testing.clock import HandClock
from support.limits_library import LIBRARY
from support.redis_server import RedisServer
from support.tcp_proxy import tcp_proxy

STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
each_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


async def hit(store: RedisStore, strategy: Strategy, policy: str, key: str = "a", cost: int = 1) -> RateLimitResult:
    limiter = RateLimiter(RedisCounter(store, strategy))
    return await limiter.hit(Policy.parse(policy), "route", key, cost=cost)


async def passed(store: RedisStore, strategy: Strategy, policy: str, number: int) -> int:
    results = await asyncio.gather(*(hit(store, strategy, policy) for _ in range(number)))
    return sum(result.allowed for result in results)


@each_strategy
async def test_two_processes_at_once_let_exactly_the_limit_through(
    redis: RedisServer, store: RedisStore, strategy: Strategy
) -> None:
    other = RedisStore(redis.url, timeout=5)
    counts = await asyncio.gather(*(passed(each, strategy, "10/minute", 25) for each in (store, other)))
    assert sum(counts) == 10
    await other.aclose()


@each_strategy
async def test_it_counts_as_in_memory(store: RedisStore, strategy: Strategy) -> None:
    memory = RateLimiter(MemoryCounter(strategy))
    for policy, cost in (("5/hour", 1), ("5/hour;8/day", 2), ("100/5hour", 33)):
        for _ in range(6):
            ours = await hit(store, strategy, policy, policy, cost)
            other = await memory.hit(Policy.parse(policy), "route", policy, cost=cost)
            assert [quota.remaining for quota in ours.quotas] == [quota.remaining for quota in other.quotas]
            assert ours.allowed == other.allowed
            if strategy != "sliding-window-counter":  # whose windows in memory begin on the clock's hour
                assert ours.retry_after == pytest.approx(other.retry_after, abs=2)


@each_strategy
async def test_concurrent_requests_over_one_limit_count_under_none(store: RedisStore, strategy: Strategy) -> None:
    assert await passed(store, strategy, "10/minute;3/hour", 50) == 3
    minute, hour = (await hit(store, strategy, "10/minute;3/hour")).quotas
    assert (minute.remaining, hour.remaining) == (7, 0)


@each_strategy
async def test_a_cost_is_counted_whole_or_not_at_all(store: RedisStore, strategy: Strategy) -> None:
    costs = [(6, True, 4), (5, False, 4), (4, True, 0), (1, False, 0)]
    for cost, allowed, left in costs:
        result = await hit(store, strategy, "10/minute", cost=cost)
        assert (result.allowed, result.quotas[0].remaining) == (allowed, left)


async def test_a_retry_succeeds_after_retry_after(store: RedisStore) -> None:
    async def spend_and_retry(strategy: Strategy) -> None:
        while (result := await hit(store, strategy, "3/second")).allowed:
            pass
        assert 1 <= result.retry_after <= 2
        await asyncio.sleep(result.retry_after)  # Redis has a clock of its own, which no hand moves
        assert (await hit(store, strategy, "3/second")).allowed

    await asyncio.gather(*map(spend_and_retry, STRATEGIES))


@each_strategy
async def test_keys_expire_and_their_names_tell_no_subject(
    redis: RedisServer, store: RedisStore, strategy: Strategy
) -> None:
    await hit(store, strategy, "3/minute", key="subject auth0|someone")
    keys = redis.cli("--raw", "keys", "*").split("\n")[:-1]
    assert keys
    for key in keys:
        assert "someone" not in key
        assert 0 < int(redis.cli("--raw", "ttl", key)) <= 120


@each_strategy
async def test_each_limit_counts_for_its_own_window(
    redis: RedisServer, store: RedisStore, strategy: Strategy
) -> None:
    async def remaining() -> list[int]:
        return [quota.remaining for quota in (await hit(store, strategy, "3/minute;5/hour")).quotas]

    assert [await remaining() for _ in range(4)] == [[2, 4], [1, 3], [0, 2], [0, 2]]
    redis.age(121)
    assert [await remaining() for _ in range(3)] == [[2, 1], [1, 0], [1, 0]]
    redis.age(121)
    assert await remaining() == [3, 0]
    redis.age(7201)
    assert await remaining() == [2, 4]


# Each step a minute and some seconds, so that none is near a moment at which a count falls: 3600 / 1, 2, 3, 4 or 5.
@each_strategy
@pytest.mark.parametrize("pace", [61, 421, 1021, 3601])
async def test_each_strategy_counts_as_the_library_limits_does(
    redis: RedisServer, store: RedisStore, strategy: Strategy, pace: int
) -> None:
    limits, item = Policy.parse("5/hour").limits, parse("5/hour")
    ours, storage = RedisCounter(store, strategy), RedisStorage(redis.url, implementation="redispy")
    theirs = LIBRARY[strategy](storage)
    for step in range(40):
        stats = await theirs.get_window_stats(item, "a")
        (quota,) = await ours.hit(limits, "route", "a", 1)
        assert (quota.remaining >= 1, quota.remaining) == (await theirs.hit(item, "a"), stats.remaining), step
        if not quota.remaining:
            assert quota.reset_after == pytest.approx(stats.reset_time - time.time(), abs=2), step
        if step % 3:
            redis.age(pace)
    await storage.bridge.get_connection().aclose()  # type: ignore[attr-defined]  # limits declares it in its bridges, not in their base


async def test_a_strategy_can_be_changed_on_a_live_store(store: RedisStore) -> None:
    for strategy in STRATEGIES:
        assert (await hit(store, strategy, "1/minute")).allowed
        assert not (await hit(store, strategy, "1/minute")).allowed


async def test_a_restarted_server_gets_the_script_again(redis: RedisServer, store: RedisStore) -> None:
    assert await passed(store, "moving-window", "10/minute", 50) == 10
    redis.cli("script", "flush")
    redis.cli("flushall")
    assert await passed(store, "moving-window", "10/minute", 50) == 10


@each_strategy
@pytest.mark.parametrize("passed_on", [0, 3], ids=["before-the-reply", "within-the-reply"])
async def test_a_request_whose_reply_is_lost_is_counted_once(
    redis: RedisServer, strategy: Strategy, passed_on: int
) -> None:
    async with tcp_proxy(redis.port) as address:
        store = RedisStore(address.url, timeout=5)
        await hit(store, strategy, "10/minute")
        address.lose_answer(passed_on)
        with pytest.raises(StoreUnavailableError) as caught:
            await hit(store, strategy, "10/minute")
        assert caught.value.reason == "store_connection"
        assert (await hit(store, strategy, "10/minute")).quotas[0].remaining == 7
        await store.aclose()


async def test_a_batch_whose_connection_breaks_is_counted_once_and_one_failure(
    redis: RedisServer,
) -> None:
    async with tcp_proxy(redis.port) as address:
        store = RedisStore(address.url, timeout=5)
        await hit(store, "fixed-window", "1000/minute")
        address.lose_answer(2000)
        crowd = (hit(store, "fixed-window", "1000/minute") for _ in range(256))
        outcomes = await asyncio.gather(*crowd, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {StoreUnavailableError}
        assert store.health.state == "up"
        assert (await hit(store, "fixed-window", "1000/minute")).quotas[0].remaining == 1000 - 258
        await store.aclose()


@each_strategy
async def test_a_full_store_is_down_though_refusals_succeed(
    redis: RedisServer, clock: HandClock, strategy: Strategy
) -> None:
    store = RedisStore(redis.url, timeout=5, clock=clock)
    assert (await hit(store, strategy, "1/minute", "spent")).allowed
    redis.cli("config", "set", "maxmemory", "1")
    for number in range(3):
        assert not (await hit(store, strategy, "1/minute", "spent")).allowed
        with pytest.raises(StoreUnavailableError):
            await hit(store, strategy, "1/minute", f"new-{number}")
    for _ in range(3):
        assert store.health.state == "down"
        await clock.advance(1)
        with suppress(StoreUnavailableError):
            await hit(store, strategy, "1/minute", "spent")
    await store.aclose()
