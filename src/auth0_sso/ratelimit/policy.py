"""A rate limit policy: one or more limits that hold at once, in the usual notation: `10/minute;200/hour`."""

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

MAX_REQUESTS: Final = 1_000_000
"""The highest count of one limit: a moving window remembers each request."""
_MAX_MULTIPLE: Final = 10_000

_SEPARATOR: Final = re.compile(r"[,;|]")
_LIMIT: Final = re.compile(r"\s*([0-9]{1,20})\s*(?:/|per)\s*([0-9]{1,20})?\s*([a-z]+)\s*", re.IGNORECASE)
_DAY: Final = 24 * 60 * 60
_SECONDS: Final = {
    "second": 1,
    "minute": 60,
    "hour": 60 * 60,
    "day": _DAY,
    "month": 30 * _DAY,
    "year": 360 * _DAY,
}


class Limit(NamedTuple):
    """A number of requests in a window of a number of seconds."""

    name: str
    """Its name in the RateLimit headers: `10/minute`, `100/5minute`."""
    amount: int
    window: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits with different windows, the shortest window first."""

    limits: tuple[Limit, ...]
    header: bytes = field(init=False, compare=False)
    """The value of RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10)."""
    quota_format: bytes = field(init=False, compare=False)
    """The value of RateLimit, with two `%d` for each limit: the remaining requests, and the seconds to its reset."""

    def __post_init__(self) -> None:
        policies = ", ".join(f'"{limit.name}";q={limit.amount};w={limit.window}' for limit in self.limits)
        object.__setattr__(self, "header", policies.encode("ascii"))
        quotas = ", ".join(f'"{limit.name}";r=%d;t=%d' for limit in self.limits)
        object.__setattr__(self, "quota_format", quotas.encode("ascii"))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read limits such as `10/minute`, `10 per minute` or `100/5minute`, separated by `,`, `;` or `|`.

        A window is a number of seconds, minutes, hours, days, months (of 30 days) or years (of 360 days), in the
        singular or the plural. Raises `ValueError`, which does not repeat the text.
        """
        limits = sorted(map(_parse_limit, _SEPARATOR.split(text)), key=lambda limit: limit.window)
        if len({limit.window for limit in limits}) < len(limits):
            raise ValueError("has two limits with the same window")
        return cls(tuple(limits))

    @property
    def text(self) -> str:
        """The policy in the usual notation, the shortest window first: `10/minute;200/hour`."""
        return ";".join(limit.name for limit in self.limits)

    def require_room(self, cost: int) -> None:
        """Raise `ValueError` where a request of this cost could never pass."""
        if cost != 1 and not 1 <= cost <= min(limit.amount for limit in self.limits):  # each limit allows 1
            raise ValueError("a request costs at least 1, and no more than each of its limits allows")


def _parse_limit(text: str) -> Limit:
    found = _LIMIT.fullmatch(text)
    unit = found[3].lower().removesuffix("s") if found else ""
    if found is None or unit not in _SECONDS:
        raise ValueError("is not a rate limit such as 10/minute or 10/minute;200/hour")
    amount, multiple = int(found[1]), int(found[2] or 1)
    if not 1 <= amount <= MAX_REQUESTS or not 1 <= multiple <= _MAX_MULTIPLE:
        raise ValueError(
            f"names a limit that is not of 1 to {MAX_REQUESTS} requests in 1 to {_MAX_MULTIPLE} units of time"
        )
    return Limit(f"{amount}/{'' if multiple == 1 else multiple}{unit}", amount, multiple * _SECONDS[unit])
