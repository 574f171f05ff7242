"""One policy for callers, each known by a key, and the verdict on each of their requests.

The moving window is exact: no more than the policy's count in any stretch of its period, and the time it names for
the next try is true. It remembers each hit of the last period, so its memory is callers times count.
"""

import time
from dataclasses import dataclass
from math import ceil

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, and what is left of the budget. `reset_after` is in whole seconds."""

    allowed: bool
    limit: int
    window: int
    remaining: int
    reset_after: int


class RateLimit:
    """A policy such as `10/minute`, and the counts kept for it in this process."""

    def __init__(self, policy: str) -> None:
        """Take a policy in the notation of the library `limits`; raise `ValueError` for another text."""
        self._item: RateLimitItem = parse(policy)
        self._window = MovingWindowRateLimiter(MemoryStorage())

    async def hit(self, key: str) -> Verdict:
        """Count one request of the caller `key` and say whether it may pass; a refused one is not counted."""
        allowed = await self._window.hit(self._item, key)
        stats = await self._window.get_window_stats(self._item, key)
        return Verdict(
            allowed=allowed,
            limit=self._item.amount,
            window=self._item.get_expiry(),
            remaining=max(0, stats.remaining),
            reset_after=max(1, ceil(stats.reset_time - time.time())),
        )
