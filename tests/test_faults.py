"""docs/faults.md: each fault has a test that shows what the page says of it."""

import re

import pytest

from support.named_tests import NAMED, assert_all_exist, page

PAGE = page("faults.md")
ROWS = [row for row in re.findall(r"^\| (.+) \|$", PAGE, re.MULTILINE) if not row.startswith(("fault |", "---"))]


def test_every_named_path_and_test_exists() -> None:
    assert_all_exist(PAGE)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.partition(" | ")[0])
def test_each_fault_says_who_sees_what_and_has_a_test(row: str) -> None:
    _, caller, operator, shown = row.split(" | ")
    assert caller
    assert operator
    assert NAMED.search(shown)


def test_every_named_alert_exists() -> None:
    alerts = set(re.findall(r"^## (\w+)$", page("runbook.md"), re.MULTILINE))
    assert set(re.findall(r"`(Auth0Sso\w+)`", PAGE)) <= alerts
