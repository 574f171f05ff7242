"""A policy: one or more limits that hold at once, in the notation of the library `limits`: `10/minute;200/hour`."""

import re
from dataclasses import dataclass
from typing import Self

from limits import RateLimitItem, parse_many

MOST_REQUESTS = 1_000_000
"""The highest count of one limit: a moving window remembers each request."""

_SEPARATORS = re.compile(r"[,;|]")  # the library's; it passes over what it cannot read between two of them


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits with different windows, the shortest window first."""

    limits: tuple[RateLimitItem, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a policy; raise `ValueError` where it is none, without repeating it."""
        try:
            limits = sorted(parse_many(text), key=RateLimitItem.get_expiry)
        except ValueError:
            raise ValueError("is no rate limit such as 10/minute or 10/minute;200/hour") from None
        if len(limits) != len(_SEPARATORS.split(text)) or not all(_usable(limit) for limit in limits):
            raise ValueError(f"names a limit that cannot be read, or not 1 to {MOST_REQUESTS} requests")
        if len({limit.get_expiry() for limit in limits}) < len(limits):
            raise ValueError("has two limits for one length of time")
        return cls(tuple(limits))

    def require_room(self, cost: int) -> None:
        """Raise `ValueError` where a request of this cost could never pass."""
        if not 1 <= cost <= min(limit.amount for limit in self.limits):
            raise ValueError("a request costs at least 1, and no more than each of its limits allows")


def _usable(limit: RateLimitItem) -> bool:
    return 1 <= limit.amount <= MOST_REQUESTS and 1 <= limit.multiples <= 10_000


def name_of(limit: RateLimitItem) -> str:
    """Return what a limit is called in the RateLimit headers: `10/minute`, `100/5minute`."""
    times = "" if limit.multiples == 1 else limit.multiples
    return f"{limit.amount}/{times}{limit.GRANULARITY.name}"
