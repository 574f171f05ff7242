"""docs/audit.md: its tables are what the code records, and its example is a project whose tests pass."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from math import ceil

import pytest

from auth0_sso.audit.actions import ACTIONS
from auth0_sso.audit.document import document, parse
from auth0_sso.audit.record import Actor, AuditRecord, Request
from auth0_sso.audit.repeats import MAX_KINDS, PERIOD
from auth0_sso.audit.values import MAX_DETAIL_BYTES, MAX_TEXT
from auth0_sso.service.app import create_app
from support.document import Document
from support.pytest_plugin import PLUGIN
from support.service import settings

PAGE = Document.read("audit.md")
WHOLE = AuditRecord(
    id="1",
    time=datetime(2026, 1, 31, tzinfo=UTC),
    action="assign-roles",
    outcome="failure",
    reason="inexistent_user",
    code="not_found",
    actor=Actor("auth0|1", "client-1", "org_1", "192.0.2.1"),
    request=Request("request-1", "ab" * 16, "POST", "/users"),
    target="auth0|2",
    details={"roles": ("rol_1",)},
)
OF_AN_ORDER = AuditRecord(
    id="1", time=WHOLE.time, action="refund-order", outcome="success", target="17", target_kind="order"
)


def rows(heading: str) -> list[list[str]]:
    """Return the names in the first cells of the table below a heading."""
    section = PAGE.text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [re.findall(r"`([^`]+)`", cell) for cell in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)]


def fields(written: Mapping[str, object], above: str = "") -> Iterator[str]:
    """Return the paths of all fields of a document; what is in `details` differs."""
    for name, value in written.items():
        path = f"{above}{name}"
        if isinstance(value, Mapping) and name != "details":
            yield from fields(value, f"{path}.")
        else:
            yield path


def test_every_field_is_documented_and_no_other() -> None:
    written = {*fields(document(WHOLE)), *fields(document(OF_AN_ORDER))}
    assert [name for [name] in rows("Fields")] == sorted(written, key=[n for [n] in rows("Fields")].index)


def test_every_action_is_documented_and_no_other() -> None:
    assert [name for [name] in rows("What is recorded")] == list(ACTIONS)


def test_every_parameter_of_the_route_is_documented_and_no_other() -> None:
    operation = create_app(settings()).openapi()["paths"]["/admin/audit"]["get"]
    documented = [name for names in rows("Reading it") for name in names]
    assert sorted(documented) == sorted(parameter["name"] for parameter in operation["parameters"])


def test_the_example_is_a_document_that_the_code_reads_and_writes() -> None:
    [(_, example)] = [block for block in PAGE.blocks if block[0] == "json"]
    written = json.loads(example)
    assert json.loads(json.dumps(document(parse(written)))) == written


@pytest.mark.parametrize(
    "said",
    [
        f"at most {MAX_TEXT} characters",
        f"at most {MAX_DETAIL_BYTES // 1024} KiB",
        f"most {MAX_KINDS:,} of them apart in a minute",
        f"at most {ceil(2 * MAX_KINDS / PERIOD)} records a second",
    ],
)
def test_the_page_says_the_limits_of_the_code(said: str) -> None:
    assert said in re.sub(r"\s+", " ", PAGE.text)


@pytest.mark.usefixtures("clean_environment")
def test_the_tests_of_the_example_pass(pytester: pytest.Pytester) -> None:
    PAGE.write(pytester)
    result = pytester.runpytest_subprocess(*PLUGIN, "-q", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)


@pytest.mark.usefixtures("clean_environment")
def test_the_example_passes_mypy_strict(pytester: pytest.Pytester) -> None:
    PAGE.write(pytester)
    PAGE.assert_types_are_strict()
