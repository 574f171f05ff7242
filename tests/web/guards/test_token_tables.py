"""Both tables over HTTP: status, challenge and problem of each case, and what must not have happened."""

import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from auth0_sso import CurrentToken, OptionalToken
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.hostile import REFUSED, Forge, Refused
from auth0_sso.testing.hostile.cases import LEEWAY
from auth0_sso.testing.issuer import Issuer
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS
from support.accepted_tokens import ACCEPTED
from support.own_app import protected
from support.tenant_script import DISCOVERY, JWKS, ScriptedTenant, discovery_reply, json_reply
from support.token_cases import NOW, POLICY, Accepted, challenge_of, key_document, refused_with


@dataclass(frozen=True, slots=True)
class Guarded:
    """Somebody's own app behind our guards, and the tenant it asks."""

    api: httpx.AsyncClient
    tenant: ScriptedTenant
    dpop: str

    async def get(self, path: str, authorization: Sequence[bytes]) -> httpx.Response:
        return await self.api.get(path, headers=[(b"Authorization", value) for value in authorization])


@pytest.fixture(params=["off", "allowed"])
async def guarded(
    tenant: ScriptedTenant, issuer: Issuer, clock: HandClock, request: pytest.FixtureRequest
) -> AsyncIterator[Guarded]:
    tenant.on(DISCOVERY, discovery_reply())
    tenant.on(JWKS, json_reply(key_document(issuer)))
    app = FastAPI()

    @app.get("/subject")
    async def read_subject(token: CurrentToken) -> str:
        return token.subject

    @app.get("/anyone")
    async def read_anyone(token: OptionalToken) -> str:
        return "anonymous" if token is None else token.subject

    clock.now = NOW
    changes: dict[str, object] = {
        "auth0_audience": tuple(POLICY.audiences),
        "auth0_algorithms": SUPPORTED_ALGORITHMS,
        "auth0_leeway_seconds": LEEWAY,
        "auth0_dpop": request.param,
    }
    async with protected(app, issuer, clock, tenant=tenant, **changes) as api:
        await clock.settle()
        yield Guarded(api, tenant, request.param)


def token_texts(authorization: Sequence[bytes]) -> list[str]:
    """Return what no answer or log line may repeat."""
    words = [word for value in authorization for word in value.decode("latin-1").replace("=", " ").split()]
    return [word for word in words if len(word) > 20]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.id)
async def test_it_is_refused_and_the_answer_says_so_without_repeating_it(
    guarded: Guarded, forge: Forge, caplog: pytest.LogCaptureFixture, case: Refused
) -> None:
    caplog.set_level(logging.DEBUG, "auth0_sso")
    authorization, case = case.build(forge), refused_with(case, guarded.dpop)
    answer = await guarded.get("/subject", authorization)
    problem, challenge = answer.json(), answer.headers["WWW-Authenticate"]

    assert (answer.status_code, problem["code"]) == (case.status, case.error or "missing_token")
    described = "" if case.error is None else f'error="{case.error}", error_description="{problem["detail"]}"'
    assert challenge == challenge_of(described, guarded.dpop, authorization)
    assert case.reason in caplog.text
    for text in token_texts(authorization):
        assert text not in answer.text
        assert text not in str(answer.headers)
        assert text not in caplog.text
    assert guarded.tenant.count(JWKS) == (2 if case.reason == "kid_unknown" else 1)


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.id)
async def test_it_passes(guarded: Guarded, forge: Forge, case: Accepted) -> None:
    authorization = case.build(forge)
    answers = [await guarded.get(path, authorization) for path in ("/subject", "/anyone", "/subject")]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert answers[0].json() == answers[1].json() == case.says.get("subject", answers[2].json())
    assert guarded.tenant.count(JWKS) == 1


@pytest.mark.parametrize("case", [case for case in REFUSED if case.id != "no-header"], ids=lambda case: case.id)
async def test_an_optional_token_lets_no_bad_one_through(guarded: Guarded, forge: Forge, case: Refused) -> None:
    answer = await guarded.get("/anyone", case.build(forge))
    assert answer.status_code == case.status


async def test_an_optional_token_lets_its_absence_through(guarded: Guarded) -> None:
    answer = await guarded.get("/anyone", [])
    assert (answer.status_code, answer.json()) == (200, "anonymous")
