"""The line reaches whatever logging a host app has: its handlers, its record factory, its levels."""

import copy
import logging
import os
import time
from collections.abc import Iterator

import pytest
from starlette.routing import Route

from auth0_sso.web.middleware import access_log
from auth0_sso.web.middleware.access_log import log_access, record_of
from auth0_sso.web.middleware.access_record import AccessRecord
from auth0_sso.web.middleware.http_options import HttpOptions
from support.access_records import LineCollector, root_handlers, without_threads

SCOPE = {"type": "http", "method": "GET", "path": "/page", "client": ("192.0.2.1", 5000)}


@pytest.fixture
def host_factory() -> Iterator[None]:
    class Record(logging.LogRecord):
        service = "shop"

    original = logging.getLogRecordFactory()
    logging.setLogRecordFactory(Record)
    yield
    logging.setLogRecordFactory(original)


def logged(caplog: pytest.LogCaptureFixture) -> logging.LogRecord:
    caplog.clear()
    caplog.set_level(logging.INFO, "auth0_sso.access")
    log_access(SCOPE, 200, 0.0015, refusal=None, token=None, options=HttpOptions())
    (record,) = caplog.records
    return record


def test_a_handler_gets_a_record_with_its_arguments_and_its_place(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    log_access(SCOPE, 200, 0.0015, refusal=None, token=None, options=HttpOptions())
    (record,) = caplog.records
    assert record.args == ("GET", "/page", 200, 1.5, "192.0.2.1", "-")
    assert record.getMessage() == "GET /page 200 1.5ms client=192.0.2.1 refusal=-"
    assert (record.name, record.levelname) == ("auth0_sso.access", "INFO")
    assert (record.pathname, record.module, record.funcName) == (access_log.__file__, "access_log", "log_access")
    assert record.threadName == "MainThread"
    assert record.__dict__["fields"] == {
        "method": "GET",
        "route": "/page",
        "status": 200,
        "duration_ms": 1.5,
        "client_address": "192.0.2.1",
        "refusal": None,
    }


@pytest.mark.usefixtures("host_factory")
def test_the_record_factory_of_the_host_makes_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    log_access(SCOPE, 200, 0.0015, refusal=None, token=None, options=HttpOptions())
    assert getattr(caplog.records[0], "service", None) == "shop"


def test_no_record_is_made_below_the_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "auth0_sso.access")
    log_access(SCOPE, 200, 0.0015, refusal=None, token=None, options=HttpOptions())
    assert caplog.records == []


def test_a_request_without_client_and_answer_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    log_access({**SCOPE, "client": None}, 0, 0.0, refusal="token_expired", token=None, options=HttpOptions())
    assert caplog.messages == ["GET /page aborted 0.0ms client=- refusal=token_expired"]


def test_a_probe_is_logged_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    options = HttpOptions(access_log_debug_routes=frozenset({"/healthz"}))
    probe = {**SCOPE, "route": Route("/healthz", lambda: None)}
    log_access(probe, 200, 0.0, refusal=None, token=None, options=options)
    assert caplog.messages == []
    caplog.set_level(logging.DEBUG, "auth0_sso.access")
    log_access(probe, 200, 0.0, refusal=None, token=None, options=options)
    assert [record.levelname for record in caplog.records] == ["DEBUG"]


def test_a_cheap_record_has_the_attributes_of_an_ordinary_one(caplog: pytest.LogCaptureFixture) -> None:
    with without_threads():
        cheap = logged(caplog)
    ordinary = logged(caplog)
    assert (type(cheap), type(ordinary)) == (AccessRecord, logging.LogRecord)
    assert cheap.getMessage() == ordinary.getMessage()
    others = {"created", "msecs", "relativeCreated", "thread", "threadName", "processName"}
    assert cheap.__dict__.keys() == ordinary.__dict__.keys()
    assert {name for name, value in cheap.__dict__.items() if value != ordinary.__dict__[name]} <= others
    seconds = ordinary.created - cheap.created
    assert 0 <= seconds < 60
    assert ordinary.relativeCreated - cheap.relativeCreated == pytest.approx(seconds * 1000, abs=0.01)
    assert copy.copy(cheap).__dict__ == cheap.__dict__


@pytest.mark.usefixtures("host_factory")
def test_a_host_factory_makes_the_record_without_threads_too(caplog: pytest.LogCaptureFixture) -> None:
    with without_threads():
        assert getattr(logged(caplog), "service", None) == "shop"


def test_a_forked_process_logs_its_own_id(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    with without_threads():
        assert logged(caplog).process == os.getpid()
        monkeypatch.setattr(os, "getpid", lambda: 1)
        assert logged(caplog).process == 1


def log_one() -> None:
    log_access(SCOPE, 200, 0.0015, refusal=None, token=None, options=HttpOptions())


def test_a_handler_that_takes_lines_gets_no_record_of_them() -> None:
    handler = LineCollector()
    with root_handlers(handler):
        log_one()
        (line,) = handler.lines
        record = record_of(line)
    assert handler.records == []
    assert record.getMessage() == "GET /page 200 1.5ms client=192.0.2.1 refusal=-"
    assert 0 <= time.time() - record.created < 60


def filtered() -> LineCollector:
    handler = LineCollector()
    handler.addFilter(lambda _: True)
    return handler


@pytest.mark.parametrize("others", [[logging.NullHandler()], []], ids=["another-handler", "a-filter"])
def test_records_are_made_where_anything_else_sees_them(others: list[logging.Handler]) -> None:
    handler = LineCollector() if others else filtered()
    with root_handlers(handler, *others):
        log_one()
    assert (len(handler.records), handler.lines) == (1, [])


def test_a_handler_of_the_access_logger_sees_records(monkeypatch: pytest.MonkeyPatch) -> None:
    own, handler = LineCollector(), LineCollector()
    monkeypatch.setattr(logging.getLogger("auth0_sso.access"), "handlers", [own])
    with root_handlers(handler):
        log_one()
    assert (len(own.records), len(handler.records), own.lines, handler.lines) == (1, 1, [], [])


def test_a_logger_that_does_not_propagate_gives_the_root_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = LineCollector()
    monkeypatch.setattr(logging.getLogger("auth0_sso.access"), "propagate", False)
    with root_handlers(handler):
        log_one()
    assert (handler.records, handler.lines) == ([], [])


def test_a_handler_of_a_higher_level_gets_no_line() -> None:
    handler = LineCollector()
    handler.setLevel(logging.WARNING)
    with root_handlers(handler):
        log_one()
    assert (handler.records, handler.lines) == ([], [])


@pytest.mark.usefixtures("host_factory")
def test_a_host_factory_makes_the_record_of_a_line_too() -> None:
    handler = LineCollector()
    with root_handlers(handler):
        log_one()
    assert [getattr(record, "service", None) for record in handler.records] == ["shop"]
