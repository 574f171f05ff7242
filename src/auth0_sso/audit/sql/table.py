"""The table of audit records. Its `sequence` is the order of storing, and so the checkpoint of readers."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Identity,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
)
from sqlalchemy.dialects.postgresql import JSONB

from auth0_sso.audit.columns import MAX_TEXT

VERSION_TABLE: Final = "auth0_sso_audit_version"
HEAD: Final = "0001"
"""The newest revision of the migrations."""


class UtcTime(TypeDecorator[datetime]):
    """A time in UTC; SQLite keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time as the driver takes it."""
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy passes it
        """Return a time with its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _text(name: str, *, nullable: bool = True) -> Column[str]:
    return Column(name, String(MAX_TEXT), nullable=nullable)


METADATA: Final = MetaData()
AUDIT: Final = Table(
    "auth0_sso_audit",
    METADATA,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column("id", String(MAX_TEXT), nullable=False, unique=True),
    Column("time", UtcTime, nullable=False, index=True),
    _text("action", nullable=False),
    _text("outcome", nullable=False),
    _text("reason"),
    _text("code"),
    _text("subject"),
    _text("client_id"),
    _text("organization"),
    _text("address"),
    _text("request_id"),
    _text("trace_id"),
    _text("method"),
    _text("route"),
    _text("target"),
    _text("target_kind", nullable=False),
    Column("details", JSON().with_variant(JSONB(), "postgresql"), nullable=False),
    # Without AUTOINCREMENT, SQLite gives the numbers of deleted rows again.
    sqlite_autoincrement=True,
)
FILTERED: Final = ("action", "outcome", "subject", "client_id", "address", "request_id", "target")
"""The columns that readers filter by; each has an index, in the order of pages."""

for _name in FILTERED:
    Index(f"ix_auth0_sso_audit_{_name}", AUDIT.c[_name], AUDIT.c.sequence)
