import asyncio
from contextlib import suppress
from typing import get_args

import pytest

from auth0_sso.errors import StoreUnavailableError
from auth0_sso.events import Event, RateLimitDecision
from auth0_sso.ratelimit.limiter import NOT_COUNTED, OnStoreError, RateLimiter, RateLimitResult, Strategy
from auth0_sso.ratelimit.memory import MemoryCounter
from auth0_sso.ratelimit.policy import Policy
from auth0_sso.ratelimit.redis import RedisCounter
from auth0_sso.store.store import RedisStore
from auth0_sso.testing.clock import HandClock
from support.redis_server import RedisServer

STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
each_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


def limiter(clock: HandClock, strategy: Strategy = "moving-window") -> RateLimiter:
    return RateLimiter(MemoryCounter(strategy, clock=clock))


async def hit(limiter: RateLimiter, policy: str, caller: str = "a", cost: int = 1) -> RateLimitResult:
    return await limiter.hit(Policy.parse(policy), "route", caller, cost=cost)


@each_strategy
async def test_each_request_leaves_one_less(clock: HandClock, strategy: Strategy) -> None:
    limit = limiter(clock, strategy)
    results = [await hit(limit, "3/minute") for _ in range(4)]
    assert [result.allowed for result in results] == [True, True, True, False]
    quotas = [result.quotas[0] for result in results]
    assert [quota.remaining for quota in quotas] == [2, 1, 0, 0]
    assert quotas[0].reset_after == 60
    assert all(1 <= quota.reset_after <= 121 for quota in quotas)


@each_strategy
async def test_each_caller_has_a_budget_of_its_own(clock: HandClock, strategy: Strategy) -> None:
    limit = limiter(clock, strategy)
    assert [(await hit(limit, "1/minute", caller)).allowed for caller in "aba"] == [True, True, False]


@each_strategy
async def test_concurrent_requests_never_exceed_the_limit(clock: HandClock, strategy: Strategy) -> None:
    limit = limiter(clock, strategy)
    results = await asyncio.gather(*(hit(limit, "10/minute;15/hour") for _ in range(200)))
    assert sum(result.allowed for result in results) == 10


@each_strategy
@pytest.mark.parametrize("spent_at", [0.0, 7.5, 29.999, 59.5])
@pytest.mark.parametrize(("policy", "cost"), [("10/minute", 1), ("10/minute", 4), ("6/minute;9/hour", 1)])
async def test_a_retry_succeeds_after_retry_after(
    clock: HandClock, strategy: Strategy, spent_at: float, policy: str, cost: int
) -> None:
    limit = limiter(clock, strategy)
    clock.now += spent_at
    for _ in range(30):
        result = await hit(limit, policy, cost=cost)
        if not result.allowed:
            clock.now += result.retry_after
            assert (await hit(limit, policy, cost=cost)).allowed
        clock.now += 0.7


async def test_retry_after_is_no_longer_than_needed(clock: HandClock) -> None:
    limit = limiter(clock)
    await hit(limit, "2/minute")
    clock.now += 20
    await hit(limit, "2/minute")
    refused = await hit(limit, "2/minute")
    assert refused.retry_after == 40
    clock.now += 39
    assert not (await hit(limit, "2/minute")).allowed
    clock.now += 1
    assert (await hit(limit, "2/minute")).allowed


async def test_no_stretch_holds_more_than_a_moving_window_allows(clock: HandClock) -> None:
    limit, passed = limiter(clock), []
    for _ in range(600):
        if (await hit(limit, "10/minute")).allowed:
            passed.append(clock.now)
        clock.now += 0.9
    assert max(sum(start <= at < start + 60 for at in passed) for start in passed) == 10
    assert len(passed) >= 85  # and it lets through what it may


async def test_all_limits_of_a_policy_hold_at_once(clock: HandClock) -> None:
    limit, passed = limiter(clock), 0
    for _ in range(10):
        for _ in range(20):
            passed += (await hit(limit, "10/minute;25/hour")).allowed
        clock.now += 61
    assert passed == 25


async def test_a_request_over_one_limit_counts_under_none(clock: HandClock) -> None:
    limit = limiter(clock)
    for _ in range(3):
        await hit(limit, "10/minute;3/hour")
    results = [await hit(limit, "10/minute;3/hour") for _ in range(50)]
    assert {result.retry_after for result in results} == {3600}
    minute, hour = results[-1].quotas
    assert (minute.remaining, hour.remaining) == (7, 0)


@each_strategy
async def test_a_cost_is_counted_whole_or_not_at_all(clock: HandClock, strategy: Strategy) -> None:
    limit = limiter(clock, strategy)
    assert (await hit(limit, "10/minute", cost=6)).quotas[0].remaining == 4
    assert not (await hit(limit, "10/minute", cost=5)).allowed
    assert (await hit(limit, "10/minute", cost=4)).quotas[0].remaining == 0


@pytest.mark.parametrize(
    ("on_store_error", "then"),
    [
        ("local", [RateLimitDecision("route", True, "memory"), RateLimitDecision("route", True, "memory")]),
        ("allow", [RateLimitDecision("route", True, "none")] * 2),
        ("deny", [RateLimitDecision("route", False, "none")] * 2),
    ],
)
async def test_observers_hear_each_decision_and_who_counted(
    redis: RedisServer, on_store_error: OnStoreError, then: list[Event]
) -> None:
    seen: list[Event] = []
    store = RedisStore(redis.url, timeout=5)
    limit = RateLimiter(MemoryCounter(), RedisCounter(store), on_store_error=on_store_error, observe=seen.append)
    for _ in range(3):
        await hit(limit, "2/minute")
    redis.stop()
    for _ in range(2):
        with suppress(StoreUnavailableError):
            await hit(limit, "2/minute")
    await store.aclose()
    counted = [RateLimitDecision("route", allowed, "store") for allowed in (True, True, False)]
    assert seen == counted + then


async def over_redis(redis: RedisServer, on_store_error: OnStoreError) -> tuple[RateLimiter, RedisStore]:
    """Return a limiter whose store has gone after the first of two requests was counted."""
    store = RedisStore(redis.url, timeout=5)
    limit = RateLimiter(MemoryCounter(), RedisCounter(store), on_store_error=on_store_error)
    assert (await hit(limit, "2/minute")).quotas[0].remaining == 1
    redis.stop()
    return limit, store


async def test_without_its_store_a_process_counts_for_itself(redis: RedisServer) -> None:
    limit, store = await over_redis(redis, "local")
    assert [(await hit(limit, "2/minute")).allowed for _ in range(3)] == [True, True, False]
    await store.aclose()


async def test_without_its_store_allow_lets_all_pass_uncounted(redis: RedisServer) -> None:
    limit, store = await over_redis(redis, "allow")
    assert [await hit(limit, "2/minute") for _ in range(5)] == [NOT_COUNTED] * 5
    assert NOT_COUNTED.allowed
    await store.aclose()


async def test_without_its_store_deny_refuses_all(redis: RedisServer) -> None:
    limit, store = await over_redis(redis, "deny")
    with pytest.raises(StoreUnavailableError) as caught:
        await hit(limit, "2/minute")
    assert caught.value.reason == "store_connection"
    await store.aclose()
