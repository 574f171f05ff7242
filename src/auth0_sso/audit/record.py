"""One entry of the audit trail, and its document: fields of the Elastic Common Schema where that has one.

The schema is stable: a change that readers notice gets another `SCHEMA_VERSION` (docs/audit.md).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from auth0_sso.clock import WallTime

SCHEMA_VERSION: Final = "1"

JsonValue: TypeAlias = "bool | int | float | str | tuple[JsonValue, ...] | Mapping[str, JsonValue] | None"

Outcome = Literal["success", "failure", "unknown"]
"""`unknown` is a change that Auth0 did not confirm: it may have carried it out."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, or tried to."""

    subject: str | None = None
    client_id: str | None = None
    organization: str | None = None
    address: str | None = None


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
    """One thing that happened. Its `id` is unique, and later records have greater ones (UUID version 7)."""

    id: str
    time: datetime
    """In UTC."""
    action: str
    """Such as `token-refused` or `roles-assigned`; all are in docs/audit.md."""
    outcome: Outcome
    reason: str | None = None
    actor: Actor = Actor()
    request: Request = Request()
    target: str | None = None
    """The id of the user it was done to."""
    details: Mapping[str, JsonValue] = field(default_factory=lambda: MappingProxyType({}))
    """What else is known, such as what was missing, and the state before and after."""


def new_id(now: WallTime) -> str:
    """Return a UUID version 7 (RFC 9562 section 5.7) of a time."""
    milliseconds = int(now * 1000)
    random = secrets.randbits(74)
    number = milliseconds << 80 | 7 << 76 | (random >> 62) << 64 | 2 << 62 | random & ((1 << 62) - 1)
    text = f"{number:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def utc(now: WallTime) -> datetime:
    """Return a time as a `datetime` in UTC."""
    return datetime.fromtimestamp(now, UTC)
