"""Both tables of tokens through the guard: status, challenge and problem of each, and that the app saw none of it."""

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from auth0_sso.asgi import Auth0Guard
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.hostile import REFUSED, Forge, Refused
from auth0_sso.testing.hostile.cases import LEEWAY
from auth0_sso.testing.issuer import Issuer
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS
from support.accepted_tokens import ACCEPTED
from support.guarded_asgi_app import SeenApp, ask, guarded
from support.tenant_script import DISCOVERY, JWKS, ScriptedTenant, discovery_reply, json_reply
from support.token_cases import POLICY, Accepted, challenge_of, key_document, refused_with

SEEN = SeenApp()


@pytest.fixture(params=["off", "allowed"])
async def guard(
    tenant: ScriptedTenant, issuer: Issuer, clock: HandClock, request: pytest.FixtureRequest
) -> AsyncIterator[Auth0Guard]:
    tenant.on(DISCOVERY, discovery_reply())
    tenant.on(JWKS, json_reply(key_document(issuer)))
    SEEN.scopes.clear()
    changes: dict[str, Any] = {
        "auth0_audience": tuple(POLICY.audiences),
        "auth0_algorithms": SUPPORTED_ALGORITHMS,
        "auth0_leeway_seconds": LEEWAY,
        "auth0_dpop": request.param,
    }
    async with guarded(SEEN, issuer=issuer, clock=clock, tenant=tenant, **changes) as running:
        yield running


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.id)
async def test_it_is_refused_before_the_app_sees_it(
    guard: Auth0Guard, forge: Forge, tenant: ScriptedTenant, caplog: pytest.LogCaptureFixture, case: Refused
) -> None:
    caplog.set_level(logging.DEBUG, "auth0_sso")
    dpop = guard.protection.chosen_settings().auth0_dpop
    values, case = case.build(forge), refused_with(case, dpop)
    answer = await ask(guard, "/subject", headers=[(b"authorization", value) for value in values])
    problem, challenge = json.loads(answer.body), answer.headers["www-authenticate"]
    assert (answer.status, problem["code"]) == (case.status, case.error or "missing_token")
    described = "" if case.error is None else f'error="{case.error}", error_description="{problem["detail"]}"'
    assert challenge == challenge_of(described, dpop, values)
    assert f"GET /* refused: {case.reason}" in caplog.text
    said = answer.body.decode() + str(answer.headers) + caplog.text
    words = [word for value in values for word in value.decode("latin-1").replace("=", " ").split()]
    assert [word for word in words if len(word) > 20 and word in said] == []
    assert SEEN.scopes == []
    assert tenant.count(JWKS) == (2 if case.reason == "kid_unknown" else 1)


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.id)
async def test_it_passes_each_time(guard: Auth0Guard, forge: Forge, tenant: ScriptedTenant, case: Accepted) -> None:
    headers = [(b"authorization", value) for value in case.build(forge)]
    assert [(await ask(guard, "/subject", headers=headers)).status for _ in range(2)] == [200, 200]
    first, second = SEEN.subjects
    assert first == second == case.says.get("subject", first)
    assert tenant.count(JWKS) == 1
