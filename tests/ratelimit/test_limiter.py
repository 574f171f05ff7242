import asyncio
from typing import get_args

import pytest

from auth0_sso.ratelimit.counter import Strategy
from auth0_sso.ratelimit.limiter import RateLimiter, Verdict
from auth0_sso.ratelimit.memory import MemoryCounter
from auth0_sso.ratelimit.policy import Policy
from support.clock import HandClock

STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
each_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


def limiter(clock: HandClock, strategy: Strategy = "moving-window") -> RateLimiter:
    return RateLimiter(MemoryCounter(strategy, clock=clock))


async def take(limiter: RateLimiter, policy: str, key: str = "a", cost: int = 1) -> Verdict:
    return await limiter.take(Policy.parse(policy), "route", key, cost=cost)


@each_strategy
async def test_the_budget_is_spent_one_by_one(clock: HandClock, strategy: Strategy) -> None:
    limit = limiter(clock, strategy)
    verdicts = [await take(limit, "3/minute") for _ in range(4)]
    assert [verdict.allowed for verdict in verdicts] == [True, True, True, False]
    quotas = [verdict.quotas[0] for verdict in verdicts]
    assert [quota.remaining for quota in quotas] == [2, 1, 0, 0]
    assert {(quota.limit.name, quota.limit.amount, quota.limit.window) for quota in quotas} == {("3/minute", 3, 60)}
    assert quotas[0].reset_after == 60
    assert all(1 <= quota.reset_after <= 121 for quota in quotas)


@each_strategy
async def test_each_key_has_a_budget_of_its_own(clock: HandClock, strategy: Strategy) -> None:
    limit = limiter(clock, strategy)
    assert [(await take(limit, "1/minute", key)).allowed for key in "aba"] == [True, True, False]


@each_strategy
async def test_concurrent_requests_never_exceed_the_budget(clock: HandClock, strategy: Strategy) -> None:
    limit = limiter(clock, strategy)
    verdicts = await asyncio.gather(*(take(limit, "10/minute;15/hour") for _ in range(200)))
    assert sum(verdict.allowed for verdict in verdicts) == 10


@each_strategy
@pytest.mark.parametrize("spent_at", [0.0, 7.5, 29.999, 59.5])
@pytest.mark.parametrize(("policy", "cost"), [("10/minute", 1), ("10/minute", 4), ("6/minute;9/hour", 1)])
async def test_a_retry_succeeds_after_the_time_that_was_named(
    clock: HandClock, strategy: Strategy, spent_at: float, policy: str, cost: int
) -> None:
    limit = limiter(clock, strategy)
    clock.now += spent_at
    for _ in range(30):
        verdict = await take(limit, policy, cost=cost)
        if not verdict.allowed:
            clock.now += verdict.retry_after
            assert (await take(limit, policy, cost=cost)).allowed
        clock.now += 0.7


async def test_the_time_that_is_named_is_not_longer_than_needed(clock: HandClock) -> None:
    limit = limiter(clock)
    await take(limit, "2/minute")
    clock.now += 20
    await take(limit, "2/minute")
    refused = await take(limit, "2/minute")
    assert refused.retry_after == 40
    clock.now += 39
    assert not (await take(limit, "2/minute")).allowed
    clock.now += 1
    assert (await take(limit, "2/minute")).allowed


async def test_no_window_however_it_lies_holds_more_than_the_moving_one_allows(clock: HandClock) -> None:
    limit, passed = limiter(clock), []
    for _ in range(600):
        if (await take(limit, "10/minute")).allowed:
            passed.append(clock.now)
        clock.now += 0.9
    assert max(sum(start <= at < start + 60 for at in passed) for start in passed) == 10
    assert len(passed) >= 85  # and it lets through what it may


async def test_all_limits_of_a_policy_hold_at_once(clock: HandClock) -> None:
    limit, passed = limiter(clock), 0
    for _ in range(10):
        for _ in range(20):
            passed += (await take(limit, "10/minute;25/hour")).allowed
        clock.now += 61
    assert passed == 25


async def test_what_one_limit_refuses_costs_nothing_under_the_others(clock: HandClock) -> None:
    limit = limiter(clock)
    for _ in range(3):
        await take(limit, "10/minute;3/hour")
    verdicts = [await take(limit, "10/minute;3/hour") for _ in range(50)]
    assert {verdict.retry_after for verdict in verdicts} == {3600}
    minute, hour = verdicts[-1].quotas
    assert (minute.limit.name, minute.remaining) == ("10/minute", 7)
    assert (hour.limit.name, hour.remaining) == ("3/hour", 0)


@each_strategy
async def test_a_request_may_cost_more_than_one_and_takes_all_of_it_or_nothing(
    clock: HandClock, strategy: Strategy
) -> None:
    limit = limiter(clock, strategy)
    assert (await take(limit, "10/minute", cost=6)).quotas[0].remaining == 4
    assert not (await take(limit, "10/minute", cost=5)).allowed
    assert (await take(limit, "10/minute", cost=4)).quotas[0].remaining == 0
