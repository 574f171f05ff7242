import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from auth0_sso.audit.columns import MAX_LINE, MAX_TEXT, columns_in, columns_of, line_of, record_of, text
from auth0_sso.audit.record import AuditRecord
from support.audit_records import WHEN, audit_record


def read(line: bytes) -> AuditRecord:
    return record_of(columns_in(line))


def test_a_record_is_the_same_after_a_spill_file() -> None:
    record = audit_record()
    line = line_of(record)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert read(line) == record


def test_a_record_without_anything_optional_is_the_same_too() -> None:
    record = AuditRecord("1", WHEN, "keys-changed", "success")
    assert read(line_of(record)) == record


def test_times_are_kept_in_utc() -> None:
    there = datetime(2026, 11, 26, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    assert read(line_of(audit_record(time=there))).time == datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
    assert b"+02:00" not in line_of(audit_record(time=there))


def test_text_that_no_database_takes_is_replaced() -> None:
    record = audit_record(subject="a\0b\ud800c", details={"k\0": ["\0", {"deep": "\udfff"}]})
    found = read(line_of(record))
    assert found.actor.subject == "a\ufffdb\ufffd\ufffd\ufffdc"
    assert found.details == {"k\ufffd": ("\ufffd", {"deep": "\ufffd\ufffd\ufffd"})}


def test_infinite_numbers_become_text() -> None:
    found = read(line_of(audit_record(details={"a": float("inf"), "b": float("nan"), "c": 1.5})))
    assert found.details == {"a": "inf", "b": "nan", "c": 1.5}


def test_values_that_json_lacks_become_text() -> None:
    assert read(line_of(audit_record(details={"at": WHEN}))).details == {"at": str(WHEN)}


def test_a_long_text_is_cut_so_that_it_can_be_indexed() -> None:
    found = read(line_of(audit_record(subject="é" * 1000, target="x" * 1000)))
    assert found.actor.subject == "é" * MAX_TEXT
    assert found.target == "x" * MAX_TEXT


def test_details_that_are_too_large_are_left_out() -> None:
    record = audit_record(details={"large": "x" * MAX_LINE})
    line = line_of(record)
    assert len(line) < 2000
    assert read(line).details["omitted_bytes"] > MAX_LINE  # type: ignore[operator]  # a number
    assert read(line).actor == record.actor


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b'"text"', b"{}", b'{"id": 1}', b"\xff\xfe", line_of(audit_record())[:-30]],
    ids=["empty", "open", "array", "string", "nothing", "number", "bytes", "torn"],
)
def test_a_line_that_is_no_record_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        columns_in(line)


def test_a_line_of_a_version_with_other_columns_is_read() -> None:
    columns = json.loads(line_of(audit_record()))
    del columns["trace_id"]
    found = read(json.dumps(columns | {"newer": 1}).encode())
    assert found.request.trace_id is None
    assert found.target == "auth0|bob"


def test_a_filter_is_cut_as_the_column_is() -> None:
    assert text("x" * 1000) == columns_of(audit_record(subject="x" * 1000))["subject"]
