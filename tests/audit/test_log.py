import json
import logging
from datetime import UTC, datetime

import pytest

from auth0_sso import AuditLog, AuditRecord
from auth0_sso.audit.document import document
from auth0_sso.audit.log import sentence
from auth0_sso.audit.record import Actor
from auth0_sso.service.log_formats import JsonFormatter

RECORD = AuditRecord(
    id="1",
    time=datetime(2026, 1, 31, tzinfo=UTC),
    action="assign-roles",
    outcome="unknown",
    reason="timeout",
    actor=Actor("auth0|1", "client-1", None, "192.0.2.1"),
    target="auth0|2",
)


def test_a_line_has_a_sentence_and_the_document(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "auth0_sso.audit"):
        AuditLog().write(RECORD)
    [line] = caplog.records
    assert line.getMessage() == "assign-roles: unknown by auth0|1 on user auth0|2 (timeout)"
    written = json.loads(JsonFormatter().format(line))
    assert {name: written[name] for name in document(RECORD)} == json.loads(json.dumps(document(RECORD)))


@pytest.mark.parametrize(
    ("actor", "words"),
    [
        (Actor(address="192.0.2.1"), "token-refused: failure by 192.0.2.1 (expired)"),
        (Actor(client_id="client-1"), "token-refused: failure by client-1 (expired)"),
        (Actor(), "token-refused: failure (expired)"),
    ],
    ids=["address", "client", "unknown"],
)
def test_the_sentence_names_who_it_can(actor: Actor, words: str) -> None:
    record = AuditRecord(
        id="1", time=RECORD.time, action="token-refused", outcome="failure", reason="expired", actor=actor
    )
    assert sentence(record) == words


def test_nothing_is_made_where_the_log_does_not_take_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "auth0_sso.audit"):
        AuditLog().write(RECORD)
    assert caplog.records == []
