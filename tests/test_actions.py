"""The Actions of the documents, run by Node.js: what they add to tokens passes our guards, and nothing else does."""

import json
import re
import shutil
import subprocess
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from fastapi import Depends, FastAPI

from auth0_devtenant import PEOPLE, default_seed, fetch_user_token, running_tenant
from auth0_sso import CurrentToken, protect, require_acr, require_mfa, require_recent_login, require_role
from auth0_sso.revocation.deny_list import Revocation
from auth0_sso.testing import AppUnderTest, client, settings
from auth0_sso.testing.issuer import ISSUER
from auth0_sso.web.checks.logins import MULTI_FACTOR
from support.document import Document

NAMESPACE: Final = "https://example.com/"
ACR, AMR, AUTH_TIME, SID, ROLES = (f"{NAMESPACE}{name}" for name in ("acr", "amr", "auth_time", "sid", "roles"))
RUNNER: Final = Path(__file__).parent / "support" / "run_actions.js"
NODE: Final = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")


def actions_of(page: str) -> list[str]:
    """Return the Actions of a page of docs, in their order."""
    return [
        code for language, code in Document.read(page).blocks if language == "js" and "onExecutePostLogin" in code
    ]


CHALLENGE, CLAIMS, BY_SCOPE = actions_of("step-up.md")
(SESSION,) = actions_of("sessions.md")
(ROLES_ACTION,) = actions_of("roles.md")


@dataclass(frozen=True)
class Done:
    """What Actions did: the claims that they added to the access token, and the other calls of `api`."""

    claims: dict[str, Any]
    calls: list[list[Any]]


