"""One record of the audit trail. `document` writes it in JSON, with the field names of docs/audit.md."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Literal, TypeAlias

from auth0_sso.clock import WallTime

JsonValue: TypeAlias = "bool | int | float | str | tuple[JsonValue, ...] | Mapping[str, JsonValue] | None"

Outcome = Literal["success", "failure", "unknown"]
"""`unknown` is an action that was not confirmed: it may have been carried out."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, or tried to. What a token said is here only if the token was verified."""

    subject: str | None = None
    client_id: str | None = None
    organization: str | None = None
    address: str | None = None
    issuer: str | None = None
    """The issuer of the subject's tenant, where it is not that of AUTH0_DOMAIN: two tenants may have one subject."""


@dataclass(frozen=True, slots=True)
class Request:
    """The request it was done with."""

    id: str | None = None
    trace_id: str | None = None
    method: str | None = None
    route: str | None = None
    """The template of the path, without ids."""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One thing that happened. Its `id` is unique, and later records of a process have greater ones."""

    id: str
    """A UUID version 7 (RFC 9562 section 5.7)."""
    time: datetime
    """In UTC."""
    action: str
    """Such as `token-refused` or `assign-roles`; all are in docs/audit.md."""
    outcome: Outcome
    reason: str | None = None
    """Why it failed, in a word: docs/reasons.md."""
    code: str | None = None
    """The `code` of the problem that was answered: docs/errors.md."""
    actor: Actor = Actor()
    request: Request = Request()
    target: str | None = None
    """The id of what it was done to."""
    target_kind: str = "user"
    """What that is."""
    details: Mapping[str, JsonValue] = field(default_factory=lambda: MappingProxyType({}))
    """What else is known, such as what was missing, and the state before and after."""


class RecordIds:
    """Makes the ids of one process: each greater than those before it, also where the clock is set back."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, now: WallTime) -> str:
        """Return the id of a record made now (RFC 9562 section 6.2, method 2)."""
        self._last = max(_uuid7(now), self._last + 1)
        return _text(self._last)


def new_id(now: WallTime) -> str:
    """Return an id by itself, in no order with others of the same millisecond."""
    return _text(_uuid7(now))


def utc(now: WallTime) -> datetime:
    """Return a time as a `datetime` in UTC."""
    return datetime.fromtimestamp(now, UTC)


def _uuid7(now: WallTime) -> int:
    random = secrets.randbits(74)
    return int(now * 1000) << 80 | 7 << 76 | (random >> 62) << 64 | 2 << 62 | random & ((1 << 62) - 1)


def _text(number: int) -> str:
    text = f"{number:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
