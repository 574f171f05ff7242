"""Counts in this process's memory, of bounded size, by the strategies of the library `limits`.

The library's own store in memory looks at every caller it knows after each request, and forgets none before the time:
a million callers would stall the process. Here those not seen for longest go first, once all together take too much.
tests/ratelimit/test_memory.py holds each strategy to the library's, second by second.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence, Sized
from typing import Final, NamedTuple, Protocol

from cachetools import LRUCache

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.ratelimit.counter import JUST_AFTER, Count, Strategy, Taken
from auth0_sso.ratelimit.policy import Limit

MIB: Final = 1024 * 1024

_ENTRY_BYTES: Final = 560
"""What one budget takes beside its hits, its text and its places in the cache, as bench/callers.py measures it."""
_HIT_BYTES: Final = 9  # eight, and an array's spare room


class MemoryCounter:
    """Counts in at most `max_bytes` bytes. Nothing here waits, so nobody is served between a look and a count."""

    def __init__(
        self,
        strategy: Strategy = "moving-window",
        max_bytes: int = 64 * MIB,
        *,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Take the bound, of 16 MiB or more, and the clock."""
        self.strategy = strategy
        self._window = _WINDOWS[strategy](max_bytes)
        self._clock = clock

    def __len__(self) -> int:
        """Return how many budgets are remembered."""
        return len(self._window.budgets)

    async def take(self, limits: Sequence[Limit], name: str, caller: str, cost: int) -> Taken:
        """Take `cost` from a caller's budget under a name if each limit has room for it, else from none."""
        now, key, take = self._clock.monotonic(), f" {name} {caller}", self._window.take
        if len(limits) == 1:
            count = take(limits[0].name + key, limits[0], now, cost)
            return Taken(count.remaining >= cost, (count,))
        before = [take(limit.name + key, limit, now, 0) for limit in limits]
        if any(count.remaining < cost for count in before):
            return Taken(allowed=False, before=before)
        for limit in limits:
            take(limit.name + key, limit, now, cost)
        return Taken(allowed=True, before=before)


class _Window(Protocol):
    """One strategy, and the budgets counted by it."""

    @property
    def budgets(self) -> Sized: ...

    def take(self, key: str, limit: Limit, now: float, cost: int) -> Count:
        """Return what is left of a budget at `now`, and take `cost` from it if it is that much; 0 only looks."""


class _MovingWindow:
    """Remembers the time of each hit."""

    def __init__(self, max_bytes: int) -> None:
        self.budgets: LRUCache[str, array[float]] = LRUCache(max_bytes, getsizeof=_size_of_hits)

    def take(self, key: str, limit: Limit, now: float, cost: int) -> Count:
        hits = self.budgets.get(key)
        if hits is None:
            hits = array("d")
        else:
            del hits[: bisect_right(hits, now - limit.window)]
        before = Count(limit.amount - len(hits), (hits[0] - now if hits else 0) + limit.window)
        if 0 < cost <= before.remaining:
            hits.extend([now] * cost)
            self.budgets[key] = hits  # anew, for its size has changed
        return before


class _Pair(NamedTuple):
    """The hits of the window with that number, and of the one before."""

    number: float
    current: int
    previous: int


class _SlidingWindowCounter:
    """Remembers two numbers: the hits of this window, and of the last one, of which a share still counts."""

    def __init__(self, max_bytes: int) -> None:
        self.budgets: LRUCache[str, _Pair] = LRUCache(max_bytes, getsizeof=_size_of_numbers)

    def take(self, key: str, limit: Limit, now: float, cost: int) -> Count:
        number, current, previous = self._pair(key, limit, now)
        left = limit.window - now % limit.window
        weighted = int(previous * left / limit.window) + current
        if 0 < cost <= limit.amount - weighted:
            self.budgets[key] = _Pair(number, current + cost, previous)
        if not weighted:
            return Count(limit.amount, limit.window)
        step = left % (limit.window / previous) if previous else left
        return Count(max(0, limit.amount - weighted), min(step, left) + JUST_AFTER)

    def _pair(self, key: str, limit: Limit, now: float) -> _Pair:
        number = now // limit.window
        known = self.budgets.get(key)
        if known is None or known.number < number - 1:
            return _Pair(number, 0, 0)
        return known if known.number == number else _Pair(number, 0, known.current)


class _FixedWindow:
    """Remembers when the window ends that the first hit opened, and how many it has."""

    def __init__(self, max_bytes: int) -> None:
        self.budgets: LRUCache[str, tuple[float, int]] = LRUCache(max_bytes, getsizeof=_size_of_numbers)

    def take(self, key: str, limit: Limit, now: float, cost: int) -> Count:
        known = self.budgets.get(key)
        ends, hits = known if known is not None and now < known[0] else (now + limit.window, 0)
        if 0 < cost <= limit.amount - hits:
            self.budgets[key] = (ends, hits + cost)
        return Count(limit.amount - hits, ends - now)


def _size_of_hits(hits: "array[float]") -> int:
    return _ENTRY_BYTES + _HIT_BYTES * len(hits)


def _size_of_numbers(_: tuple[float, ...]) -> int:
    return _ENTRY_BYTES


_WINDOWS: Final[dict[Strategy, Callable[[int], _Window]]] = {
    "moving-window": _MovingWindow,
    "sliding-window-counter": _SlidingWindowCounter,
    "fixed-window": _FixedWindow,
}
