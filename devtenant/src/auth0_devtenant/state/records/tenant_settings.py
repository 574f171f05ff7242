"""Of the tenant itself: the mailbox and the rate limits."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from auth0_devtenant.state.records.json import Json

RateLimitPlan: TypeAlias = Literal["off", "free", "enterprise"]
"""Whose rate limits of the Management API apply; "off" has none."""


@dataclass(frozen=True, slots=True)
class Message:
    """An email that Auth0 would send; here it stays in the mailbox."""

    to: str
    subject: str
    text: str
    sent_at: str
    code: str | None = field(default=None, repr=False)
    """The code in the text, for tests."""

    @property
    def document(self) -> Json:
        """The message as the mailbox shows it."""
        return {"to": self.to, "subject": self.subject, "text": self.text, "code": self.code, "sent_at": self.sent_at}


@dataclass(slots=True)
class RateLimitBucket:
    """The token bucket of the Management API."""

    plan: RateLimitPlan = "off"
    """Whose size and refill it was last used with."""
    tokens: float = 0
    updated_at: float = 0
    """Seconds since 1970."""