def run(event: dict[str, Any], *actions: str) -> Done:
    assert NODE is not None
    result = subprocess.run(
        [NODE, str(RUNNER)],
        input=json.dumps({"actions": actions, "event": event}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return Done(**json.loads(result.stdout))


def event_at(now: float, *methods: tuple[str, float], **changes: object) -> dict[str, Any]:
    """Return a login as Auth0 describes it (post-login event object); of each method how many seconds ago it was."""
    event: dict[str, Any] = {
        "authentication": {"methods": [{"name": name, "timestamp": iso(now - ago)} for name, ago in methods]},
        "authorization": {"roles": ["admin"]},
        "client": {"client_id": "the-spa", "metadata": {}, "name": "SPA"},
        "connection": {"id": "con_1", "name": "Username-Password-Authentication", "strategy": "auth0"},
        "resource_server": {"identifier": "https://api.example.com"},
        "session": {"id": "session-1"},
        "transaction": {"acr_values": [], "protocol": "oidc-basic-profile", "requested_scopes": ["openid"]},
        "user": {"user_id": "auth0|ann", "email": "ann@example.com"},
    }
    return event | changes


def iso(seconds: float) -> str:
    """Return a time as JavaScript's `toISOString` writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def _ok(_: CurrentToken) -> None: ...


@pytest.fixture
def api(clean_environment: None) -> AppUnderTest:
    app = protect(FastAPI())
    guards = {
        "/mfa": require_mfa(),
        "/acr": require_acr(MULTI_FACTOR),
        "/recent": require_recent_login(max_age=300),
        "/role": require_role("admin"),
    }
    app.get("/")(_ok)
    for path, guard in guards.items():
        app.get(path, dependencies=[Depends(guard)])(_ok)
    names = {"auth0_acr_claim": ACR, "auth0_amr_claim": AMR, "auth0_auth_time_claim": AUTH_TIME}
    roles = {"auth0_role_source": "claim", "auth0_role_claim": ROLES}
    return client(app, settings=settings(**names, **roles, auth0_session_id_claim=SID))


def passed(api: AppUnderTest, claims: dict[str, Any]) -> set[str]:
    """Return the guarded routes that a token with these claims opens; all others answer with a challenge."""
    answers = {path: api.as_user("auth0|ann", **claims).get(path) for path in ("/mfa", "/acr", "/recent")}
    for answer in answers.values():
        assert answer.status_code == 200 or "insufficient_user_authentication" in answer.headers["WWW-Authenticate"]
    return {path for path, answer in answers.items() if answer.status_code == 200}


@pytest.mark.parametrize(
    ("methods", "opened"),
    [
        ([("pwd", 60), ("mfa", 30)], {"/mfa", "/acr", "/recent"}),
        ([("pwd", 60)], {"/recent"}),
        ([("federated", 60)], {"/recent"}),
        ([("pwd", 3600)], set()),
        ([("pwd", 3600), ("mfa", 3600)], {"/mfa", "/acr"}),
        ([("pwd", 3600), ("mfa", 60)], {"/mfa", "/acr", "/recent"}),
        ([], set()),
    ],
)
def test_the_claims_of_a_login_open_what_that_login_may(
    api: AppUnderTest, methods: list[tuple[str, float]], opened: set[str]
) -> None:
    with api:
        done = run(event_at(api.clock.now, *methods), CHALLENGE, CLAIMS)
        assert passed(api, done.claims) == opened
    assert not done.calls


@pytest.mark.parametrize("gone", ["authentication", "transaction", "session", "authorization"])
def test_a_grant_without_a_browser_adds_what_there_is(api: AppUnderTest, gone: str) -> None:
    with api:
        event = event_at(api.clock.now, ("pwd", 60))
        del event[gone]
        done = run(event, CHALLENGE, CLAIMS, SESSION, ROLES_ACTION, BY_SCOPE)
        assert passed(api, done.claims) == (set() if gone == "authentication" else {"/recent"})
    assert (SID in done.claims) == (gone != "session")
    assert done.claims[ROLES] == ([] if gone == "authorization" else ["admin"])
    assert not done.calls


def test_a_timestamp_that_cannot_be_read_is_no_recent_login(api: AppUnderTest) -> None:
    with api:
        event = event_at(api.clock.now, ("pwd", 60))
        event["authentication"]["methods"][0]["timestamp"] = "yesterday"
        assert passed(api, run(event, CLAIMS).claims) == set()


def test_a_second_factor_is_asked_for_as_the_challenge_says(api: AppUnderTest) -> None:
    with api:
        challenge = api.as_user().get("/mfa").headers["WWW-Authenticate"]
    (wanted,) = re.findall(r'acr_values="([^"]*)"', challenge)
    asked = {"transaction": {"acr_values": [wanted], "requested_scopes": []}}
    (call,) = run(event_at(0, ("pwd", 60), **asked), CHALLENGE).calls
    assert call[0] == "challengeWithAny"
    assert {"type": "otp"} in call[1]
    assert not run(event_at(0, ("pwd", 60), ("mfa", 30), **asked), CHALLENGE).calls, "it was used already"


@pytest.mark.parametrize(("scopes", "number"), [(["openid"], 0), (["openid", "transfer:funds"], 1)])
def test_a_second_factor_is_asked_for_with_the_scope(scopes: list[str], number: int) -> None:
    event = event_at(0, ("pwd", 60), transaction={"acr_values": [], "requested_scopes": scopes})
    assert run(event, BY_SCOPE).calls == [["enable", "any", {"allowRememberBrowser": False}]] * number


def test_a_session_that_ends_ends_the_tokens_that_name_it(api: AppUnderTest) -> None:
    with api:
        ended = run(event_at(api.clock.now), SESSION).claims
        other = run(event_at(api.clock.now, session={"id": "session-2"}), SESSION).claims
        assert isinstance(api.app, FastAPI)
        denied = api.app.state.auth0_sso.deny_list
        denied.add(Revocation(ISSUER, api.clock.now, session_id="session-1"))
        assert api.as_user("auth0|ann", **ended).get("/").status_code == 401
        assert api.as_user("auth0|ann", **other).get("/").status_code == 200


def test_the_roles_of_the_action_open_routes(api: AppUnderTest) -> None:
    with api:
        admin = run(event_at(api.clock.now), ROLES_ACTION).claims
        user = run(event_at(api.clock.now, authorization={"roles": ["user"]}), ROLES_ACTION).claims
        assert api.as_user("auth0|ann", **admin).get("/role").status_code == 200
        assert api.as_user("auth0|ann", **user).get("/role").status_code == 403


async def test_the_development_tenant_adds_the_same_claims() -> None:
    seed = default_seed().model_copy(update={"session_claims": NAMESPACE})
    person = PEOPLE[0]
    with running_tenant(seed) as tenant:
        async with httpx.AsyncClient() as browser:
            token = await fetch_user_token(
                browser,
                tenant.issuer,
                email=person.email,
                password=person.password,
                audience=tenant.audience,
                redirect_uri="http://127.0.0.1:3000/callback",
            )
    claims = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    issued = {name: value for name, value in claims.items() if name.startswith(NAMESPACE)}
    added = run(event_at(issued[AUTH_TIME], ("pwd", 0), session={"id": issued[SID]}), CLAIMS, SESSION).claims
    assert issued == added
