"""A cache of limited cost, from which the least recently used values are evicted: docs/decisions/0030."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LruCache(Generic[K, V]):
    """Values whose costs add up to at most `max_cost`, such as bytes."""

    def __init__(self, max_cost: int) -> None:
        """Take the maximum; with 0 nothing is kept."""
        self._max_cost = max_cost
        self._cost = 0
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """Return a value, which is now the most recently used, or None."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: K, value: V, cost: int) -> None:
        """Keep a value, now the most recently used, in place of an earlier one; not if it costs more than all may."""
        entries = self._entries
        if key in entries:  # most keys are new
            self._cost -= entries.pop(key)[1]
        if cost > self._max_cost:
            return
        entries[key] = (value, cost)
        self._cost += cost
        while self._cost > self._max_cost:
            self._cost -= entries.popitem(last=False)[1][1]
