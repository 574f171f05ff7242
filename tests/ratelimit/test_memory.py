import time
from collections.abc import Callable
from typing import get_args

import pytest
from limits import parse
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import (
    FixedWindowRateLimiter,
    MovingWindowRateLimiter,
    RateLimiter,
    SlidingWindowCounterRateLimiter,
)

from auth0_sso.ratelimit.counter import Strategy
from auth0_sso.ratelimit.memory import MIB, MemoryCounter
from auth0_sso.ratelimit.policy import Policy
from support.clock import HandClock

LIBRARY: dict[Strategy, Callable[[Storage], RateLimiter]] = {
    "moving-window": MovingWindowRateLimiter,
    "sliding-window-counter": SlidingWindowCounterRateLimiter,
    "fixed-window": FixedWindowRateLimiter,
}
LIMITS = Policy.parse("10/minute").limits

each_strategy = pytest.mark.parametrize("strategy", get_args(Strategy))


@each_strategy
async def test_callers_beyond_the_bound_push_out_the_longest_unseen(clock: HandClock, strategy: Strategy) -> None:
    counter = MemoryCounter(strategy, MIB, clock=clock)

    async def left(caller: str) -> int:
        return (await counter.take(LIMITS, "route", caller, 1)).before[0].remaining

    for number in range(10_000):
        await left(str(number))
        await left("always here")
    assert await left("always here") == 0
    assert await left("9999") == 9
    assert await left("0") == 10  # forgotten
    assert 1000 < len(counter) < MIB / 500


async def test_long_memories_count_for_more(clock: HandClock) -> None:
    counter = MemoryCounter("moving-window", MIB, clock=clock)
    for number in range(100):
        await counter.take(Policy.parse("5000/minute").limits, "route", str(number), 5000)
    assert len(counter) < 25


async def test_hits_that_no_longer_count_take_no_room(clock: HandClock) -> None:
    counter = MemoryCounter("moving-window", MIB, clock=clock)
    for _ in range(100_000):
        assert (await counter.take(LIMITS, "route", "a", 1)).allowed
        clock.now += 6
    assert len(counter) == 1  # a million bytes of hits would not have fitted


@each_strategy
@pytest.mark.parametrize("pace", [0.3, 0.7, 2.1, 6.25])
async def test_each_strategy_is_the_librarys_second_by_second(
    monkeypatch: pytest.MonkeyPatch, clock: HandClock, strategy: Strategy, pace: float
) -> None:
    monkeypatch.setattr(time, "time", clock.wall)  # the library's clock, moved beside ours
    (limit,), item = Policy.parse("5/10second").limits, parse("5/10second")
    ours, theirs = MemoryCounter(strategy, clock=clock), LIBRARY[strategy](MemoryStorage())
    for step in range(300):
        stats = await theirs.get_window_stats(item, "a")
        expected = (await theirs.hit(item, "a"), stats.remaining)
        taken = await ours.take([limit], "route", "a", 1)
        assert (taken.allowed, taken.before[0].remaining) == expected, step
        if not taken.allowed:
            assert taken.before[0].reset_in == pytest.approx(stats.reset_time - clock.now, abs=0.002), step
        clock.now += pace * (1 + step % 7 / 3)
