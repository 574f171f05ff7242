import logging

import pytest

from auth0_sso.audit.record import Actor, AuditRecord, Request
from auth0_sso.audit.recorder import Recorder
from auth0_sso.testing.clock import HandClock
from support.audit_sink import KeptRecords


class FailingSink:
    def write(self, record: AuditRecord) -> None:
        raise OSError(f"no space left for {record.action}")


def test_a_record_has_the_time_and_an_id(clock: HandClock) -> None:
    sink = KeptRecords()
    recorder = Recorder(sink, clock=clock)
    recorder.write("keys-changed", "success")
    recorder.write("keys-changed", "success")
    assert [record.time.timestamp() for record in sink.records] == [clock.now, clock.now]
    assert sink.records[0].id < sink.records[1].id


def test_texts_from_outside_are_bounded(clock: HandClock) -> None:
    sink = KeptRecords()
    Recorder(sink, clock=clock).write(
        "delete-user",
        "failure",
        reason="r" * 1000,
        actor=Actor("s\n" * 1000, "c" * 1000, "o" * 1000, "a" * 1000),
        request=Request("i" * 1000, "t" * 1000, "M" * 1000, "/" * 1000),
        target="x\0" * 1000,
    )
    record = sink.only()
    texts = [record.reason, record.actor.subject, record.actor.client_id, record.actor.organization, record.target]
    texts += [record.actor.address, record.request.id, record.request.trace_id, record.request.route]
    assert [len(text or "") for text in texts] == [512] * 9
    assert record.request.method == "M" * 16
    assert all(text is not None and text.isprintable() for text in texts)


def test_a_sink_that_fails_is_logged_and_nothing_is_raised(
    clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "auth0_sso.audit.recorder"):
        Recorder(FailingSink(), clock=clock).write("delete-user", "success")
    [line] = caplog.records
    assert line.getMessage() == "an audit record of delete-user could not be written"
