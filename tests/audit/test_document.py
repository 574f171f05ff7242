import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from auth0_sso.audit.document import document, parse
from auth0_sso.audit.record import Actor, AuditRecord, Request
from support.audit_strategies import RECORDS

WHEN = datetime(2026, 1, 31, 12, 0, 0, 250, UTC)
REFUSED = AuditRecord(id="0198", time=WHEN, action="token-refused", outcome="failure")


@settings(max_examples=300, deadline=None)
@given(record=RECORDS)
def test_a_record_survives_json_unchanged(record: AuditRecord) -> None:
    assert parse(json.loads(json.dumps(document(record), allow_nan=False))) == record


def test_a_document_has_the_names_of_ecs() -> None:
    record = AuditRecord(
        id="0198",
        time=WHEN,
        action="assign-roles",
        outcome="unknown",
        reason="timeout",
        code="management_unavailable",
        actor=Actor("auth0|1", "client-1", "org_1", "192.0.2.7"),
        request=Request("req-1", "0af7651916cd43dd8448eb211c80319c", "POST", "/users/{user_id}"),
        target="auth0|2",
        details={"roles": ("rol_1",)},
    )
    assert document(record) == {
        "@timestamp": "2026-01-31T12:00:00.000250Z",
        "ecs": {"version": "8.17.0"},
        "event": {
            "id": "0198",
            "kind": "event",
            "dataset": "auth0_sso.audit",
            "category": ("iam",),
            "type": ("user", "change"),
            "action": "assign-roles",
            "outcome": "unknown",
            "reason": "timeout",
        },
        "error": {"code": "management_unavailable"},
        "user": {"id": "auth0|1", "target": {"id": "auth0|2"}},
        "organization": {"id": "org_1"},
        "source": {"address": "192.0.2.7", "ip": "192.0.2.7"},
        "http": {"request": {"id": "req-1", "method": "POST"}},
        "trace": {"id": "0af7651916cd43dd8448eb211c80319c"},
        "auth0_sso": {
            "schema_version": "1",
            "client_id": "client-1",
            "route": "/users/{user_id}",
            "details": {"roles": ("rol_1",)},
        },
    }


def test_what_is_not_known_is_left_out() -> None:
    assert document(REFUSED).keys() == {"@timestamp", "ecs", "event", "auth0_sso"}
    assert "reason" not in str(document(REFUSED))


def test_a_target_that_is_no_user_is_not_named_as_one() -> None:
    record = AuditRecord(
        id="0198", time=WHEN, action="refund-order", outcome="success", target="17", target_kind="order"
    )
    written = json.loads(json.dumps(document(record)))
    assert "user" not in written
    assert written["auth0_sso"]["target"] == {"id": "17", "kind": "order"}


def test_only_an_ip_address_is_given_as_one() -> None:
    record = AuditRecord(
        id="1", time=WHEN, action="token-refused", outcome="failure", actor=Actor(address="testclient")
    )
    assert document(record)["source"] == {"address": "testclient"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("@timestamp", None),
        ("@timestamp", "yesterday"),
        ("@timestamp", "2026-01-31T12:00:00"),
        ("event", "token-refused"),
        ("event.id", 7),
        ("event.action", None),
        ("event.outcome", "maybe"),
        ("auth0_sso.details", ["before"]),
    ],
)
def test_an_object_that_is_no_document_is_refused(path: str, value: object) -> None:
    written = json.loads(json.dumps(document(REFUSED)))
    *parents, name = path.split(".")
    inner = written[parents[0]] if parents else written
    inner[name] = value
    with pytest.raises(ValueError, match=r"audit document|isoformat"):
        parse(written)


def test_new_fields_of_a_later_release_are_ignored() -> None:
    written = {**document(REFUSED), "observer": {"name": "x"}}
    assert parse(written) == REFUSED
