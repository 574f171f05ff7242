"""What the audit trail has of the refusals of an `Auth0Guard`."""

from collections.abc import AsyncIterator

import pytest

from auth0_sso import StaticKeys
from auth0_sso.asgi import Auth0Guard, Rule
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import SUBJECT, Issuer
from support.audit_sink import KeptRecords
from support.guarded_asgi_app import SeenApp, ask, bearer
from support.own_app import own_settings


@pytest.fixture
def sink() -> KeptRecords:
    return KeptRecords()


@pytest.fixture
async def guard(issuer: Issuer, clock: HandClock, sink: KeptRecords) -> AsyncIterator[Auth0Guard]:
    guard = Auth0Guard(
        SeenApp(),
        Rule("/orders", permissions={"read:orders"}),
        Rule("/reports", any_role={"admin"}),
        Rule("/data", rate_limit="1/minute"),
        settings=own_settings(),
        keys=StaticKeys(issuer.jwks("key-0")),
        audit=sink,
        clock=clock,
    )
    async with guard.running():
        yield guard


@pytest.mark.parametrize(
    ("path", "reason", "missing"),
    [("/orders/17", "permission_missing", "read:orders"), ("/reports", "role_missing", "admin")],
)
async def test_denied_access_names_the_subject_the_rule_and_what_was_missing(
    guard: Auth0Guard, issuer: Issuer, sink: KeptRecords, path: str, reason: str, missing: str
) -> None:
    answer = await ask(guard, path, headers=bearer(issuer))
    record = sink.only()
    assert (record.action, record.reason, record.details) == ("access-denied", reason, {"missing": (missing,)})
    assert record.actor.subject == SUBJECT
    assert record.request.route == f"/{path.split('/')[1]}"
    assert record.request.id
    assert record.request.id.encode() in answer.body


async def test_a_spent_rate_limit_names_the_caller_and_the_policy(
    guard: Auth0Guard, issuer: Issuer, sink: KeptRecords
) -> None:
    for _ in range(3):
        await ask(guard, "/data", headers=bearer(issuer))
    record = sink.only()
    assert (record.action, record.actor.subject, record.details) == ("rate-limited", SUBJECT, {"limit": "1/minute"})
