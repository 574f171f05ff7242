"""Counting requests under a policy, by a strategy of the library `limits` in one of its stores.

A request is let through when each limit of its policy has room, and only then is it counted: what is refused costs
its caller nothing, under none of the limits.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final, Literal

from limits import RateLimitItem, WindowStats
from limits.aio import strategies
from limits.aio.storage import Storage

from auth0_sso.limits.policy import Policy, name_of

Strategy = Literal["moving-window", "sliding-window-counter", "fixed-window"]
"""How a limit is counted, by the library's names; docs/rate-limits.md says what each guarantees."""

_COUNTING: Final[dict[Strategy, Callable[[Storage], strategies.RateLimiter]]] = {
    "moving-window": strategies.MovingWindowRateLimiter,
    "sliding-window-counter": strategies.SlidingWindowCounterRateLimiter,
    "fixed-window": strategies.FixedWindowRateLimiter,
}

# Windows after which nothing of a spent budget is left, and seconds by which the library's word may be early: of a
# counter the slot is free just after the named time, and Redis tells a key's life in whole seconds.
_FORGOTTEN_AFTER: Final[dict[Strategy, int]] = {"moving-window": 1, "sliding-window-counter": 2, "fixed-window": 1}
_SLACK: Final[dict[Strategy, int]] = {"moving-window": 0, "sliding-window-counter": 1, "fixed-window": 1}


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left under one limit after a request; `window` and `reset_after` in whole seconds."""

    name: str
    limit: int
    window: int
    remaining: int
    reset_after: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass. If not, one of the same cost passes after `retry_after` seconds; else that is 0."""

    quotas: tuple[Quota, ...]
    retry_after: int = 0

    @property
    def allowed(self) -> bool:
        """Whether the request may pass."""
        return not self.retry_after


class RateLimiter:
    """Counts in one store by one strategy."""

    def __init__(self, storage: Storage, strategy: Strategy = "moving-window", *, together: bool = False) -> None:
        """Take a store of the library `limits`; with `together` it is asked about all limits of a policy at once.

        That saves messages to a store across a wire. One in memory is better asked in turn: nobody overtakes then.
        """
        self._strategy = strategy
        self._together = together
        self._window = _COUNTING[strategy](storage)
        self._slack = _SLACK[strategy]

    async def take(self, policy: Policy, *key: str, cost: int = 1) -> Verdict:
        """Take `cost` from the budget of `key` if there is that much; raises what the store raises."""
        key = (self._strategy, *key)  # each keeps its counts in a form of its own
        before = await self._look(policy.limits, key)
        waits = self._waits(policy.limits, before, cost)
        if not waits and await self._hit(policy.limits, key, cost):
            return Verdict(self._quotas(policy.limits, before, cost))
        if not waits:  # somebody was faster
            before = await self._look(policy.limits, key)
            waits = self._waits(policy.limits, before, cost)
        return Verdict(self._quotas(policy.limits, before, 0), max(waits, default=1))

    async def _look(self, limits: Sequence[RateLimitItem], key: Sequence[str]) -> list[WindowStats]:
        """Return the library's numbers of each limit: the time of its reset, since 1970, and what remains."""
        looks = [self._window.get_window_stats(limit, *key) for limit in limits]
        return await asyncio.gather(*looks) if self._together else [await look for look in looks]

    async def _hit(self, limits: Sequence[RateLimitItem], key: Sequence[str], cost: int) -> bool:
        """Count under each limit, the shortest window first: it is the one that recovers soonest from a race."""
        for limit in limits:
            if not await self._window.hit(limit, *key, cost=cost):
                return False
        return True

    def _waits(self, limits: Sequence[RateLimitItem], stats: Sequence[WindowStats], cost: int) -> list[int]:
        """Return, for each limit without room for `cost`, the seconds until there is."""
        now = time.time()
        return [
            self._wait(limit, stat, now, cost)
            for limit, stat in zip(limits, stats, strict=True)
            if stat.remaining < cost
        ]

    def _wait(self, limit: RateLimitItem, stat: WindowStats, now: float, cost: int) -> int:
        """The library names when one more is free; for more than one all is surely free when all is forgotten."""
        if cost - stat.remaining > 1:
            return limit.get_expiry() * _FORGOTTEN_AFTER[self._strategy] + self._slack
        return self._reset_after(limit, stat, now)

    def _quotas(self, limits: Sequence[RateLimitItem], stats: Sequence[WindowStats], taken: int) -> tuple[Quota, ...]:
        now = time.time()
        return tuple(
            Quota(
                name_of(limit),
                limit.amount,
                limit.get_expiry(),
                max(0, stat.remaining - taken),
                self._reset_after(limit, stat, now),
            )
            for limit, stat in zip(limits, stats, strict=True)
        )

    def _reset_after(self, limit: RateLimitItem, stat: WindowStats, now: float) -> int:
        """Return the seconds until more is free; of a budget nothing was taken of, its window begins now."""
        if stat.remaining == limit.amount:
            return limit.get_expiry()
        return max(1, ceil(stat.reset_time - now) + self._slack)
