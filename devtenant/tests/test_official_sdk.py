"""auth0-python, Auth0's own SDK, against a tenant that is served: its classes are used as they are."""

from collections.abc import Iterator

import httpx
import pytest
from auth0.authentication import Database, GetToken, Passwordless, RevokeToken, Users
from auth0.authentication.exceptions import Auth0Error

from auth0_devtenant import MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET, ORGANIZATIONS, WEB_CLIENT_ID, WEB_CLIENT_SECRET
from auth0_devtenant.seed import DATABASE

from .command import Served, served
from .visitor import ADMIN, segments

API = "https://api.example.com"


@pytest.fixture(scope="module")
def tenant() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture
def domain(tenant: Served) -> str:
    return tenant.issuer.removeprefix("http://").removesuffix("/")


@pytest.fixture
def get_token(domain: str) -> GetToken:
    return GetToken(domain, WEB_CLIENT_ID, WEB_CLIENT_SECRET, protocol="http")


def test_a_password_logs_in_and_the_refresh_token_can_be_revoked(domain: str, get_token: GetToken) -> None:
    issued = get_token.login(ADMIN.email, ADMIN.password, "openid offline_access read:data", DATABASE, API)
    assert segments(issued["access_token"])[1]["sub"] == ADMIN.user_id
    renewed = get_token.refresh_token(issued["refresh_token"], scope="openid")
    assert renewed["scope"] == "openid offline_access"
    revoke = RevokeToken(domain, WEB_CLIENT_ID, WEB_CLIENT_SECRET, protocol="http")
    revoke.revoke_refresh_token(renewed["refresh_token"])
    with pytest.raises(Auth0Error, match="Unknown or invalid refresh token"):
        get_token.refresh_token(renewed["refresh_token"])


def test_a_wrong_password_is_an_invalid_grant(get_token: GetToken) -> None:
    with pytest.raises(Auth0Error) as caught:
        get_token.login(ADMIN.email, "wrong", "openid", DATABASE, API)
    assert (caught.value.status_code, caught.value.error_code) == (403, "invalid_grant")


def test_a_machine_gets_a_token_for_an_organization(domain: str) -> None:
    machine = GetToken(domain, MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET, protocol="http")
    claims = segments(machine.client_credentials(API, organization=ORGANIZATIONS[0].name)["access_token"])[1]
    assert claims["org_id"] == ORGANIZATIONS[0].id
    assert "org_id" not in segments(machine.client_credentials(API)["access_token"])[1]


def test_a_new_user_signs_up_logs_in_and_asks_for_another_password(domain: str, get_token: GetToken) -> None:
    database = Database(domain, WEB_CLIENT_ID, protocol="http")
    created = database.signup("signed-up@example.com", "New-password-1", DATABASE, given_name="Nia")
    assert (created["email"], created["given_name"]) == ("signed-up@example.com", "Nia")
    issued = get_token.login("signed-up@example.com", "New-password-1", "openid email", DATABASE)
    profile = Users(domain, protocol="http").userinfo(issued["access_token"])
    assert (profile["email"], profile["email_verified"]) == ("signed-up@example.com", False)
    assert "an email to reset your password" in database.change_password("signed-up@example.com", DATABASE)
    with pytest.raises(Auth0Error) as caught:
        database.signup("signed-up@example.com", "New-password-1", DATABASE)
    assert (caught.value.status_code, caught.value.error_code) == (400, "invalid_signup")


def test_a_code_from_the_mailbox_logs_in(tenant: Served, domain: str, get_token: GetToken) -> None:
    Passwordless(domain, WEB_CLIENT_ID, WEB_CLIENT_SECRET, protocol="http").email("pat@example.com", send="code")
    mailbox = httpx.get(f"{tenant.issuer}_development/mailbox", params={"to": "pat@example.com"}).json()
    issued = get_token.passwordless_login("pat@example.com", mailbox[0]["code"], "email", "openid email", API)
    assert segments(issued["id_token"])[1]["email"] == "pat@example.com"
