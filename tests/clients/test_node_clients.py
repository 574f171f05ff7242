"""Clients for Node.js against the development tenant; what they get is accepted by our API."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from auth0_devtenant import (
    MACHINE_CLIENT_ID,
    MACHINE_CLIENT_SECRET,
    MANAGEMENT_CLIENT_ID,
    MANAGEMENT_CLIENT_SECRET,
    PEOPLE,
    SPA_CLIENT_ID,
    WEB_CLIENT_ID,
    WEB_CLIENT_SECRET,
)
from auth0_devtenant.seed.default import NATIVE_CLIENT_ID
from support.client_tenant import ClientTenant
from support.issuer_api import api
from support.node import output_of, program
from support.service import USER, person_id

pytestmark = pytest.mark.usefixtures("node_js")

Exercise = Callable[[str, str], None]

MACHINE = {"MACHINE_CLIENT_ID": MACHINE_CLIENT_ID, "MACHINE_CLIENT_SECRET": MACHINE_CLIENT_SECRET}
MANAGEMENT = {"MANAGEMENT_CLIENT_ID": MANAGEMENT_CLIENT_ID, "MANAGEMENT_CLIENT_SECRET": MANAGEMENT_CLIENT_SECRET}


async def data_for(ours: httpx.AsyncClient, token: str) -> str:
    answer = await ours.get("/api/data", headers={"Authorization": f"Bearer {token}"})
    return str(answer.raise_for_status().json()["data"][0])


async def test_openid_client_logs_in_refreshes_and_gets_a_machines_token(
    trusted: ClientTenant, exercise: Exercise
) -> None:
    exercise("openid-client", "login with discovery, PKCE, state, nonce and a verified ID token, userinfo")
    exercise(
        "openid-client", "refresh with rotation; client credentials with the secret in the header and in the body"
    )
    environment = trusted.environment | MACHINE | {"CLIENT_ID": SPA_CLIENT_ID}
    with program("openid-client.mjs", **environment) as app, trusted.visitor(USER) as visitor:
        logged_in: dict[str, Any] = visitor.visit(f"{app.url}/login").raise_for_status().json()
        refreshed = visitor.visit(f"{app.url}/refresh").raise_for_status().json()
        machine = visitor.visit(f"{app.url}/machine").raise_for_status().json()
    assert logged_in["claims"]["sub"] == logged_in["userinfo"]["sub"] == person_id(USER)
    assert (logged_in["claims"]["iss"], logged_in["claims"]["aud"]) == (trusted.issuer, SPA_CLIENT_ID)
    assert logged_in["userinfo"]["email"] == USER
    assert refreshed["reused"] == {"error": "invalid_grant", "status": 403}
    async with api(trusted.issuer) as ours:
        for token in (logged_in["access_token"], refreshed["access_token"], *machine):
            assert await data_for(ours, token) == ("for a machine" if token in machine else "for a user")


def test_openid_client_with_a_secret_revokes_and_logs_out(secure: ClientTenant, exercise: Exercise) -> None:
    exercise("openid-client", "a secret in the header, revocation, logout at the end_session_endpoint")
    client = {"CLIENT_ID": WEB_CLIENT_ID, "CLIENT_SECRET": WEB_CLIENT_SECRET}
    with program("openid-client.mjs", **secure.environment, **client) as app, secure.visitor(USER) as visitor:
        assert visitor.visit(f"{app.url}/login").json()["claims"]["aud"] == WEB_CLIENT_ID
        assert visitor.visit(f"{app.url}/revoke").json() == {"refused": "invalid_grant"}
        assert visitor.visit(f"{app.url}/logout").json() == {"loggedOut": True}
        assert any(url.startswith(f"{secure.issuer}oidc/logout?") for url in visitor.visited)
        again = visitor.client.get(f"{app.url}/login").headers["Location"]
        assert "password" in visitor.client.get(again, follow_redirects=True).text


async def test_openid_client_logs_in_on_a_device(trusted: ClientTenant, exercise: Exercise) -> None:
    exercise("openid-client", "the device flow")
    client = {"CLIENT_ID": SPA_CLIENT_ID, "NATIVE_CLIENT_ID": NATIVE_CLIENT_ID}
    with program("openid-client.mjs", **trusted.environment, **client) as app, trusted.visitor(USER) as visitor:
        visitor.visit(f"{app.url}/device").raise_for_status()
        token = visitor.client.get(f"{app.url}/device/tokens").raise_for_status().json()["access_token"]
    async with api(trusted.issuer) as ours:
        assert await data_for(ours, token) == "for a user"


async def test_node_auth0_manages_users_and_gets_a_machines_token(trusted: ClientTenant, exercise: Exercise) -> None:
    exercise("auth0", "Management API: users, roles and paging, with a token it fetches")
    exercise("auth0", "Authentication API (auth0/legacy): client credentials")
    exercise("@auth0/auth0-auth-js", "client credentials")
    found = output_of("auth0.mjs", **trusted.environment, **MACHINE, **MANAGEMENT)
    assert sorted(found["emails"]) == sorted(person.email for person in PEOPLE)
    assert (found["metadata"], found["roles"], found["rolesLeft"]) == ({"theme": "dark"}, ["manager"], 0)
    assert found["deleted"] == {"status": 404, "error": "inexistent_user"}
    assert found["wrongSecret"] == {"status": 401, "error": "access_denied"}
    async with api(trusted.issuer) as ours:
        assert [await data_for(ours, token) for token in found["tokens"]] == ["for a machine"] * 2
