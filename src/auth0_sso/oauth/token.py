"""An access token that was issued to us, with the time at which to renew it."""

from dataclasses import dataclass, field
from typing import Final

from auth0_sso.clock import MonotonicTime

_MAX_RENEWAL_MARGIN: Final = 300.0
"""A token is renewed this many seconds before it expires, or after 90 % of its lifetime when that is later."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token with its times, which are monotonic times of this process in seconds."""

    text: str = field(repr=False)
    renew_at: float
    expires_at: float
    scopes: frozenset[str] | None
    """The scopes it was granted; None where the token endpoint did not list them."""

    @classmethod
    def issued(cls, text: str, expires_in: float, scopes: frozenset[str] | None, now: MonotonicTime) -> "IssuedToken":
        """Return a token that was issued at `now` and expires in `expires_in` seconds."""
        margin = min(_MAX_RENEWAL_MARGIN, expires_in / 10)
        return cls(text, now + expires_in - margin, now + expires_in, scopes)

    def allows_any(self, scopes: tuple[str, ...]) -> bool:
        """Return whether it may have one of `scopes`."""
        return self.scopes is None or not self.scopes.isdisjoint(scopes)
