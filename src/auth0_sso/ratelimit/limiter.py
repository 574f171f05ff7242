"""Rate limits: whether a request may pass under a policy, and what the RateLimit headers tell its caller.

Hits are counted in memory (`memory.py`), or in a Redis that all processes share (`redis.py`).
"""

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple, Protocol

from auth0_sso.errors import StoreUnavailableError
from auth0_sso.events import IGNORE, Observer, RateLimitDecision
from auth0_sso.ratelimit.policy import Limit, Policy

Strategy = Literal["moving-window", "sliding-window-counter", "fixed-window"]
"""How hits are counted; docs/rate-limits.md says what each strategy guarantees."""

OnStoreError = Literal["local", "allow", "deny"]
"""While the store is down: each process counts for itself, every request passes, or every request gets a 503."""

_WINDOWS_UNTIL_EMPTY: Final[dict[Strategy, int]] = {
    "moving-window": 1,
    "sliding-window-counter": 2,
    "fixed-window": 1,
}
"""The number of windows after which no hit counts any more."""


class Quota(NamedTuple):
    """How many requests remain under one limit, and in how many seconds there are more."""

    remaining: int
    reset_after: int
    """At least 1."""


class RateLimitResult(NamedTuple):
    """Whether a request may pass, and what is left of each limit of its policy after it."""

    quotas: tuple[Quota, ...]
    """In the order of the policy's limits; none where they are not known."""
    retry_after: int = 0
    """0 for a request that may pass; else the seconds after which a request of the same cost may."""

    @property
    def allowed(self) -> bool:
        """Whether the request may pass."""
        return not self.retry_after


NOT_COUNTED: Final = RateLimitResult(())
"""The request may pass, and nothing is known of its quotas."""


class Counter(Protocol):
    """Counts hits by one strategy."""

    strategy: Strategy

    async def hit(self, limits: Sequence[Limit], name: str, caller: str, cost: int) -> list[Quota]:
        """Return the quota under each limit before this hit; count `cost` under all if each has room, else none.

        Looks and counts in one step, with no other hit in between.
        """


class RateLimiter:
    """Counts hits in the shared store where there is one, else in memory."""

    def __init__(
        self,
        memory: Counter,
        shared: Counter | None = None,
        *,
        on_store_error: OnStoreError = "local",
        observe: Observer = IGNORE,
    ) -> None:
        """Take the counter in memory, and that of the shared store where there is one."""
        self._observe = observe
        self._memory = memory
        self._shared = shared
        self._on_store_error = on_store_error

    async def hit(self, policy: Policy, name: str, caller: str, *, cost: int = 1) -> RateLimitResult:
        """Count a request of a caller under a name if each limit of the policy has room for its cost.

        Raises `StoreUnavailableError` while the store is down and `on_store_error` is `deny`.
        """
        if self._shared is not None:
            try:
                before = await self._shared.hit(policy.limits, name, caller, cost)
            except StoreUnavailableError:
                if self._on_store_error == "deny":
                    self._tell(name, "none", allowed=False)
                    raise
                if self._on_store_error == "allow":
                    self._tell(name, "none", allowed=True)
                    return NOT_COUNTED
            else:
                result = _result(self._shared.strategy, policy.limits, before, cost)
                self._tell(name, "store", allowed=result.allowed)
                return result
        before = await self._memory.hit(policy.limits, name, caller, cost)
        result = _result(self._memory.strategy, policy.limits, before, cost)
        self._tell(name, "memory", allowed=result.allowed)
        return result

    def _tell(self, name: str, counted_by: Literal["store", "memory", "none"], *, allowed: bool) -> None:
        if self._observe is not IGNORE:
            self._observe(RateLimitDecision(name, allowed, counted_by))


def _result(strategy: Strategy, limits: Sequence[Limit], before: Sequence[Quota], cost: int) -> RateLimitResult:
    after = []
    for remaining, reset in before:
        if remaining < cost:
            windows = [limit.window * _WINDOWS_UNTIL_EMPTY[strategy] for limit in limits]
            return RateLimitResult(tuple(before), max(_waits(windows, before, cost)))
        after.append(Quota(remaining - cost, reset))
    return RateLimitResult(tuple(after))


def _waits(windows: Sequence[int], before: Sequence[Quota], cost: int) -> Iterator[int]:
    """Yield the seconds until each exceeded limit has room.

    Known where one more request is needed, else it is the time after which no hit counts.
    """
    for window, (remaining, reset) in zip(windows, before, strict=True):
        if remaining < cost:
            yield reset if cost - remaining == 1 else window
