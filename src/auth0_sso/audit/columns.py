"""An audit record as columns: of a row of the table, and of a line in a spill file."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias, cast

from auth0_sso.audit.record import Actor, AuditRecord, JsonValue, Request
from auth0_sso.tokens.read_only import frozen_object

Columns: TypeAlias = dict[str, object]
"""The values of one record by the names of the columns, as JSON has them; its time is a `datetime` in UTC."""

NAMES: Final = (
    *("id", "time", "action", "outcome", "reason", "code", "subject", "client_id", "organization", "address"),
    *("request_id", "trace_id", "method", "route", "target", "target_kind", "details"),
)

MAX_TEXT: Final = 512
"""The maximum length of a text column in characters; a longer one is cut, as PostgreSQL indexes no long text."""

MAX_LINE: Final = 256 * 1024
"""The maximum length of a line in bytes; the details of a larger record are left out."""

_NEEDED: Final = ("id", "action", "outcome", "target_kind")


def columns_of(record: AuditRecord) -> Columns:
    """Return a record's columns. What no database takes is replaced: NUL, lone surrogates, infinite numbers."""
    actor, request = record.actor, record.request
    return {
        "id": text(record.id),
        "time": record.time.astimezone(UTC),
        "action": text(record.action),
        "outcome": text(record.outcome),
        "reason": text(record.reason),
        "code": text(record.code),
        "subject": text(actor.subject),
        "client_id": text(actor.client_id),
        "organization": text(actor.organization),
        "address": text(actor.address),
        "request_id": text(request.id),
        "trace_id": text(request.trace_id),
        "method": text(request.method),
        "route": text(request.route),
        "target": text(record.target),
        "target_kind": text(record.target_kind),
        "details": _plain(record.details),
    }


def record_of(row: Mapping[str, Any]) -> AuditRecord:
    """Return the record that a row of the table has."""
    return AuditRecord(
        id=row["id"],
        time=row["time"],
        action=row["action"],
        outcome=row["outcome"],
        reason=row["reason"],
        code=row["code"],
        actor=Actor(row["subject"], row["client_id"], row["organization"], row["address"]),
        request=Request(row["request_id"], row["trace_id"], row["method"], row["route"]),
        target=row["target"],
        target_kind=row["target_kind"],
        details=cast("Mapping[str, JsonValue]", frozen_object(row["details"] or {})),
    )


def line_of(record: AuditRecord) -> bytes:
    """Return a record as a line of JSON."""
    columns = columns_of(record)
    columns["time"] = record.time.astimezone(UTC).isoformat()
    line = _json(columns)
    if len(line) > MAX_LINE:
        line = _json(columns | {"details": {"omitted_bytes": len(line)}})
    return line


def columns_in(line: bytes) -> Columns:
    """Return the columns that a line has; raises `ValueError` for a line that is not one of `line_of`."""
    found: object = json.loads(line)
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in (*_NEEDED, "time")):
        raise ValueError("it is not an audit record")
    time = datetime.fromisoformat(found["time"]).astimezone(UTC)
    details = found.get("details") or {}
    return {name: found.get(name) for name in NAMES} | {"time": time, "details": details}


def text(value: str | None) -> str | None:
    """Return a text as its column has it."""
    return None if value is None else _clean(value)[:MAX_TEXT]


def _clean(value: str) -> str:
    if value.isascii() and "\0" not in value:
        return value
    return value.replace("\0", "\ufffd").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _plain(value: object) -> object:
    match value:
        case str():
            return _clean(value)
        case float() if not math.isfinite(value):
            return str(value)
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {_clean(str(name)): _plain(each) for name, each in value.items()}
        case tuple() | list():
            return [_plain(each) for each in value]
        case _:
            return _clean(str(value))


def _json(columns: Columns) -> bytes:
    return json.dumps(columns, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
