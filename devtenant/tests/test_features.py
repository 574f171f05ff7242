"""FEATURES.md is what the routes say."""

from pathlib import Path

import pytest

from auth0_devtenant.cli import main
from auth0_devtenant.management.endpoints import ENDPOINTS

PAGE = Path(__file__).parent.parent / "FEATURES.md"


def test_the_page_lists_the_endpoints_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features"]) == 0
    assert capsys.readouterr().out == PAGE.read_text(), "write it: auth0-devtenant features > devtenant/FEATURES.md"


def test_every_endpoint_says_what_it_does() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert len(rows) > len(ENDPOINTS)
    assert [row for row in rows if row.endswith("|  |")] == []
