"""A policy: one or more limits that hold at once, in the notation of the library `limits`: `10/minute;200/hour`."""

import re
from dataclasses import dataclass
from typing import NamedTuple, Self

from limits import RateLimitItem, parse_many

MAX_REQUESTS = 1_000_000
"""The highest count of one limit: a moving window remembers each request."""

_SEPARATORS = re.compile(r"[,;|]")  # the library's; it passes over what it cannot read between two of them


class Limit(NamedTuple):
    """So many requests in a window of so many seconds."""

    name: str
    """What it is called in the RateLimit headers: `10/minute`, `100/5minute`."""
    amount: int
    window: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits with different windows, the shortest window first."""

    limits: tuple[Limit, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a policy; raise `ValueError` where it is none, without repeating it."""
        try:
            items = parse_many(text)
        except ValueError:
            raise ValueError("is no rate limit such as 10/minute or 10/minute;200/hour") from None
        if len(items) != len(_SEPARATORS.split(text)) or not all(_usable(item) for item in items):
            raise ValueError(f"names a limit that cannot be read, or not 1 to {MAX_REQUESTS} requests")
        limits = sorted(map(_limit, items), key=lambda limit: limit.window)
        if len({limit.window for limit in limits}) < len(limits):
            raise ValueError("has two limits for one length of time")
        return cls(tuple(limits))

    def require_room(self, cost: int) -> None:
        """Raise `ValueError` where a request of this cost could never pass."""
        if not 1 <= cost <= min(limit.amount for limit in self.limits):
            raise ValueError("a request costs at least 1, and no more than each of its limits allows")


def _usable(item: RateLimitItem) -> bool:
    return 1 <= item.amount <= MAX_REQUESTS and 1 <= item.multiples <= 10_000


def _limit(item: RateLimitItem) -> Limit:
    times = "" if item.multiples == 1 else item.multiples
    return Limit(f"{item.amount}/{times}{item.GRANULARITY.name}", item.amount, item.get_expiry())
