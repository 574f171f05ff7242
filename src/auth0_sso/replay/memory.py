"""A replay cache in the memory of this process, of bounded size. Other processes do not see it."""

from collections import deque
from typing import Final

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import StoreUnavailableError

ENTRY_BYTES: Final = 240
"""The size of one name with its places in the dict and the queue."""


class MemoryReplays:
    """Remembers names in at most `max_bytes` bytes.

    Where it is full of names that have not expired it refuses new ones: to forget one would let its proof pass again.
    """

    def __init__(self, max_bytes: int, *, clock: Clock = SYSTEM_CLOCK) -> None:
        """Take the maximum size, and the clock."""
        self._max_entries = max_bytes // ENTRY_BYTES
        self._clock = clock
        self._expiry: dict[bytes, float] = {}
        self._order: deque[tuple[float, bytes]] = deque()

    def __len__(self) -> int:
        """Return the number of names."""
        return len(self._expiry)

    async def add(self, name: bytes, lifetime: float) -> bool:
        """Remember a name for `lifetime` seconds; return False if it is known already.

        Raises `StoreUnavailableError` where there is no room.
        """
        now = self._clock.monotonic()
        known = self._expiry.get(name)
        if known is not None and known > now:
            return False
        self._remove_expired(now)
        if len(self._expiry) >= self._max_entries:
            raise StoreUnavailableError("replay_cache_full")
        self._expiry[name] = now + lifetime
        self._order.append((now + lifetime, name))
        return True

    def _remove_expired(self, now: float) -> None:
        """Remove names from the front: lifetimes differ by little, so that those behind wait only a little longer."""
        order = self._order
        while order and order[0][0] <= now:
            expiry, name = order.popleft()
            if self._expiry.get(name) == expiry:
                del self._expiry[name]
