"""A record as a JSON document, and back: the schema of docs/audit.md.

Fields are those of the Elastic Common Schema (https://www.elastic.co/guide/en/ecs/current/) where it has one; all
others are in `auth0_sso`. A field may be added at any time; any other change gets another `SCHEMA_VERSION`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Final, cast, get_args

from auth0_sso.audit.actions import ACTIONS, OWN_ACTION
from auth0_sso.audit.record import Actor, AuditRecord, JsonValue, Outcome, Request
from auth0_sso.audit.values import MAX_LEVELS, json_value

SCHEMA_VERSION: Final = "1"

ECS_VERSION: Final = "8.17.0"

DATASET: Final = "auth0_sso.audit"

_OUTCOMES: Final = frozenset(get_args(Outcome))


def document(record: AuditRecord) -> dict[str, JsonValue]:
    """Return the document of a record, which `json.dumps` takes. What is not known is left out."""
    actor, request = record.actor, record.request
    of_user = record.target_kind == "user"
    user = {"id": actor.subject, "target": {"id": record.target} if of_user else {}}
    whole = {
        "@timestamp": record.time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "ecs": {"version": ECS_VERSION},
        "event": _event(record),
        "error": {"code": record.code},
        "user": user,
        "organization": {"id": actor.organization},
        "source": {"address": actor.address, "ip": _ip(actor.address)},
        "http": {"request": {"id": request.id, "method": request.method}},
        "trace": {"id": request.trace_id},
        "auth0_sso": {
            "schema_version": SCHEMA_VERSION,
            "client_id": actor.client_id,
            "route": request.route,
            "target": {} if of_user else {"id": record.target, "kind": record.target_kind},
        },
    }
    known = _known(whole)
    if record.details:
        known["auth0_sso"]["details"] = json_value(record.details, MAX_LEVELS + 1)
    return known


def parse(document: Mapping[str, object]) -> AuditRecord:
    """Return the record of a document; unknown fields are ignored. Raises `ValueError` for any other object."""
    read = _Reader(document)
    target_of_own_kind = read.text("auth0_sso", "target", "kind")
    return AuditRecord(
        id=read.required("event", "id"),
        time=_time(read.required("@timestamp")),
        action=read.required("event", "action"),
        outcome=_outcome(read.required("event", "outcome")),
        reason=read.text("event", "reason"),
        code=read.text("error", "code"),
        actor=Actor(
            subject=read.text("user", "id"),
            client_id=read.text("auth0_sso", "client_id"),
            organization=read.text("organization", "id"),
            address=read.text("source", "address"),
        ),
        request=Request(
            id=read.text("http", "request", "id"),
            trace_id=read.text("trace", "id"),
            method=read.text("http", "request", "method"),
            route=read.text("auth0_sso", "route"),
        ),
        target=read.text(
            *(("user", "target", "id") if target_of_own_kind is None else ("auth0_sso", "target", "id"))
        ),
        target_kind=target_of_own_kind or "user",
        details=_details(read.at("auth0_sso", "details")),
    )


def _event(record: AuditRecord) -> dict[str, object]:
    classification = ACTIONS.get(record.action, OWN_ACTION)
    return {
        "id": record.id,
        "kind": "event",
        "dataset": DATASET,
        "category": classification.category,
        "type": classification.type,
        "action": record.action,
        "outcome": record.outcome,
        "reason": record.reason,
    }


def _ip(address: str | None) -> str | None:
    """Return an address if it is one of IP: a proxy or a test client may have another."""
    try:
        return None if address is None else str(ip_address(address))
    except ValueError:
        return None


def _known(members: Mapping[str, object]) -> dict[str, Any]:
    """Return an object without what is None, and without objects that are empty then."""
    known = {name: _known(each) if isinstance(each, dict) else each for name, each in members.items()}
    return {name: each for name, each in known.items() if each is not None and each != {}}


class _Reader:
    """Reads the texts of a document."""

    def __init__(self, document: object) -> None:
        self._document = document

    def at(self, *names: str) -> object:
        """Return what is at a path; None where there is nothing."""
        found = self._document
        for name in names:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    def text(self, *names: str) -> str | None:
        """Return the text at a path; None where there is nothing."""
        found = self.at(*names)
        if found is not None and not isinstance(found, str):
            raise ValueError(f"{'.'.join(names)} of an audit document is a text")
        return found

    def required(self, *names: str) -> str:
        """Return the text at a path."""
        found = self.text(*names)
        if found is None:
            raise ValueError(f"an audit document has {'.'.join(names)}")
        return found


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("@timestamp of an audit document has a time zone")
    return time.astimezone(UTC)


def _outcome(text: str) -> Outcome:
    if text not in _OUTCOMES:
        raise ValueError("event.outcome of an audit document is success, failure or unknown")
    return cast("Outcome", text)


def _details(value: object) -> Mapping[str, JsonValue]:
    if value is None:
        return {}
    details = json_value(value, MAX_LEVELS + 1)
    if not isinstance(details, Mapping):
        raise ValueError("auth0_sso.details of an audit document is an object")
    return details
