"""The audit trail in PostgreSQL or SQLite: storing, reading and deleting records."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import AsyncAdaptedQueuePool, NullPool, Pool, delete, select

from auth0_sso.audit.columns import Columns
from auth0_sso.audit.database_url import DatabaseUrl
from auth0_sso.audit.sql.failures import failure_word, is_refusal
from auth0_sso.audit.sql.migrate import is_migrated, migrate
from auth0_sso.audit.sql.postgresql import PostgreSql
from auth0_sso.audit.sql.query import page_of, statement_of
from auth0_sso.audit.sql.sqlite import Sqlite
from auth0_sso.audit.sql.table import AUDIT
from auth0_sso.audit.trail import AuditPage, AuditQuery
from auth0_sso.audit.writer import RefusedError
from auth0_sso.errors import AuditUnavailableError

_CLOSE_SECONDS: Final = 0.5
_MIGRATION_TIMEOUT: Final = 3600.0
_MAX_READERS: Final = 2


TIMEOUT: Final = 5.0
"""The seconds that a batch or a page may take."""


def connections(url: DatabaseUrl, pool: type[Pool], timeout: float = TIMEOUT, **options: Any) -> PostgreSql | Sqlite:  # noqa: ANN401 - of create_async_engine
    """Return connections to a database; none is opened yet."""
    if url.kind == "sqlite":
        return Sqlite(url.file, pool, timeout, **options)
    return PostgreSql(url, pool, timeout, **options)


async def migrate_database(url: DatabaseUrl) -> str | None:
    """Create the table or bring it up to date; return a word for the failure, or None."""
    if url.kind == "sqlite" and not _can_be_opened(url.file):
        return "cannot_be_opened"
    of = connections(url, NullPool, _MIGRATION_TIMEOUT)
    try:
        await migrate(of)
    except Exception as error:  # noqa: BLE001 - drivers raise many, and their messages may have the password
        return failure_word(error)
    finally:
        await _dispose(of)
    return None


def _can_be_opened(file: Path) -> bool:
    """Return whether a file can be written or created: aiosqlite's thread would fail late, on a closed event loop."""
    try:
        file.touch(0o600)
        file.open("ab").close()
    except OSError:
        return False
    return True


class AuditDatabase:
    """Stores and deletes records, by one connection that is kept and one at times. It belongs to one event loop."""

    def __init__(self, url: DatabaseUrl, timeout: float = TIMEOUT) -> None:
        """Take where the database is, and the seconds that a batch may take.

        A file of SQLite is migrated by the first insert, PostgreSQL by an operator.
        """
        pool = {"pool_size": 1, "max_overflow": 1, "pool_timeout": timeout}
        self._connections = connections(url, AsyncAdaptedQueuePool, timeout, **pool)
        self._needs_migration = url.kind == "sqlite"

    async def insert(self, rows: list[Columns]) -> None:
        """Store all of these that are not stored yet, or none. Raises `RefusedError`, or any other exception."""
        if self._needs_migration:
            await self._migrate()
        async with self._connections.transaction() as connection:
            await self._connections.begin_write(connection)
            try:
                await connection.execute(self._connections.insert, rows)
            except Exception as error:
                if is_refusal(error):
                    raise RefusedError(failure_word(error)) from error
                raise

    async def _migrate(self) -> None:
        async with self._connections.transaction() as connection:
            migrated = await is_migrated(connection)
        if not migrated:
            await migrate(self._connections)
        self._needs_migration = False

    async def delete_before(self, time: datetime, limit: int) -> int:
        """Delete the oldest records before a time, at most `limit`; none while another process deletes.

        Returns how many were deleted. Raises what the driver raises.
        """
        oldest = select(AUDIT.c.sequence).where(AUDIT.c.time < time).order_by(AUDIT.c.time).limit(limit)
        async with self._connections.transaction() as connection:
            if not await self._connections.may_delete(connection):
                return 0
            return (await connection.execute(delete(AUDIT).where(AUDIT.c.sequence.in_(oldest)))).rowcount

    def failure_word(self, error: Exception) -> str:
        """Return a word for an exception, without any value."""
        return failure_word(error)

    def terminate(self) -> None:
        """Close the connections at once: what waits for them fails."""
        self._connections.terminate()

    async def aclose(self) -> None:
        """Close the connections."""
        await _dispose(self._connections)


class SqlAuditReader:
    """Reads records, each page by a connection of its own, at most two at once. It belongs to one event loop."""

    def __init__(self, url: DatabaseUrl, timeout: float = TIMEOUT) -> None:
        """Take where the database is, and the seconds that a page may take."""
        self._connections = connections(url, NullPool, timeout)
        self._turn = asyncio.Semaphore(_MAX_READERS)

    async def page(self, query: AuditQuery) -> AuditPage:
        """Return a page of records.

        Raises `ValueError` for a checkpoint that no page had or a limit out of range, and `AuditUnavailableError`
        while the database is down.
        """
        statement = statement_of(query)
        try:
            async with self._turn, self._connections.transaction() as connection:
                rows = (await connection.execute(statement)).all()
        except Exception as error:
            raise AuditUnavailableError from error
        return page_of(query, rows)

    async def aclose(self) -> None:
        """Close the connections."""
        await _dispose(self._connections)


async def _dispose(of: PostgreSql | Sqlite) -> None:
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await of.engine.dispose()
    except TimeoutError:
        of.terminate()
