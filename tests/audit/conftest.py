from pathlib import Path

import pytest

from support.audit_records import migrated


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database of the test's own with the table, of each kind."""
    if request.param == "sqlite":
        return await migrated(f"sqlite:///{tmp_path}/audit.db")
    return await migrated(request.getfixturevalue("empty_database"))


@pytest.fixture
def spill_path(tmp_path: Path) -> Path:
    return tmp_path / "spill"
