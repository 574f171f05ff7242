"""docs/compatibility.md says which clients and issuers the tests of this folder run, and what they do with them."""

from pathlib import Path

import pytest

from support import node
from support.compatibility import CLIENTS, WRITE, Record


def test_the_table_of_clients_is_what_these_tests_did(request: pytest.FixtureRequest, record: Record) -> None:
    if WRITE:
        CLIENTS.write(record.rows())
    committed = CLIENTS.committed()
    folder = Path(__file__).parent
    ran = {item.path for item in request.session.items if item.path.parent == folder}
    if ran == set(folder.glob("test_*.py")) and node.why_not() is None:
        assert committed == record.rows(), "write it with: COMPATIBILITY=write make test"
    else:
        named = {row.split(" | ")[0] for row in committed}
        assert {row.split(" | ")[0] for row in record.rows()} <= named
