from datetime import UTC, datetime

from auth0_sso import AuditRecord
from auth0_sso.audit.sinks import sinks
from support.audit_sink import KeptRecords

RECORD = AuditRecord(id="1", time=datetime(2026, 1, 31, tzinfo=UTC), action="delete-user", outcome="success")


def test_each_sink_gets_each_record() -> None:
    first, second = KeptRecords(), KeptRecords()
    sinks(first, second).write(RECORD)
    assert first.records == second.records == [RECORD]


def test_one_sink_needs_no_other_around_it() -> None:
    sink = KeptRecords()
    assert sinks(sink) is sink
