"""From a policy and a store of counts to a verdict: whether a request may pass, and what to tell its caller."""

from collections.abc import Sequence
from math import ceil
from typing import Final, NamedTuple

from auth0_sso.ratelimit.counter import Count, Counter, Strategy
from auth0_sso.ratelimit.policy import Limit, Policy

# Windows after which nothing is left of a spent budget.
_FORGOTTEN_AFTER: Final[dict[Strategy, int]] = {"moving-window": 1, "sliding-window-counter": 2, "fixed-window": 1}


class Quota(NamedTuple):
    """What is left under one limit after a request; `reset_after` in whole seconds."""

    limit: Limit
    remaining: int
    reset_after: int


class Verdict(NamedTuple):
    """Whether a request may pass. If not, one of the same cost passes after `retry_after` seconds; else that is 0."""

    quotas: tuple[Quota, ...]
    retry_after: int = 0

    @property
    def allowed(self) -> bool:
        """Whether the request may pass."""
        return not self.retry_after


class RateLimiter:
    """Gives verdicts by the counts of one store."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._forgotten_after = _FORGOTTEN_AFTER[counter.strategy]

    async def take(self, policy: Policy, name: str, caller: str, *, cost: int = 1) -> Verdict:
        """Take `cost` from the budget that a caller has under a name, if each limit of the policy has room for it.

        What is refused costs nothing, under none of them. Raises what the store raises.
        """
        allowed, before = await self._counter.take(policy.limits, name, caller, cost)
        taken, waits = (cost, 0) if allowed else (0, self._wait(policy, before, cost))
        quotas = [
            Quota(limit, count.remaining - taken, ceil(count.reset_in) or 1)
            for limit, count in zip(policy.limits, before, strict=True)
        ]
        return Verdict(tuple(quotas), waits)

    def _wait(self, policy: Policy, counts: Sequence[Count], cost: int) -> int:
        """Return the seconds until each limit has room.

        A store names when there is one more; for more than one there surely is room when all is forgotten.
        """
        return max(
            ceil(count.reset_in) or 1 if cost - count.remaining == 1 else limit.window * self._forgotten_after
            for limit, count in zip(policy.limits, counts, strict=True)
            if count.remaining < cost
        )
