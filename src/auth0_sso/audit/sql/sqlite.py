"""SQLite, by aiosqlite: one file, which several processes of one machine may use."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Pool, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from auth0_sso.audit.sql.table import AUDIT
from auth0_sso.tracing.sql import statement_listeners

INSERT: Final = sqlite.insert(AUDIT).on_conflict_do_nothing(index_elements=[AUDIT.c.id])

# WAL: readers do not block the writer. FULL: a commit is on the disk, also after a power failure.
_PRAGMAS: Final = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL")


class Sqlite:
    """Connections to a file of SQLite, which is created, readable and writable by its owner only."""

    insert = INSERT

    def __init__(self, file: Path, pool: type[Pool], timeout: float, **options: Any) -> None:  # noqa: ANN401 - of create_async_engine
        """Take the file, the pool of the engine with its options, and the seconds to wait for other processes."""
        self._file = file
        self.engine: AsyncEngine = create_async_engine(
            URL.create("sqlite+aiosqlite", database=str(file)),
            connect_args={"timeout": timeout},
            poolclass=pool,
            hide_parameters=True,
            **options,
        )
        event.listen(self.engine.sync_engine, "connect", _prepare)
        for name, listener in statement_listeners("sqlite").items():
            event.listen(self.engine.sync_engine, name, listener)

    def terminate(self) -> None:
        """Do nothing: SQLite answers in time."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Begin a transaction."""
        with suppress(OSError):  # it exists, or SQLite says why it cannot be opened
            self._file.touch(0o600, exist_ok=False)
        async with self.engine.begin() as connection:
            yield connection

    async def begin_write(self, connection: AsyncConnection) -> None:
        """Wait until this transaction is the only one that writes."""
        await connection.exec_driver_sql("BEGIN IMMEDIATE")

    async def may_delete(self, connection: AsyncConnection) -> bool:
        """Wait until this transaction is the only one that writes."""
        await self.begin_write(connection)
        return True

    async def begin_migration(self, connection: AsyncConnection) -> None:
        """Wait until this transaction is the only one that writes."""
        await self.begin_write(connection)


def _prepare(connection: Any, _: object) -> None:  # noqa: ANN401 - of SQLAlchemy's events
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()
