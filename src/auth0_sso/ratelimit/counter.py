"""What a store of counts does, in memory or in Redis: tell what is left of a budget, and take from it."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol

from auth0_sso.ratelimit.policy import Limit

Strategy = Literal["moving-window", "sliding-window-counter", "fixed-window"]
"""How a limit is counted, by the names of the library `limits`; docs/rate-limits.md says what each guarantees."""

JUST_AFTER: Final = 0.001
"""A weighted count falls just after the moment at which it is whole: so many seconds later it surely has."""


class Count(NamedTuple):
    """What is left under one limit, and in how many seconds there is one more."""

    remaining: int
    reset_in: float


class Taken(NamedTuple):
    """Whether a request was counted, and what was left under each limit before it."""

    allowed: bool
    before: Sequence[Count]


class Counter(Protocol):
    """A store of counts, kept by one strategy."""

    strategy: Strategy

    async def take(self, limits: Sequence[Limit], name: str, caller: str, cost: int) -> Taken:
        """Take `cost` from a caller's budget under a name if each limit has room for it, else from none.

        Looks and counts in one step: nobody else is served in between.
        """
