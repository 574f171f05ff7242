"""The two formats of the service's log (decision 0037): one JSON object on each line, and lines for people.

Neither can be forged: control characters of a message are escaped, so that a record is one line (a traceback of the
console format excepted).
"""

import logging
import time
from collections.abc import Iterable
from functools import lru_cache
from json import JSONEncoder
from json.encoder import encode_basestring_ascii
from typing import Any, Final

from auth0_sso.web.middleware.access_record import AccessRecord
from auth0_sso.web.middleware.request_id import request_id_variable
from auth0_sso.web.middleware.trace_context import trace_id_variable

_quote = encode_basestring_ascii
_encode = JSONEncoder(default=str).encode

_NUMBERS: Final = frozenset({int, float})

_COLOURS: Final = {"DEBUG": "2", "WARNING": "33", "ERROR": "31", "CRITICAL": "31;1"}


class _UtcFormatter(logging.Formatter):
    """Formats the time of a record as RFC 3339 in UTC, and its exception."""

    _date = (-1, "")

    def _time(self, record: logging.LogRecord) -> str:
        """Return the time; all but the milliseconds is formatted once a second, since it takes as long as a line."""
        second, date = self._date
        if second != int(record.created):
            second = int(record.created)
            date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._date = second, date
        return f"{date}.{int(record.msecs):03d}Z"

    def _traceback(self, record: logging.LogRecord) -> str | None:
        """Return the traceback and the stack that a record has; None for most records."""
        if not (record.exc_info or record.exc_text or record.stack_info):
            return None
        traceback = record.exc_text or (self.formatException(record.exc_info) if record.exc_info else "")
        return "\n".join(part for part in (traceback, record.stack_info) if part)


class JsonFormatter(_UtcFormatter):
    """Formats a record as one JSON object, with its request and its `fields` (docs/operations.md)."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        if isinstance(record, AccessRecord):
            return self._access_line(record)
        # The parts are joined here: the encoder takes longer for a dict of them (decision 0037).
        line = (
            f'{{"time":"{self._time(record)}","level":"{record.levelname}","logger":{_quote(record.name)},'
            f'"message":{_quote(record.getMessage())},"pid":{record.process}'
        )
        line += _ids(request_id_variable.get(), trace_id_variable.get())
        for name, value in self._more(record):
            line += f',"{name}":{_json(value)}'
        return line + "}"

    def _access_line(self, record: AccessRecord) -> str:
        """Return what any record gets, in half the time: a value is quoted once for both message and field."""
        fields: dict[str, Any] = record.__dict__["fields"]
        exchange, exchange_fields = _exchange(fields["method"], fields["route"], fields["status"])
        client, client_field = _quoted(fields["client_address"])
        caller = caller_fields = ""
        if "subject" in fields:
            (subject, subject_field), (client_id, id_field) = map(_quoted, (fields["subject"], fields["client_id"]))
            caller = f" subject={subject} client_id={client_id}"
            caller_fields = f',"subject":{subject_field},"client_id":{id_field}'
        refusal, refusal_field = _quoted(fields["refusal"])
        duration = fields["duration_ms"]
        return (
            f'{{"time":"{self._time(record)}","level":"{record.levelname}","logger":"{record.name}",'
            f'"message":"{exchange} {duration:.1f}ms client={client}{caller} refusal={refusal}",'
            f'"pid":{record.process}{_ids(record.request_id, record.trace_id)},{exchange_fields},'
            f'"duration_ms":{duration},"client_address":{client_field}{caller_fields},"refusal":{refusal_field}}}'
        )

    def _more(self, record: logging.LogRecord) -> Iterable[tuple[str, object]]:
        fields: dict[str, object] = record.__dict__.get("fields", {})
        traceback = self._traceback(record)
        return fields.items() if traceback is None else (*fields.items(), ("exception", traceback))


def _ids(request_id: str, trace_id: str | None) -> str:
    """Return the fields of the ids of a request; none outside of one."""
    fields = "" if request_id == "-" else f',"request_id":{_quote(request_id)}'
    return fields if trace_id is None else f'{fields},"trace_id":"{trace_id}"'


@lru_cache(512)
def _exchange(method: str, route: str, status: int | str) -> tuple[str, str]:
    """Return the start of an access line's message, and its fields. An app has few routes, methods and statuses."""
    (method, method_field), (route, route_field) = _quoted(method), _quoted(route)
    return f"{method} {route} {status}", f'"method":{method_field},"route":{route_field},"status":{_json(status)}'


def _quoted(value: str | None) -> tuple[str, str]:
    """Return a value as a part of a JSON string, and as JSON."""
    if value is None:
        return "-", "null"
    field = _quote(value)
    return field[1:-1], field


def _json(value: object) -> str:
    """Return a value as JSON; the encoder takes ten times as long for a number."""
    if isinstance(value, str):
        return _quote(value)
    if value is None:
        return "null"
    return repr(value) if type(value) in _NUMBERS else _encode(value)


class ConsoleFormatter(_UtcFormatter):
    """Formats a record as a line for people, and its traceback on the lines below."""

    def __init__(self, *, colours: bool) -> None:
        super().__init__()
        self._colours = colours

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        level, message = self._painted(record.levelname), _printable(record.getMessage())
        request_id = record.request_id if isinstance(record, AccessRecord) else request_id_variable.get()
        line = f"{self._time(record)} {level} {record.name} [{request_id}] {message}"
        traceback = self._traceback(record)
        return line if traceback is None else "\n".join((line, *map(_printable, traceback.splitlines())))

    def _painted(self, level: str) -> str:
        return f"\033[{_COLOURS[level]}m{level}\033[0m" if self._colours and level in _COLOURS else level


def _printable(text: str) -> str:
    """Return a text with line breaks, control characters and bidirectional controls escaped."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
