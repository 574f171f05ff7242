import time

import pytest
from limits import parse
from limits.aio.storage import MemoryStorage

from auth0_sso.limits.limiter import RateLimiter, Strategy
from auth0_sso.limits.memory import MIB, BoundedMemory
from auth0_sso.limits.policy import Policy
from support.clock import HandClock

POLICY = Policy.parse("10/minute")


@pytest.mark.parametrize("strategy", ["moving-window", "sliding-window-counter", "fixed-window"])
async def test_callers_beyond_the_bound_push_out_the_longest_unseen(clock: HandClock, strategy: Strategy) -> None:
    memory = BoundedMemory(MIB, clock=clock.time)
    limiter = RateLimiter(memory, strategy)
    for number in range(10_000):
        await limiter.take(POLICY, str(number))
        await limiter.take(POLICY, "always here")
    assert not (await limiter.take(POLICY, "always here")).allowed
    assert (await limiter.take(POLICY, "9999")).quotas[0].remaining == 8
    assert (await limiter.take(POLICY, "0")).quotas[0].remaining == 9  # forgotten
    assert 1000 < await memory.reset() < MIB / 500


async def test_long_memories_count_for_more(clock: HandClock) -> None:
    memory = BoundedMemory(MIB, clock=clock.time)
    for number in range(100):
        await memory.acquire_entry(str(number), 5000, 60, amount=5000)
    assert await memory.reset() < 25


async def test_hits_that_no_longer_count_take_no_room(clock: HandClock) -> None:
    memory = BoundedMemory(MIB, clock=clock.time)
    for _ in range(1000):
        assert await memory.acquire_entry("a", 10, 60)
        clock.now += 6
    assert len(memory._hits["a"]) <= 10  # noqa: SLF001 - what it takes is the point


@pytest.mark.parametrize("cut", [0.0, 0.25])
async def test_it_agrees_with_the_librarys_own_store(monkeypatch: pytest.MonkeyPatch, cut: float) -> None:
    """Second by second, by each strategy, with the library's clock moved beside ours."""
    clock = HandClock()
    monkeypatch.setattr(time, "time", clock.time)
    ours, theirs = BoundedMemory(clock=clock.time), MemoryStorage()
    item = parse("5/10second")
    strategies: tuple[Strategy, ...] = ("moving-window", "sliding-window-counter", "fixed-window")
    for step in range(200):
        for strategy in strategies:
            verdicts = []
            for store in (ours, theirs):
                window = RateLimiter(store, strategy)._window  # noqa: SLF001 - the library's strategy over either store
                stats = await window.get_window_stats(item, strategy)
                verdicts.append((await window.hit(item, strategy), stats.remaining))
            assert verdicts[0] == verdicts[1], (step, strategy)
        clock.now += 0.7 + cut
