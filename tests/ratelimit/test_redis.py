"""Counts in a real Redis, by each strategy."""

import asyncio
from contextlib import suppress
from typing import get_args

import pytest

from auth0_sso.errors import StoreUnavailableError
from auth0_sso.ratelimit.counter import Strategy
from auth0_sso.ratelimit.limiter import RateLimiter, Verdict
from auth0_sso.ratelimit.memory import MemoryCounter
from auth0_sso.ratelimit.policy import Policy
from auth0_sso.ratelimit.redis import RedisCounter
from auth0_sso.store.store import SharedStore
from support.clock import HandClock
from support.redis_server import RedisServer
from support.tcp_proxy import tcp_proxy

STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
each_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


async def take(store: SharedStore, strategy: Strategy, policy: str, key: str = "a", cost: int = 1) -> Verdict:
    limiter = RateLimiter(RedisCounter(store, strategy))
    return await limiter.take(Policy.parse(policy), "route", key, cost=cost)


async def passed(store: SharedStore, strategy: Strategy, policy: str, number: int) -> int:
    verdicts = await asyncio.gather(*(take(store, strategy, policy) for _ in range(number)))
    return sum(verdict.allowed for verdict in verdicts)


@each_strategy
async def test_fifty_at_once_over_two_processes_let_exactly_ten_through(
    redis: RedisServer, store: SharedStore, strategy: Strategy
) -> None:
    other = SharedStore(redis.url, timeout=5)
    counts = await asyncio.gather(*(passed(each, strategy, "10/minute", 25) for each in (store, other)))
    assert sum(counts) == 10
    await other.aclose()


@each_strategy
async def test_it_says_what_counts_in_memory_say(store: SharedStore, strategy: Strategy) -> None:
    memory = RateLimiter(MemoryCounter(strategy))
    for policy, cost in (("5/hour", 1), ("5/hour;8/day", 2), ("100/5hour", 33)):
        for _ in range(6):
            ours = await take(store, strategy, policy, policy, cost)
            other = await memory.take(Policy.parse(policy), "route", policy, cost=cost)
            assert [quota[:2] for quota in ours.quotas] == [quota[:2] for quota in other.quotas]
            assert ours.allowed == other.allowed
            if strategy != "sliding-window-counter":  # whose windows in memory begin on the clock's hour
                assert ours.retry_after == pytest.approx(other.retry_after, abs=2)


@each_strategy
async def test_what_one_limit_refuses_costs_nothing_under_the_others_not_even_in_a_race(
    store: SharedStore, strategy: Strategy
) -> None:
    assert await passed(store, strategy, "10/minute;3/hour", 50) == 3
    minute, hour = (await take(store, strategy, "10/minute;3/hour")).quotas
    assert (minute.remaining, hour.remaining) == (7, 0)


@each_strategy
async def test_a_request_takes_all_of_its_cost_or_nothing(store: SharedStore, strategy: Strategy) -> None:
    costs = [(6, True, 4), (5, False, 4), (4, True, 0), (1, False, 0)]
    for cost, allowed, left in costs:
        verdict = await take(store, strategy, "10/minute", cost=cost)
        assert (verdict.allowed, verdict.quotas[0].remaining) == (allowed, left)


async def test_a_retry_succeeds_after_the_time_that_was_named(store: SharedStore) -> None:
    async def spend_and_retry(strategy: Strategy) -> None:
        while (verdict := await take(store, strategy, "3/second")).allowed:
            pass
        assert 1 <= verdict.retry_after <= 2
        await asyncio.sleep(verdict.retry_after)  # Redis has a clock of its own, which no hand moves
        assert (await take(store, strategy, "3/second")).allowed

    await asyncio.gather(*map(spend_and_retry, STRATEGIES))


@each_strategy
async def test_budgets_end_by_themselves_and_their_names_tell_no_subject(
    redis: RedisServer, store: SharedStore, strategy: Strategy
) -> None:
    await take(store, strategy, "3/minute", key="subject auth0|someone")
    keys = redis.cli("--raw", "keys", "*").split("\n")[:-1]
    assert keys
    for key in keys:
        assert "someone" not in key
        assert 0 < int(redis.cli("--raw", "ttl", key)) <= 120


async def test_a_strategy_can_be_changed_on_a_live_store(store: SharedStore) -> None:
    for strategy in STRATEGIES:
        assert (await take(store, strategy, "1/minute")).allowed
        assert not (await take(store, strategy, "1/minute")).allowed


async def test_a_server_that_was_restarted_learns_the_script_anew(redis: RedisServer, store: SharedStore) -> None:
    assert await passed(store, "moving-window", "10/minute", 50) == 10
    redis.cli("script", "flush")
    redis.cli("flushall")
    assert await passed(store, "moving-window", "10/minute", 50) == 10


@each_strategy
@pytest.mark.parametrize("passed_on", [0, 3], ids=["before-the-answer", "within-the-answer"])
async def test_a_request_whose_answer_is_lost_is_counted_once(
    redis: RedisServer, strategy: Strategy, passed_on: int
) -> None:
    async with tcp_proxy(redis.port) as address:
        store = SharedStore(address.url, timeout=5)
        await take(store, strategy, "10/minute")
        address.lose_answer(passed_on)
        with pytest.raises(StoreUnavailableError) as caught:
            await take(store, strategy, "10/minute")
        assert caught.value.reason == "store_connection"
        assert (await take(store, strategy, "10/minute")).quotas[0].remaining == 7
        await store.aclose()


async def test_a_crowd_whose_connection_breaks_within_its_message_is_counted_once_and_is_one_failure(
    redis: RedisServer,
) -> None:
    async with tcp_proxy(redis.port) as address:
        store = SharedStore(address.url, timeout=5)
        await take(store, "fixed-window", "1000/minute")
        address.lose_answer(2000)
        crowd = (take(store, "fixed-window", "1000/minute") for _ in range(256))
        outcomes = await asyncio.gather(*crowd, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {StoreUnavailableError}
        assert store.health.state == "up"
        assert (await take(store, "fixed-window", "1000/minute")).quotas[0].remaining == 1000 - 258
        await store.aclose()


@each_strategy
async def test_a_full_store_that_still_refuses_who_is_over_the_limit_is_down(
    redis: RedisServer, clock: HandClock, strategy: Strategy
) -> None:
    store = SharedStore(redis.url, timeout=5, clock=clock)
    assert (await take(store, strategy, "1/minute", "spent")).allowed
    redis.cli("config", "set", "maxmemory", "1")
    for number in range(3):
        assert not (await take(store, strategy, "1/minute", "spent")).allowed
        with pytest.raises(StoreUnavailableError):
            await take(store, strategy, "1/minute", f"new-{number}")
    for _ in range(3):
        assert store.health.state == "down"
        await clock.advance(1)
        with suppress(StoreUnavailableError):
            await take(store, strategy, "1/minute", "spent")
    await store.aclose()
