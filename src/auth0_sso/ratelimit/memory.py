"""Counts hits in the memory of this process, of bounded size, by the strategies of the library `limits`.

That library's own store in memory goes through all callers after each request, and drops none before its window ends:
a million callers would stall the process. Here the least recently seen callers are evicted at a maximum size.
tests/ratelimit/test_memory.py compares each strategy with the library's, second by second.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence, Sized
from math import ceil
from typing import Final, NamedTuple, Protocol

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.lru_cache import LruCache
from auth0_sso.ratelimit.limiter import Quota, Strategy
from auth0_sso.ratelimit.policy import Limit

MIB: Final = 1024 * 1024

_ENTRY_BYTES: Final = 560
"""The size of one budget without its hits: its key and its places in the cache, as bench/callers.py measures it."""
_HIT_BYTES: Final = 9  # eight, and an array's spare room
_HITS_AT_ONCE: Final = 4
"""A budget's size is updated once for as many: that takes as long as a count. An array grows by as many or more."""
_JUST_AFTER: Final = 0.001
"""The weighted count falls just after the moment at which the share is a whole number: that many seconds after."""


class MemoryCounter:
    """Counts in at most `max_bytes` bytes. It never awaits, so no other hit comes between a look and a count."""

    def __init__(
        self,
        strategy: Strategy = "moving-window",
        max_bytes: int = 64 * MIB,
        *,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Take the maximum size, of 16 MiB or more, and the clock."""
        self.strategy = strategy
        self._window = _WINDOWS[strategy](max_bytes)
        self._clock = clock

    def __len__(self) -> int:
        """Return the number of budgets in memory."""
        return len(self._window.budgets)

    async def hit(self, limits: Sequence[Limit], name: str, caller: str, cost: int) -> list[Quota]:
        """Return the quota under each limit before this hit; count `cost` under all if each has room, else none."""
        now, hit = self._clock.monotonic(), self._window.hit
        if len(limits) == 1:
            return [hit(f"{limits[0].name} {name} {caller}", limits[0], now, cost)]
        keys = [f"{limit.name} {name} {caller}" for limit in limits]
        before = [hit(key, limit, now, 0) for key, limit in zip(keys, limits, strict=True)]
        if all(remaining >= cost for remaining, _ in before):
            for key, limit in zip(keys, limits, strict=True):
                hit(key, limit, now, cost)
        return before


class _Window(Protocol):
    """One strategy, and the budgets counted by it."""

    @property
    def budgets(self) -> Sized: ...

    def hit(self, key: str, limit: Limit, now: float, cost: int) -> Quota:
        """Return the quota of a budget at `now`, and count `cost` if it has room for that; 0 only looks."""


class _MovingWindow:
    """Remembers the time of each hit."""

    def __init__(self, max_bytes: int) -> None:
        self.budgets: LruCache[str, array[float]] = LruCache(max_bytes)

    def hit(self, key: str, limit: Limit, now: float, cost: int) -> Quota:
        known = self.budgets.get(key)
        hits = array("d") if known is None else known
        if hits and hits[0] <= now - limit.window:
            del hits[: bisect_right(hits, now - limit.window)]
        number = len(hits)
        remaining, reset = limit.amount - number, (hits[0] - now if hits else 0) + limit.window
        if 0 < cost <= remaining:
            hits.extend((now,) * cost)
            parts = len(hits) // _HITS_AT_ONCE
            if known is None or parts > number // _HITS_AT_ONCE:
                self.budgets.put(key, hits, _ENTRY_BYTES + _HIT_BYTES * _HITS_AT_ONCE * (parts + 1))
        return Quota(remaining, ceil(reset) or 1)


class _Pair(NamedTuple):
    """The hits in the window with that number, and in the one before."""

    number: float
    current: int
    previous: int


class _SlidingWindowCounter:
    """Remembers two numbers: the hits in this window, and in the previous one, of which a share still counts."""

    def __init__(self, max_bytes: int) -> None:
        self.budgets: LruCache[str, _Pair] = LruCache(max_bytes)

    def hit(self, key: str, limit: Limit, now: float, cost: int) -> Quota:
        number, current, previous = self._pair(key, limit, now)
        left = limit.window - now % limit.window
        weighted = int(previous * left / limit.window) + current
        if 0 < cost <= limit.amount - weighted:
            self.budgets.put(key, _Pair(number, current + cost, previous), _ENTRY_BYTES)
        if not weighted:
            return Quota(limit.amount, limit.window)
        step = left % (limit.window / previous) if previous else left
        return Quota(max(0, limit.amount - weighted), ceil(min(step, left) + _JUST_AFTER))

    def _pair(self, key: str, limit: Limit, now: float) -> _Pair:
        number = now // limit.window
        known = self.budgets.get(key)
        if known is None or known.number < number - 1:
            return _Pair(number, 0, 0)
        return known if known.number == number else _Pair(number, 0, known.current)


class _FixedWindow:
    """Remembers when the window that the first hit opened will end, and how many hits it has."""

    def __init__(self, max_bytes: int) -> None:
        self.budgets: LruCache[str, tuple[float, int]] = LruCache(max_bytes)

    def hit(self, key: str, limit: Limit, now: float, cost: int) -> Quota:
        known = self.budgets.get(key)
        ends, hits = known if known is not None and now < known[0] else (now + limit.window, 0)
        if 0 < cost <= limit.amount - hits:
            self.budgets.put(key, (ends, hits + cost), _ENTRY_BYTES)
        return Quota(limit.amount - hits, ceil(ends - now) or 1)


_WINDOWS: Final[dict[Strategy, Callable[[int], _Window]]] = {
    "moving-window": _MovingWindow,
    "sliding-window-counter": _SlidingWindowCounter,
    "fixed-window": _FixedWindow,
}
