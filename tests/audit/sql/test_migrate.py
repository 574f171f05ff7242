import asyncio
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool

from auth0_sso.audit.columns import NAMES, columns_of
from auth0_sso.audit.database_url import parse_database_url
from auth0_sso.audit.sql import migrate as module
from auth0_sso.audit.sql.database import AuditDatabase, connections
from auth0_sso.audit.sql.migrate import is_migrated
from auth0_sso.audit.sql.table import AUDIT, FILTERED, HEAD, METADATA, VERSION_TABLE
from auth0_sso.audit.trail import AuditQuery
from support.audit_records import audit_record, migrated, stored_ids

MIGRATIONS = Path(module.__file__).parent / "migrations"


def test_the_newest_revision_is_the_one_the_code_expects() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]


def test_the_table_has_the_columns_of_records() -> None:
    assert [column.name for column in AUDIT.columns] == ["sequence", *NAMES]


def test_every_filter_has_an_index() -> None:
    filters = {*AuditQuery.__slots__} - {"since", "until", "actions", "after", "limit", "order"} | {"action"}
    assert filters == {*FILTERED}


async def test_the_migrations_make_the_table_that_the_code_uses(database_url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        found = compare_metadata(context, METADATA)
        if connection.dialect.name == "sqlite":  # it has no IDENTITY, which Alembic 1.17 reports as a missing default
            return [each for each in found if "modify_default" not in repr(each)]
        return list(found)

    of = connections(parse_database_url(database_url), NullPool)
    async with of.transaction() as connection:
        assert await connection.run_sync(differences) == []
        assert await is_migrated(connection)


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    database = AuditDatabase(parse_database_url(database_url))
    record = audit_record()
    await database.insert([columns_of(record)])
    await database.aclose()
    await migrated(database_url)
    assert await stored_ids(database_url) == [record.id]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_replicas_may_migrate_at_once(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path}/audit.db"
    if kind == "postgresql":
        url = request.getfixturevalue("empty_database")
    await asyncio.gather(*(migrated(url) for _ in range(4)))
    assert await stored_ids(url) == []


async def test_a_file_of_sqlite_is_migrated_by_the_first_insert(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/audit.db"
    database = AuditDatabase(parse_database_url(url))
    record = audit_record()
    await database.insert([columns_of(record)])
    await database.aclose()
    assert await stored_ids(url) == [record.id]


async def test_only_its_owner_can_read_a_file_of_sqlite(tmp_path: Path) -> None:
    await migrated(f"sqlite:///{tmp_path}/audit.db")
    assert stat.S_IMODE((tmp_path / "audit.db").stat().st_mode) == 0o600
    with closing(sqlite3.connect(tmp_path / "audit.db")) as connection, connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
