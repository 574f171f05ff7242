"""Both tables of tokens with each feature on: what was refused stays refused, and for the same reason."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI

from auth0_sso import CurrentToken, harden
from auth0_sso.revocation.deny_list import Revocation
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.hostile import REFUSED, Forge, Refused
from auth0_sso.testing.hostile.cases import LEEWAY, Authorization
from auth0_sso.testing.issuer import ISSUER, SUBJECT, Issuer
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS
from auth0_sso.web.services.services import Services
from support.accepted_tokens import ACCEPTED
from support.own_app import protected
from support.tenant_script import DISCOVERY, JWKS, ScriptedTenant, discovery_reply, json_reply
from support.token_cases import NOW, POLICY, challenge_of, key_document, refused_with

CERTIFICATE: Final = {"auth0_client_certificate_header": "Client-Cert", "trusted_proxies": ("10.0.0.0/8",)}
SESSIONS: Final = {
    "auth0_session_id_claim": "https://api.example.com/sid",
    "auth0_backchannel_logout_clients": ("spa",),
    "auth0_events_token": "e" * 32,
}
FEATURES: Final[Mapping[str, Mapping[str, Any]]] = {
    "dpop-required": {"auth0_dpop": "required"},
    "dpop-nonces": {"auth0_dpop": "allowed", "auth0_dpop_nonce": "required"},
    "certificates": {"auth0_dpop": "off", **CERTIFICATE},
    "certificates-and-dpop": {"auth0_dpop": "allowed", **CERTIFICATE},
    "deny-list": {"auth0_dpop": "off", **SESSIONS},
    "all": {"auth0_dpop": "allowed", "auth0_dpop_nonce": "required", **CERTIFICATE, **SESSIONS},
}

MALFORMED: Final = {"bound-to-nothing", "bound-by-null", "bound-to-two"}
"""Their `cnf` is read where any bound tokens pass."""


def documented(case: Refused, changes: Mapping[str, Any]) -> Refused:
    """Return what docs/refusals.md says that a case comes to with these settings."""
    dpop, certificates = changes["auth0_dpop"], "auth0_client_certificate_header" in changes
    case = refused_with(case, dpop)
    if certificates and case.id == "bound-by-mtls":
        return replace(case, reason="certificate_missing")
    if certificates and dpop == "off" and case.id == "dpop-scheme":
        return replace(case, reason="dpop_unbound", error="invalid_token")
    if certificates and dpop == "off" and case.id in MALFORMED:
        return replace(case, reason="cnf_invalid")
    return case


@asynccontextmanager
async def running(
    tenant: ScriptedTenant, issuer: Issuer, clock: HandClock, changes: Mapping[str, Any]
) -> AsyncIterator[httpx.AsyncClient]:
    """Run an app with a feature; where it has a deny list, its entries are not about these tokens."""
    tenant.on(DISCOVERY, discovery_reply())
    tenant.on(JWKS, json_reply(key_document(issuer)))
    clock.now = NOW
    app = harden(FastAPI(), trusted_proxies=["10.0.0.0/8"])

    @app.get("/subject")
    async def read_subject(token: CurrentToken) -> str:
        return token.subject

    every: dict[str, Any] = {
        "auth0_audience": tuple(POLICY.audiences),
        "auth0_algorithms": SUPPORTED_ALGORITHMS,
        "auth0_leeway_seconds": LEEWAY,
        "auth_failure_rate_limit": "off",
    }
    async with protected(app, issuer, clock, tenant=tenant, **every, **changes) as api:
        await clock.settle()
        services = app.state.auth0_sso
        assert isinstance(services, Services)
        if "auth0_session_id_claim" in changes:
            services.deny_list.add(Revocation(ISSUER, NOW, "auth0|other"))
            services.deny_list.add(Revocation(ISSUER, NOW, session_id="ended"))
            services.deny_list.add(Revocation("https://other.example.com/", NOW, SUBJECT))
        yield api


async def send(api: httpx.AsyncClient, authorization: Authorization) -> httpx.Response:
    headers = [(b"Authorization", value) for value in authorization]
    return await api.get("/subject", headers=[*headers, (b"Client-Cert", b":AAAA:"), (b"DPoP", b"a.b.c")])


@pytest.mark.parametrize("feature", FEATURES)
async def test_the_whole_table_is_refused_as_documented(
    tenant: ScriptedTenant,
    issuer: Issuer,
    clock: HandClock,
    forge: Forge,
    caplog: pytest.LogCaptureFixture,
    feature: str,
) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    changes = FEATURES[feature]
    async with running(tenant, issuer, clock, changes) as api:
        for each in REFUSED:
            caplog.clear()
            authorization, case = each.build(forge), documented(each, changes)
            answer = await send(api, authorization)
            problem, challenge = answer.json(), answer.headers["WWW-Authenticate"]
            described = "" if case.error is None else f'error="{case.error}", error_description="{problem["detail"]}"'
            assert (answer.status_code, problem["code"]) == (case.status, case.error or "missing_token"), case.id
            assert challenge == challenge_of(described, changes["auth0_dpop"], authorization), case.id
            assert f"refused: {case.reason}" in caplog.text, case.id


@pytest.mark.parametrize("feature", FEATURES)
async def test_good_tokens_pass_unless_proofs_are_required(
    tenant: ScriptedTenant, issuer: Issuer, clock: HandClock, forge: Forge, feature: str
) -> None:
    changes = FEATURES[feature]
    async with running(tenant, issuer, clock, changes) as api:
        answers = [await send(api, case.build(forge)) for case in ACCEPTED]
    required = changes["auth0_dpop"] == "required"
    assert {answer.status_code for answer in answers} == ({401} if required else {200})
