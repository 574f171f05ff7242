"""How the audit trail is, and its outages: each is logged and reported once when it begins and once when it ends."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from auth0_sso.events import Event, OutageBegan, OutageEnded

_log = logging.getLogger(__name__)

_COMPONENT: Final = "audit database"


@dataclass(frozen=True, slots=True)
class AuditHealth:
    """How the audit trail is."""

    state: Literal["up", "down"]
    """Whether the database takes records, as the last attempt found."""
    last_error: str | None
    """A word for why not, such as `timeout` or `not_migrated`."""
    pending: int
    """Records that the database does not have yet, in memory and on disk."""
    spilled_bytes: int
    """The size of those on disk."""
    lost: int
    """Records that neither the database nor the disk has taken since the start."""
    refused: int
    """Records that the database refused since the start; they are in the file `refused.jsonl`."""
    disk_error: str | None
    """A word for why the spill directory takes no records, such as `full` or `enospc`; None while it does."""


class Outage:
    """Whether the audit database is down."""

    def __init__(self, observe: Callable[[Event], object]) -> None:
        """Take what is called with `OutageBegan` and `OutageEnded`."""
        self._observe = observe
        self.last_error: str | None = None

    @property
    def is_down(self) -> bool:
        """Whether an outage lasts."""
        return self.last_error is not None

    def began(self, why: str) -> None:
        """Begin an outage, or note why it lasts."""
        is_new, self.last_error = not self.is_down, why
        if is_new:
            _log.error("the audit database is down: %s%s; records are kept on disk", why, _hint(why))
            self._observe(OutageBegan(_COMPONENT, why))

    def ended(self) -> None:
        """End an outage if one lasts."""
        if self.is_down:
            self.last_error = None
            _log.warning("the audit database takes records again")
            self._observe(OutageEnded(_COMPONENT))


def _hint(why: str) -> str:
    return " (run `auth0-sso audit migrate`)" if why == "not_migrated" else ""
