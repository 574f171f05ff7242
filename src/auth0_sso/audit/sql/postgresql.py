"""PostgreSQL, by asyncpg, which reads the URL as libpq does: `sslmode`, several hosts, a password file."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from weakref import WeakSet

import asyncpg
from sqlalchemy import Pool, event, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from auth0_sso.audit.database_url import DatabaseUrl
from auth0_sso.audit.sql.table import AUDIT
from auth0_sso.tracing.sql import statement_listeners

INSERT: Final = postgresql.insert(AUDIT).on_conflict_do_nothing(index_elements=[AUDIT.c.id])

_MAX_CONNECT_SECONDS: Final = 10.0

_WRITE_LOCK: Final = 0x61756469_74777269
_DELETE_LOCK: Final = 0x61756469_7464656C
_MIGRATE_LOCK: Final = 0x61756469_746D6967
"""Advisory locks have numbers; these spell auditwri, auditdel and auditmig."""

# One writer at a time until its commit: the numbers of the sequence are then visible in their order, and a reader who
# goes on after one of them misses none. A process that stops in between is disconnected. SET LOCAL, because PgBouncer
# gives a connection to another client after the transaction.
_BEGIN_WRITE: Final = text(
    "SELECT set_config('idle_in_transaction_session_timeout', '10s', true), set_config('lock_timeout', '4s', true), "
    "pg_advisory_xact_lock(:lock)"
)
_TRY_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(:lock)")
_LOCK: Final = text("SELECT pg_advisory_xact_lock(:lock)")


class PostgreSql:
    """Connections to PostgreSQL."""

    insert = INSERT

    def __init__(self, url: DatabaseUrl, pool: type[Pool], timeout: float, **options: Any) -> None:  # noqa: ANN401 - of create_async_engine
        """Take the URL, the pool of the engine with its options, and the seconds that a transaction may take."""
        self._url = url
        self._timeout = timeout
        self._open: WeakSet[asyncpg.Connection[asyncpg.Record]] = WeakSet()
        self.engine: AsyncEngine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._connect,
            poolclass=pool,
            hide_parameters=True,
            **options,
        )
        for name, listener in statement_listeners("postgresql").items():
            event.listen(self.engine.sync_engine, name, listener)

    async def _connect(self, *_: object, **__: object) -> "asyncpg.Connection[asyncpg.Record]":
        url = await self._url.current()
        connection = await asyncpg.connect(url, timeout=min(self._timeout, _MAX_CONNECT_SECONDS))
        self._open.add(connection)
        return connection

    def terminate(self) -> None:
        """Close all connections at once: what waits for them fails."""
        for connection in (*self._open,):
            connection.terminate()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Begin a transaction. A server that does not answer in time loses the connection, and this fails."""
        async with self.engine.connect() as connection:
            raw: Any = (await connection.get_raw_connection()).driver_connection
            # A cancelled command waits until the server confirms that, which a frozen one never does.
            watchdog = asyncio.get_running_loop().call_later(self._timeout, raw.terminate)
            try:
                async with connection.begin():
                    yield connection
            finally:
                watchdog.cancel()

    async def begin_write(self, connection: AsyncConnection) -> None:
        """Wait until this transaction is the only one that writes."""
        await connection.execute(_BEGIN_WRITE, {"lock": _WRITE_LOCK})

    async def may_delete(self, connection: AsyncConnection) -> bool:
        """Return whether this transaction is the only one that deletes."""
        return bool(await connection.scalar(_TRY_LOCK, {"lock": _DELETE_LOCK}))

    async def begin_migration(self, connection: AsyncConnection) -> None:
        """Wait until this transaction is the only one that migrates."""
        await connection.execute(_LOCK, {"lock": _MIGRATE_LOCK})
