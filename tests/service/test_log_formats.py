"""The lines as a collector of logs and a person at a terminal read them."""

import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from auth0_devtenant import SPA_CLIENT_ID
from auth0_sso.service.log_formats import ConsoleFormatter, JsonFormatter
from auth0_sso.web.middleware.logged_caller import CallerInLog
from auth0_sso.web.middleware.request_id import request_id_variable
from auth0_sso.web.middleware.trace_context import trace_id_variable
from support.access_records import access_record
from support.service import USER, Service

HOSTILE = ["\r\n2026 INFO forged", "\x1b[2J", "\u202e", "\u2028", "\x85", "\ud800"]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def record_of(message: str, *values: object, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord("auth0_sso.test", level, "file", 1, message, values, None)


@pytest.fixture
def request_context() -> Iterator[None]:
    request, trace = request_id_variable.set("r-1"), trace_id_variable.set(TRACE)
    yield
    request_id_variable.reset(request)
    trace_id_variable.reset(trace)


def test_a_line_outside_of_a_request_has_the_five_common_fields() -> None:
    line = json.loads(JsonFormatter().format(record_of("%d keys", 3)))
    assert list(line) == ["time", "level", "logger", "message", "pid"]
    assert (line["level"], line["logger"], line["message"]) == ("INFO", "auth0_sso.test", "3 keys")
    assert line["pid"] == os.getpid()


@pytest.mark.usefixtures("request_context")
def test_a_line_of_a_request_has_its_ids() -> None:
    line = json.loads(JsonFormatter().format(record_of("failed")))
    assert (line["request_id"], line["trace_id"]) == ("r-1", TRACE)


def test_the_time_is_utc_as_seconds_pass() -> None:
    formatter, record = JsonFormatter(), record_of("x")
    times = {1.0: "1970-01-01T00:00:01.000Z", 1.9994: "1970-01-01T00:00:01.999Z", 1e9: "2001-09-09T01:46:40.000Z"}
    for record.created, text in times.items():
        record.msecs = record.created % 1 * 1000
        assert json.loads(formatter.format(record))["time"] == text


def test_fields_of_a_record_keep_their_types() -> None:
    record = record_of("x")
    fields = {"status": 200, "duration_ms": 1.25, "subject": None, "scopes": ["a"], "secure": True}
    record.__dict__["fields"] = fields
    line = json.loads(JsonFormatter().format(record))
    assert fields.items() <= line.items()


def test_an_exception_is_a_field_of_its_one_line() -> None:
    record = record_of("a request failed")
    try:
        int("no number")
    except ValueError:
        record.exc_info = sys.exc_info()
    text = JsonFormatter().format(record)
    assert len(text.splitlines()) == 1
    lines = json.loads(text)["exception"].splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "ValueError: invalid literal for int() with base 10: 'no number'"


@pytest.mark.parametrize("text", [*HOSTILE, '", "level": "x'])
def test_a_message_forges_no_json_line_and_comes_back_whole(text: str) -> None:
    line = JsonFormatter().format(record_of("%s", text))
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["message"] == text
    assert json.loads(line)["level"] == "INFO"


@pytest.mark.parametrize("text", HOSTILE)
def test_control_characters_of_a_message_are_escaped_on_a_console(text: str) -> None:
    line = ConsoleFormatter(colours=False).format(record_of("%s", text))
    assert line.isprintable()
    assert line.endswith(text.encode("unicode_escape").decode())


def test_only_levels_are_coloured_and_only_with_colours() -> None:
    record = record_of("failed", level=logging.ERROR)
    assert " \033[31mERROR\033[0m auth0_sso.test" in ConsoleFormatter(colours=True).format(record)
    assert "\033" not in ConsoleFormatter(colours=False).format(record)
    assert "\033" not in ConsoleFormatter(colours=True).format(record_of("x"))


@pytest.mark.parametrize("text", [None, "x", '", "level": "x', *HOSTILE])
@pytest.mark.parametrize("caller", ["off", "full", "hashed"])
@pytest.mark.parametrize("status", [200, 0])
@pytest.mark.usefixtures("request_context")
def test_an_access_line_is_that_of_an_ordinary_record(text: str | None, caller: CallerInLog, status: int) -> None:
    record = access_record(text, caller=caller, status=status)
    line = JsonFormatter().format(record)
    assert line == JsonFormatter().format(logging.makeLogRecord(record.__dict__))
    assert line.isprintable()
    assert {"request_id": "r-1", "trace_id": TRACE}.items() <= json.loads(line).items()


def test_an_access_line_names_its_request_when_formatted_later() -> None:
    given = request_id_variable.set("r-1")
    record = access_record("x")
    request_id_variable.reset(given)
    assert json.loads(JsonFormatter().format(record))["request_id"] == "r-1"
    assert " [r-1] x / 200 12.3ms" in ConsoleFormatter(colours=False).format(record)


async def test_the_documented_fields_are_those_emitted(
    service: Service, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "auth0_sso")
    formatter = JsonFormatter()
    monkeypatch.setattr(caplog.handler, "formatter", formatter)  # which is the handler of all tests
    traceparent = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "X-Request-ID": "r-1"}
    await service.api.get("/profile", headers=traceparent | await service.as_user(USER))
    record = record_of("failed")
    record.exc_text = "Traceback"
    (access,) = [json.loads(line) for line in caplog.text.splitlines() if '"auth0_sso.access"' in line]
    exception = json.loads(formatter.format(record))
    _, _, section = (Path(__file__).parents[2] / "docs/operations.md").read_text().partition("\n## The log\n")
    documented = re.findall(
        r"^\| `(\w+)` \| (each line|lines of|access lines)", section.partition("\n## ")[0], re.MULTILINE
    )
    assert [name for name, _ in documented] == [*access, *(exception.keys() - access.keys())]
    assert {name for name, on in documented if on == "each line"} == exception.keys() - {"exception"}
    assert (access["request_id"], access["trace_id"], access["route"]) == ("r-1", TRACE, "/profile")
    assert re.fullmatch(r"[0-9a-f]{16}", access["subject"])
    assert access["client_id"] == SPA_CLIENT_ID


async def test_probes_have_no_line_at_info(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    for path in ("/healthz", "/readyz", "/"):
        await service.api.get(path)
    assert [record.getMessage().split()[1] for record in caplog.records] == ["/"]
