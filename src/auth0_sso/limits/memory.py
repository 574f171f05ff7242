"""A store of the library `limits` in this process's memory, of bounded size.

The library's own looks at every caller it knows after each request, and forgets none before the time: a million
callers would stall the process. Here the callers not seen for longest go first, once all together take too much.
"""

import time
from array import array
from bisect import bisect_right
from collections.abc import Callable
from typing import Final

from cachetools import LRUCache
from limits.aio.storage import MovingWindowSupport, SlidingWindowCounterSupport, Storage

MIB: Final = 1024 * 1024

_ENTRY_BYTES: Final = 560
"""What one budget takes beside its hits, its text and its places in the cache, as bench/callers.py measures it."""
_HIT_BYTES: Final = 9  # eight, and an array's spare room


class BoundedMemory(Storage, MovingWindowSupport, SlidingWindowCounterSupport):
    """Counts in at most `most_bytes` bytes. Not for use from several threads.

    No method ever waits, so that whoever looks and then counts is not overtaken in between.
    """

    STORAGE_SCHEME = None

    def __init__(self, most_bytes: int = 64 * MIB, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the bound, of 16 MiB or more, and a clock that never goes back, in seconds."""
        super().__init__()
        self._clock = clock
        self._hits: LRUCache[str, array[float]] = LRUCache(most_bytes, getsizeof=_size)
        self._counters: LRUCache[str, tuple[float, int, int]] = LRUCache(most_bytes, getsizeof=_counter_size)

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing here fails in a way of its own."""
        return ValueError

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` hits of `key` unless the last `expiry` seconds then held more than `limit`."""
        now = self._clock()
        hits = self._hits.get(key)
        if hits is None:
            hits = array("d")
        else:
            del hits[: bisect_right(hits, now - expiry)]
        if len(hits) + amount > limit:
            return False
        hits.extend([now] * amount)
        self._hits[key] = hits  # anew, for its size has changed
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002 - the library's signature
        """Return the time of the oldest hit that still counts, since 1970 as the library reckons, and how many do."""
        hits, now, since_1970 = self._hits.get(key), self._clock(), time.time()
        if hits is None:
            return since_1970, 0
        oldest = bisect_right(hits, now - expiry)
        count = len(hits) - oldest
        return (since_1970 - (now - hits[oldest]), count) if count else (since_1970, 0)

    async def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` hits unless this window's, and of the last one's the part still near, exceed `limit`."""
        now = self._clock()
        number, current, previous = self._window_pair(key, expiry, now)
        weighted = int(previous * (1 - now / expiry % 1)) + current
        if weighted + amount > limit:
            return False
        self._counters[key] = (number, current + amount, previous)
        return True

    async def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Return the last window's count and the seconds it still matters, and the same of this one."""
        now = self._clock()
        _, current, previous = self._window_pair(key, expiry, now)
        left = (1 - now / expiry % 1) * expiry
        return previous, left, current, left + expiry

    async def clear_sliding_window(self, key: str, expiry: int) -> None:  # noqa: ARG002 - the library's signature
        """Forget a budget."""
        await self.clear(key)

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count `amount` hits in the window that the first one opened; return how many it has."""
        ends, count, _ = self._open_window(key) or (self._clock() + expiry, 0, 0)
        self._counters[key] = (ends, count + amount, 0)
        return count + amount

    async def get(self, key: str) -> int:
        """Return how many hits the open window has."""
        window = self._open_window(key)
        return 0 if window is None else window[1]

    async def get_expiry(self, key: str) -> float:
        """Return when the open window ends, since 1970 as the library reckons."""
        window = self._open_window(key)
        return time.time() + (0 if window is None else window[0] - self._clock())

    async def check(self) -> bool:
        """Return that memory is there."""
        return True

    async def reset(self) -> int:
        """Forget all budgets; return how many there were."""
        forgotten = len(self._hits) + len(self._counters)
        self._hits.clear()
        self._counters.clear()
        return forgotten

    async def clear(self, key: str) -> None:
        """Forget a budget."""
        self._hits.pop(key, None)
        self._counters.pop(key, None)

    def _window_pair(self, key: str, expiry: int, now: float) -> tuple[float, int, int]:
        """Return the number of the window `now` is in, its count, and that of the one before."""
        number = now // expiry
        known, current, previous = self._counters.get(key, (number, 0, 0))
        if known == number:
            return number, current, previous
        return number, 0, current if known == number - 1 else 0

    def _open_window(self, key: str) -> tuple[float, int, int] | None:
        window = self._counters.get(key)
        return window if window is not None and self._clock() < window[0] else None


def _size(hits: "array[float]") -> int:
    return _ENTRY_BYTES + _HIT_BYTES * len(hits)


def _counter_size(_: tuple[float, int, int]) -> int:
    return _ENTRY_BYTES
