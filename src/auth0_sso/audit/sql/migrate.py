"""Creating the table and bringing it up to date, with Alembic: one process at a time, in one transaction."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from auth0_sso.audit.sql.postgresql import PostgreSql
from auth0_sso.audit.sql.sqlite import Sqlite
from auth0_sso.audit.sql.table import HEAD, VERSION_TABLE

_MIGRATIONS = Path(__file__).parent / "migrations"


async def migrate(connections: PostgreSql | Sqlite) -> None:
    """Migrate a database to this version; nothing to do is no error. Raises what the driver raises."""
    async with connections.transaction() as connection:
        await connections.begin_migration(connection)
        await connection.run_sync(_upgrade)


async def is_migrated(connection: AsyncConnection) -> bool:
    """Return whether a database has this version's table, without Alembic, which takes long to import."""
    return await connection.run_sync(_has_head)


def _has_head(connection: Connection) -> bool:
    if not inspect(connection).has_table(VERSION_TABLE):
        return False
    return bool(connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}")) == HEAD)  # noqa: S608 - a constant


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - takes long to import, and most starts have nothing to migrate
    from alembic.config import Config  # noqa: PLC0415 - the same

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
