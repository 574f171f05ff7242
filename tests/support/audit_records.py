"""Audit records for tests, what a database has of them, and waiting for a trail that stores in the background."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import aiosqlite
import asyncpg
from sqlalchemy import NullPool

from auth0_sso.audit.database_url import parse_database_url
from auth0_sso.audit.record import Actor, AuditRecord, Outcome, Request, new_id
from auth0_sso.audit.sql.database import connections
from auth0_sso.audit.sql.migrate import migrate
from auth0_sso.clock import WallTime

WHEN = datetime(2026, 11, 26, 12, 0, 0, 123456, tzinfo=UTC)
_PATIENCE = 60.0


def audit_record(
    action: str = "token-refused",
    *,
    record_id: str | None = None,
    time: datetime = WHEN,
    outcome: Outcome = "failure",
    subject: str | None = "auth0|ann",
    client_id: str | None = "client",
    address: str | None = "192.0.2.7",
    request_id: str | None = "request",
    target: str | None = "auth0|bob",
    details: dict[str, object] | None = None,
) -> AuditRecord:
    """Return a record that has a value in each column."""
    return AuditRecord(
        id=new_id(WallTime(time.timestamp())) if record_id is None else record_id,
        time=time,
        action=action,
        outcome=outcome,
        reason="expired",
        code="invalid_token",
        actor=Actor(subject, client_id, "org_acme", address),
        request=Request(request_id, "0af7651916cd43dd8448eb211c80319c", "GET", "/api/{name}"),
        target=target,
        details={"missing": ("read:data",), "before": {"a": 1, "b": None}} if details is None else details,  # type: ignore[arg-type]  # tests pass what an app could
    )


async def stored_ids(url: str) -> list[str]:
    """Return the ids of all rows, in the order of storing, without our own code."""
    statement = "SELECT id FROM auth0_sso_audit ORDER BY sequence"
    if url.startswith("sqlite"):
        async with aiosqlite.connect(parse_database_url(url).file) as connection:
            return [row[0] for row in await connection.execute_fetchall(statement)]
    postgresql = await asyncpg.connect(url)
    try:
        return [row["id"] for row in await postgresql.fetch(statement)]
    finally:
        await postgresql.close()


async def migrated(url: str) -> str:
    """Migrate a database, as `auth0-sso audit migrate` does, and return its URL."""
    await migrate(connections(parse_database_url(url), NullPool))
    return url


async def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds: what another thread or process does sets no event of ours."""
    async with asyncio.timeout(_PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())
