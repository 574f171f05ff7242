"""Audit records in the log."""

import logging

from auth0_sso.audit.document import document
from auth0_sso.audit.record import AuditRecord

_log = logging.getLogger("auth0_sso.audit")


class AuditLog:
    """An `AuditSink` that logs each record at INFO to the logger `auth0_sso.audit`.

    The message is for people; the attribute `fields` of the log record is the document (docs/audit.md).
    """

    def write(self, record: AuditRecord) -> None:
        """Log a record."""
        if _log.isEnabledFor(logging.INFO):
            _log.info("%s", sentence(record), extra={"fields": document(record)})


def sentence(record: AuditRecord) -> str:
    """Return a record in words."""
    actor = record.actor
    by = actor.subject or actor.client_id or actor.address
    parts = (
        f"{record.action}: {record.outcome}",
        f" by {by}" if by else "",
        f" on {record.target_kind} {record.target}" if record.target else "",
        f" ({record.reason})" if record.reason else "",
    )
    return "".join(parts)
