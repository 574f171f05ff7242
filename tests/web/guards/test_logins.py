"""Step-up authentication: which logins pass, and what the challenge asks of the next one."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import httpx
import pytest
from fastapi import Depends, FastAPI

from auth0_sso import add_docs, require_acr, require_mfa, require_recent_login
from auth0_sso.asgi import Rule
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer, user_claims
from auth0_sso.web.checks.logins import MULTI_FACTOR, RequiredLogin
from support.guarded_asgi_app import SeenApp, ask, bearer, guarded
from support.own_app import protected
from support.token_cases import NOW

ACR, AMR, AUTH_TIME = (f"https://api.example.com/{name}" for name in ("acr", "amr", "auth_time"))
NAMES: Final[dict[str, Any]] = {"auth0_acr_claim": ACR, "auth0_amr_claim": AMR, "auth0_auth_time_claim": AUTH_TIME}
RECENT: dict[str, object] = {AUTH_TIME: int(NOW) - 60}
GUARDS = {
    "/mfa": require_mfa(),
    "/acr": require_acr("phr", "silver"),
    "/recent": require_recent_login(max_age=300),
    "/both": require_mfa(max_age=300),
}
RULES = (
    Rule("/mfa", mfa=True),
    Rule("/acr", acr_values=["phr", "silver"]),
    Rule("/recent", max_login_age=300),
    Rule("/both", mfa=True, max_login_age=300),
)
PASSING: list[tuple[str, dict[str, object]]] = [
    ("/mfa", {AMR: ["pwd", "mfa"]}),
    ("/mfa", {AMR: "mfa"}),
    ("/mfa", {ACR: MULTI_FACTOR}),
    ("/acr", {ACR: "silver"}),
    ("/acr", {ACR: ["other", "phr"]}),
    ("/recent", RECENT),
    ("/recent", {AUTH_TIME: NOW - 309}),  # within the leeway
    ("/recent", {AUTH_TIME: NOW + 10}),
    ("/both", RECENT | {AMR: ["mfa"]}),
]
REFUSED: list[tuple[str, dict[str, object], str]] = [
    ("/mfa", {}, "amr_missing"),
    ("/mfa", {"amr": ["mfa"]}, "amr_missing"),  # not the claim that the settings name
    ("/mfa", {AMR: []}, "amr_missing"),
    ("/mfa", {AMR: ["mfa", 1]}, "amr_missing"),
    ("/mfa", {AMR: {"mfa": True}}, "amr_missing"),
    ("/mfa", {AMR: None}, "amr_missing"),
    ("/mfa", {AMR: True}, "amr_missing"),
    ("/mfa", {AMR: ["pwd"]}, "mfa_not_used"),
    ("/mfa", {AMR: ["MFA"]}, "mfa_not_used"),
    ("/mfa", {AMR: "pwd mfa"}, "mfa_not_used"),
    ("/acr", {}, "acr_missing"),
    ("/acr", {ACR: 2}, "acr_missing"),
    ("/acr", {ACR: "gold"}, "acr_not_wanted"),
    ("/acr", {ACR: "phr silver"}, "acr_not_wanted"),
    ("/recent", {}, "auth_time_missing"),
    ("/recent", {AUTH_TIME: str(int(NOW))}, "auth_time_missing"),
    ("/recent", {AUTH_TIME: True}, "auth_time_missing"),
    ("/recent", {AUTH_TIME: [int(NOW)]}, "auth_time_missing"),
    ("/recent", {AUTH_TIME: int(NOW) * 1000}, "auth_time_missing"),
    ("/recent", {AUTH_TIME: NOW - 310}, "login_too_old"),
    ("/both", RECENT, "amr_missing"),
    ("/both", {AMR: ["mfa"], AUTH_TIME: NOW - 310}, "login_too_old"),
]
CHALLENGES = {
    "/mfa": f', acr_values="{MULTI_FACTOR}"',
    "/acr": ', acr_values="phr silver"',
    "/recent": ', max_age="300"',
    "/both": f', acr_values="{MULTI_FACTOR}", max_age="300"',
}
START = (
    'Bearer error="insufficient_user_authentication", error_description="This needs a stronger or more recent login."'
)


def app_with_guards() -> FastAPI:
    app = FastAPI()
    for path, guard in GUARDS.items():
        app.get(path, dependencies=[Depends(guard)])(lambda: None)
    return app


@pytest.fixture
async def client(issuer: Issuer, clock: HandClock) -> AsyncIterator[httpx.AsyncClient]:
    async with protected(app_with_guards(), issuer, clock, **NAMES) as running:
        yield running


def token(issuer: Issuer, claims: Mapping[str, object]) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.token(user_claims(NOW, **claims))}"}


@pytest.mark.parametrize(("path", "claims"), PASSING, ids=str)
async def test_a_strong_and_recent_login_passes(
    client: httpx.AsyncClient, issuer: Issuer, path: str, claims: dict[str, object]
) -> None:
    assert (await client.get(path, headers=token(issuer, claims))).status_code == 200


def challenge_of(path: str) -> str:
    """Return the challenge of a path, with the scheme that was not used beside it."""
    return f'{START}{CHALLENGES[path]}, DPoP algs="ES256"'


@pytest.mark.parametrize(("path", "claims", "reason"), REFUSED, ids=str)
async def test_any_other_login_is_challenged(
    client: httpx.AsyncClient,
    issuer: Issuer,
    caplog: pytest.LogCaptureFixture,
    path: str,
    claims: dict[str, object],
    reason: str,
) -> None:
    caplog.set_level("INFO", "auth0_sso.access")
    refused = await client.get(path, headers=token(issuer, claims))
    assert (refused.status_code, refused.json()["code"]) == (401, "insufficient_user_authentication")
    assert refused.headers["www-authenticate"] == challenge_of(path)
    assert f"refused: {reason}" in caplog.text
    assert ("no claim 'https://api.example.com/" in caplog.text) == reason.endswith("_missing")


@pytest.mark.parametrize(("path", "claims", "reason"), REFUSED, ids=str)
async def test_a_rule_challenges_as_the_guard_does(
    issuer: Issuer, clock: HandClock, path: str, claims: dict[str, object], reason: str
) -> None:
    app = SeenApp()
    async with guarded(app, *RULES, issuer=issuer, clock=clock, **NAMES) as guard:
        refused = await ask(guard, path, headers=bearer(issuer, **claims))
    assert (refused.status, refused.headers["www-authenticate"]) == (401, challenge_of(path)), reason
    assert app.scopes == []


@pytest.mark.parametrize(("path", "claims"), PASSING, ids=str)
async def test_a_rule_passes_what_the_guard_passes(
    issuer: Issuer, clock: HandClock, path: str, claims: dict[str, object]
) -> None:
    async with guarded(SeenApp(), *RULES, issuer=issuer, clock=clock, **NAMES) as guard:
        assert (await ask(guard, path, headers=bearer(issuer, **claims))).status == 200


async def test_a_machine_and_a_request_without_a_token_do_not_pass(client: httpx.AsyncClient, issuer: Issuer) -> None:
    machine = token(issuer, {"sub": "robot@clients", "gty": "client-credentials"})
    assert (await client.get("/mfa", headers=machine)).json()["code"] == "insufficient_user_authentication"
    assert (await client.get("/mfa")).json()["code"] == "missing_token"


async def test_by_default_the_claims_have_the_names_of_rfc_9068(issuer: Issuer, clock: HandClock) -> None:
    claims = {"acr": "phr", "amr": ["mfa"], "auth_time": int(NOW)}
    async with protected(app_with_guards(), issuer, clock) as client:
        for path in GUARDS:
            assert (await client.get(path, headers=token(issuer, claims))).status_code == 200, path


async def test_the_openapi_document_says_what_each_route_requires(issuer: Issuer, clock: HandClock) -> None:
    app = app_with_guards()
    add_docs(app, path="/api-docs")
    async with protected(app, issuer, clock) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
    assert {path: operations["get"]["x-requires"] for path, operations in paths.items()} == {
        "/mfa": ["multi-factor authentication"],
        "/acr": ["authentication context phr or silver"],
        "/recent": ["recent login, at most 300 s ago"],
        "/both": ["multi-factor authentication", "recent login, at most 300 s ago"],
    }
    assert "insufficient_user_authentication" in str(paths["/mfa"]["get"]["responses"]["401"])


def test_what_no_challenge_can_ask_for_is_refused() -> None:
    with pytest.raises(ValueError, match="one or more acr values"):
        require_acr()
    for value in ("", "a b", 'a"', "a\\", "\u00e9"):
        with pytest.raises(ValueError, match="an acr value"):
            require_acr(value)
    for age in (-1, 1.5, True):
        with pytest.raises(ValueError, match="whole number"):
            require_recent_login(max_age=age)  # type: ignore[arg-type]  # what is tested
    with pytest.raises(ValueError, match="a public rule"):
        Rule("/", public=True, mfa=True)
    with pytest.raises(ValueError, match="a list of names"):
        Rule("/", acr_values="phr")


def test_guards_made_alike_are_equal() -> None:
    assert require_mfa() == require_mfa()
    assert require_mfa() != require_mfa(max_age=60)
    assert require_acr("a", "b", "a") == require_acr("a", "b")
    assert RequiredLogin(("a", "b")) != RequiredLogin(("b", "a")), "the order is that of preference"
