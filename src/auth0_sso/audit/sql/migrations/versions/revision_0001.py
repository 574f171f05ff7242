"""Create the table of audit records."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

_TEXT = sa.String(512)
_FILTERED = ("action", "outcome", "subject", "client_id", "address", "request_id", "target")


def upgrade() -> None:
    """Create the table and its indexes."""
    sequence = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "auth0_sso_audit",
        sa.Column("sequence", sequence, sa.Identity(), primary_key=True),
        sa.Column("id", _TEXT, nullable=False, unique=True),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("action", _TEXT, nullable=False),
        sa.Column("outcome", _TEXT, nullable=False),
        sa.Column("reason", _TEXT),
        sa.Column("code", _TEXT),
        sa.Column("subject", _TEXT),
        sa.Column("client_id", _TEXT),
        sa.Column("organization", _TEXT),
        sa.Column("address", _TEXT),
        sa.Column("request_id", _TEXT),
        sa.Column("trace_id", _TEXT),
        sa.Column("method", _TEXT),
        sa.Column("route", _TEXT),
        sa.Column("target", _TEXT),
        sa.Column("target_kind", _TEXT, nullable=False),
        sa.Column("details", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sqlite_autoincrement=True,
    )
    for name in _FILTERED:
        op.create_index(f"ix_auth0_sso_audit_{name}", "auth0_sso_audit", [name, "sequence"])
