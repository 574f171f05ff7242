"""Writing to the audit trail and reading it: what the parts of an app know of it, whatever keeps it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol, runtime_checkable

from auth0_sso.audit.record import AuditRecord, Outcome

Order = Literal["newest", "oldest"]
"""Which records come first."""

MAX_PAGE: Final = 1000
"""The maximum number of records on a page."""


class AuditSink(Protocol):
    """Where audit records go."""

    def write(self, record: AuditRecord) -> None:
        """Take a record; never blocks, never raises."""


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which records to read; a filter that is None, or empty, lets every record pass."""

    since: datetime | None = None
    """The earliest time, included; with a time zone."""
    until: datetime | None = None
    """The latest time, excluded; with a time zone."""
    actions: frozenset[str] = frozenset()
    outcome: Outcome | None = None
    subject: str | None = None
    """Of the actor."""
    target: str | None = None
    client_id: str | None = None
    request_id: str | None = None
    address: str | None = None
    after: str | None = None
    """The checkpoint of the page before: its `next`."""
    limit: int = 100
    """The maximum number of records, 1 to `MAX_PAGE`."""
    order: Order = "newest"


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some records, in the order in which they were stored: one that was kept on disk meanwhile is stored late."""

    records: tuple[AuditRecord, ...]
    next: str | None
    """The checkpoint of the next page. With the newest first, None where there are no more. With the oldest first,
    where to go on once there are more: what `after` was if there is no record, and None if that was None. It depends
    on the order of storing, not on ids or times, so that a reader who follows the trail misses no late record."""


@runtime_checkable
class AuditReader(Protocol):
    """Where audit records are read."""

    async def page(self, query: AuditQuery) -> AuditPage:
        """Return a page of records.

        Raises `ValueError` for a checkpoint that no page had or a limit out of range, and `AuditUnavailableError`
        while the database is down.
        """
