"""Web applications with SDKs for Node.js: a person logs in, and our API takes the application's token."""

from collections.abc import Callable
from typing import Any

import pytest

from auth0_devtenant.seed.default import WEB_CLIENT_ID, WEB_CLIENT_SECRET
from support.client_tenant import ClientTenant
from support.issuer_api import api
from support.node import program
from support.service import USER, person_id
from support.visitor import Visitor

pytestmark = pytest.mark.usefixtures("node_js")

Exercise = Callable[[str, str], None]

CLIENT = {"CLIENT_ID": WEB_CLIENT_ID, "CLIENT_SECRET": WEB_CLIENT_SECRET}


async def require_accepted(tenant: ClientTenant, token: str) -> None:
    async with api(tenant.issuer) as ours:
        answer = await ours.get("/api/data", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["data"] == ["for a user"]


def log_out(visitor: Visitor, url: str) -> dict[str, Any]:
    """Return what the application says after its logout."""
    body: dict[str, Any] = visitor.visit(url).raise_for_status().json()
    return body


def test_express_openid_connect_logs_in_with_its_defaults(secure: ClientTenant, exercise: Exercise) -> None:
    exercise("express-openid-connect", "login with its defaults (id_token by form_post), logout")
    with (
        program("express-openid-connect.mjs", **secure.environment, **CLIENT) as app,
        secure.visitor(USER) as visitor,
    ):
        profile = visitor.visit(f"{app.url}/profile").raise_for_status().json()
        assert profile["claims"]["sub"] == person_id(USER)
        assert visitor.visit(f"{app.url}/").json() == {"authenticated": True}
        assert log_out(visitor, f"{app.url}/logout") == {"authenticated": False}
        assert any(url.startswith(f"{secure.issuer}v2/logout?") for url in visitor.visited)


async def test_express_openid_connect_gets_tokens_for_our_api(trusted: ClientTenant, exercise: Exercise) -> None:
    exercise("express-openid-connect", "login with a code and PKCE, refresh, userinfo")
    environment = trusted.environment | CLIENT | {"RESPONSE_TYPE": "code"}
    with program("express-openid-connect.mjs", **environment) as app, trusted.visitor(USER) as visitor:
        profile = visitor.visit(f"{app.url}/profile").raise_for_status().json()
    assert profile["claims"]["sub"] == profile["userinfo"]["sub"] == person_id(USER)
    await require_accepted(trusted, profile["access_token"])


async def test_passport_auth0_logs_in_without_pkce(trusted: ClientTenant, exercise: Exercise) -> None:
    exercise("passport-auth0", "login with a code and the client secret, without PKCE, userinfo")
    with program("passport-auth0.mjs", **trusted.environment, **CLIENT) as app, trusted.visitor(USER) as visitor:
        user = visitor.visit(f"{app.url}/login").raise_for_status().json()
    assert (user["profile"]["user_id"], user["profile"]["emails"]) == (person_id(USER), [{"value": USER}])
    await require_accepted(trusted, user["access_token"])


@pytest.mark.parametrize("program_name", ["passport-auth0.mjs"])
def test_a_wrong_client_secret_is_refused(secure: ClientTenant, program_name: str) -> None:
    environment = secure.environment | CLIENT | {"CLIENT_SECRET": "wrong"}
    with program(program_name, **environment) as app, secure.visitor(USER) as visitor:
        answer = visitor.visit(f"{app.url}/login")
    assert answer.is_error


async def test_authjs_logs_in(trusted: ClientTenant, exercise: Exercise) -> None:
    exercise("@auth/express", "Auth.js: login with its provider for Auth0")
    with program("authjs.mjs", **trusted.environment, **CLIENT) as app, trusted.visitor(USER) as visitor:
        token = visitor.client.get(f"{app.url}/auth/csrf").json()["csrfToken"]
        form = {"csrfToken": token, "callbackUrl": f"{app.url}/"}
        sent = visitor.client.post(f"{app.url}/auth/signin/auth0", data=form)
        session = visitor.visit(sent.headers["Location"]).raise_for_status().json()
    assert (session["user"]["email"], session["expires"] > "2000") == (USER, True)
    await require_accepted(trusted, session["access_token"])


async def test_auth0_auth_js_logs_in_and_out(trusted: ClientTenant, exercise: Exercise) -> None:
    exercise("@auth0/auth0-auth-js", "login with PKCE and a secret, also by a pushed request (PAR), refresh, logout")
    with program("auth0-auth-js.mjs", **trusted.environment, **CLIENT) as app, trusted.visitor(USER) as visitor:
        for query in ("", "?pushed=true"):
            logged_in = visitor.visit(f"{app.url}/login{query}").raise_for_status().json()
            assert logged_in["claims"]["sub"] == person_id(USER)
            await require_accepted(trusted, logged_in["access_token"])
        assert any("request_uri=" in url for url in visitor.visited)
        assert log_out(visitor, f"{app.url}/logout") == {"loggedOut": True}
