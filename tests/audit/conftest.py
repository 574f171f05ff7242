from collections.abc import Iterator
from pathlib import Path

import pytest

from support.audit_records import migrated
from support.postgresql_server import PostgresServer, postgresql_server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """A server for tests that leave it running."""
    with postgresql_server() as server:
        yield server


@pytest.fixture
async def empty_database(postgresql: PostgresServer) -> str:
    """The URL of a database of the test's own, without the table."""
    return postgresql.url(postgresql.create_database())


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database of the test's own with the table, of each kind."""
    if request.param == "sqlite":
        return await migrated(f"sqlite:///{tmp_path}/audit.db")
    server: PostgresServer = request.getfixturevalue("postgresql")
    return await migrated(server.url(server.create_database()))


@pytest.fixture
def spill_path(tmp_path: Path) -> Path:
    return tmp_path / "spill"
