import time
from itertools import product
from math import ceil
from typing import get_args

import pytest
from limits import parse
from limits.aio.storage import MemoryStorage

from auth0_sso.ratelimit.limiter import Strategy
from auth0_sso.ratelimit.memory import MIB, MemoryCounter
from auth0_sso.ratelimit.policy import Policy
from auth0_sso.testing.clock import HandClock
from support.limits_library import LIBRARY

LIMITS = Policy.parse("10/minute").limits

each_strategy = pytest.mark.parametrize("strategy", get_args(Strategy))


@each_strategy
async def test_the_least_recently_seen_callers_are_evicted_at_the_maximum_size(
    clock: HandClock, strategy: Strategy
) -> None:
    counter = MemoryCounter(strategy, MIB, clock=clock)

    async def remaining(caller: str) -> int:
        return (await counter.hit(LIMITS, "route", caller, 1))[0].remaining

    for number in range(10_000):
        await remaining(str(number))
        await remaining("always here")
    assert await remaining("always here") == 0
    assert await remaining("9999") == 9
    assert await remaining("0") == 10  # evicted
    assert 1000 < len(counter) < MIB / 500


async def test_a_budget_with_more_hits_takes_more_room(clock: HandClock) -> None:
    counter = MemoryCounter("moving-window", MIB, clock=clock)
    for number in range(100):
        await counter.hit(Policy.parse("5000/minute").limits, "route", str(number), 5000)
    assert len(counter) < 25


async def test_a_budget_that_grows_by_single_hits_takes_more_room(clock: HandClock) -> None:
    counter = MemoryCounter("moving-window", MIB, clock=clock)
    limits = Policy.parse("5000/minute").limits
    for number, _ in product(range(200), range(1000)):
        await counter.hit(limits, "route", str(number), 1)
    assert len(counter) < 115


async def test_hits_that_no_longer_count_take_no_room(clock: HandClock) -> None:
    counter = MemoryCounter("moving-window", MIB, clock=clock)
    for _ in range(100_000):
        assert (await counter.hit(LIMITS, "route", "a", 1))[0].remaining > 0
        clock.now += 6
    assert len(counter) == 1  # a million bytes of hits would not have fitted


@each_strategy
@pytest.mark.parametrize("pace", [0.3, 0.7, 2.1, 6.25])
async def test_each_strategy_counts_as_the_library_limits_does(
    monkeypatch: pytest.MonkeyPatch, clock: HandClock, strategy: Strategy, pace: float
) -> None:
    monkeypatch.setattr(time, "time", clock.wall)  # the library's clock
    limits, item = Policy.parse("5/10second").limits, parse("5/10second")
    ours, theirs = MemoryCounter(strategy, clock=clock), LIBRARY[strategy](MemoryStorage())
    for step in range(300):
        stats = await theirs.get_window_stats(item, "a")
        (quota,) = await ours.hit(limits, "route", "a", 1)
        assert (quota.remaining >= 1, quota.remaining) == (await theirs.hit(item, "a"), stats.remaining), step
        if not quota.remaining:
            reset_after = stats.reset_time - clock.now
            assert ceil(reset_after - 0.002) <= quota.reset_after <= ceil(reset_after + 0.002), step
        clock.now += pace * (1 + step % 7 / 3)
