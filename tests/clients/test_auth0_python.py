"""auth0-python as its README uses it, over TLS: the Authentication API, and Management clients with their own tokens.

What both Management clients say of one tenant is compared in tests/e2e/test_official_sdk.py.
"""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from auth0.authentication import Database, GetToken, RevokeToken, Users
from auth0.authentication.exceptions import Auth0Error
from auth0.authentication.token_verifier import AsymmetricSignatureVerifier, TokenVerifier
from auth0.management import AsyncManagementClient, ManagementClient

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
from support.client_tenant import ClientTenant
from support.issuer_api import AUDIENCE, api
from support.service import USER, person_id

Exercise = Callable[[str, str], None]

CREDENTIALS: dict[str, Any] = {"client_id": MANAGEMENT_CLIENT_ID, "client_secret": MANAGEMENT_CLIENT_SECRET}


def code_for(tenant: ClientTenant, verifier: str, redirect_uri: str) -> str:
    """Log in, and return the authorization code that the application gets."""
    query = {
        "response_type": "code",
        "client_id": SPA_CLIENT_ID,
        "redirect_uri": redirect_uri,
        "audience": AUDIENCE,
        "scope": "openid profile email offline_access",
        "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    with tenant.visitor(USER) as visitor:
        back = visitor.visit(f"{tenant.issuer}authorize?{urlencode(query)}", until=redirect_uri)
    return parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]


async def test_auth0_python_redeems_a_code_and_refreshes(trusted: ClientTenant, exercise: Exercise) -> None:
    exercise("auth0-python", "Authentication API: code with PKCE, verified ID token, userinfo, refresh")
    verifier, redirect_uri = secrets.token_urlsafe(32), f"{trusted.app_origin}/callback"
    get_token = GetToken(trusted.domain, SPA_CLIENT_ID)
    tokens = get_token.authorization_code_pkce(verifier, code_for(trusted, verifier, redirect_uri), redirect_uri)
    signature = AsymmetricSignatureVerifier(f"{trusted.issuer}.well-known/jwks.json")
    claims = TokenVerifier(signature, trusted.issuer, SPA_CLIENT_ID).verify(tokens["id_token"])
    assert claims["sub"] == person_id(USER)
    assert Users(trusted.domain).userinfo(tokens["access_token"])["email"] == USER
    refreshed = get_token.refresh_token(tokens["refresh_token"])
    async with api(trusted.issuer) as ours:
        answer = await ours.get("/api/data", headers={"Authorization": f"Bearer {refreshed['access_token']}"})
    assert answer.json()["data"] == ["for a user"]
    with pytest.raises(Auth0Error) as refused:
        get_token.refresh_token(tokens["refresh_token"])
    assert (refused.value.status_code, refused.value.error_code) == (403, "invalid_grant")


def test_auth0_python_gets_a_machines_token(trusted: ClientTenant, exercise: Exercise) -> None:
    exercise("auth0-python", "client credentials")
    token = GetToken(trusted.domain, MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET).client_credentials(AUDIENCE)
    assert (token["token_type"], token["scope"]) == ("Bearer", "read:data")
    with pytest.raises(Auth0Error) as refused:
        GetToken(trusted.domain, MACHINE_CLIENT_ID, "wrong").client_credentials(AUDIENCE)
    assert (refused.value.status_code, refused.value.error_code) == (401, "access_denied")


def test_auth0_python_signs_a_user_up_who_logs_in(trusted: ClientTenant, exercise: Exercise) -> None:
    exercise("auth0-python", "sign-up, password change by e-mail, login by password, revocation")
    connection, email, password = "Username-Password-Authentication", "python@example.com", "Python-password-1!"
    database = Database(trusted.domain, WEB_CLIENT_ID)
    made = database.signup(email=email, password=password, connection=connection)
    assert made["email"] == email
    assert "email" in database.change_password(email=email, connection=connection)
    get_token = GetToken(trusted.domain, WEB_CLIENT_ID, WEB_CLIENT_SECRET)
    scope = "openid profile email offline_access"
    tokens = get_token.login(email, password, scope=scope, realm=connection, audience=AUDIENCE)
    assert Users(trusted.domain).userinfo(tokens["access_token"])["email"] == email
    RevokeToken(trusted.domain, WEB_CLIENT_ID, WEB_CLIENT_SECRET).revoke_refresh_token(tokens["refresh_token"])
    with pytest.raises(Auth0Error) as refused:
        get_token.refresh_token(tokens["refresh_token"])
    assert refused.value.error_code == "invalid_grant"
    with httpx.Client() as http:
        ManagementClient(domain=trusted.domain, httpx_client=http, **CREDENTIALS).users.delete(f"auth0|{made['_id']}")


def test_auth0_python_manages_users_with_a_token_it_fetches(trusted: ClientTenant, exercise: Exercise) -> None:
    exercise("auth0-python", "Management API: users and roles, synchronous and asynchronous")
    with httpx.Client() as http:
        client = ManagementClient(domain=trusted.domain, httpx_client=http, **CREDENTIALS)
        assert [user.email for user in client.users.list(q=f'email:"{USER}"', search_engine="v3")] == [USER]
        (manager,) = client.roles.list(name_filter="manager")
        assert manager.id is not None
        client.users.roles.assign(person_id(USER), roles=[manager.id])
        assert [role.name for role in client.users.roles.list(person_id(USER))] == ["manager"]
        client.users.roles.delete(person_id(USER), roles=[manager.id])
        assert list(client.users.roles.list(person_id(USER))) == []


async def test_auth0_python_lists_users_asynchronously(trusted: ClientTenant) -> None:
    async with httpx.AsyncClient() as http:
        client = AsyncManagementClient(domain=trusted.domain, httpx_client=http, **CREDENTIALS)
        listed = [user.email async for user in await client.users.list(per_page=2)]
    assert sorted(filter(None, listed)) == sorted(person.email for person in PEOPLE)
