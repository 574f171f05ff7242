"""Auth0's own SDK, unmodified, against every resource of the development tenant's Management API."""

import re
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from auth0.management import Auth0
from auth0.management.core.api_error import ApiError

from auth0_devtenant import MANAGEMENT_CLIENT_ID, MANAGEMENT_CLIENT_SECRET, PEOPLE, SPA_CLIENT_ID
from auth0_devtenant.seed.default import TOKEN_REDIRECT_URI
from support.process import TENANT, free_port, process, wait_for_port

ADMIN, MANAGER, USER = (person.user_id for person in PEOPLE)
DATABASE = "Username-Password-Authentication"
AUDIENCE = "https://orders.example.com/v1"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-long"
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    port = free_port()
    with process(sys.executable, "-c", TENANT, str(port)) as running:
        wait_for_port(port)
        yield f"http://127.0.0.1:{port}/"
        running.terminate()


@pytest.fixture
def sdk(issuer: str) -> Iterator[Auth0]:
    grant = {
        "grant_type": "client_credentials",
        "client_id": MANAGEMENT_CLIENT_ID,
        "client_secret": MANAGEMENT_CLIENT_SECRET,
        "audience": f"{issuer}api/v2/",
    }
    token = httpx.post(f"{issuer}oauth/token", json=grant).raise_for_status().json()["access_token"]
    with httpx.Client(trust_env=False) as client:
        yield Auth0(base_url=f"{issuer}api/v2", token=token, httpx_client=client)


def status_of(call: Any, *args: Any, **kwargs: Any) -> int | None:  # noqa: ANN401 - any method of the SDK
    with pytest.raises(ApiError) as refused:
        call(*args, **kwargs)
    return refused.value.status_code


def log_in(browser: httpx.Client, issuer: str, user_id: str) -> None:
    """Log in as that person with offline_access."""
    person = next(each for each in PEOPLE if each.user_id == user_id)
    parameters = {
        "response_type": "code",
        "client_id": SPA_CLIENT_ID,
        "redirect_uri": TOKEN_REDIRECT_URI,
        "audience": "https://api.example.com",
        "scope": "openid offline_access",
        "code_challenge_method": "S256",
        "code_challenge": CHALLENGE,
    }
    started = browser.get(f"{issuer}authorize", params=parameters)
    form = {"username": person.email, "password": person.password}
    done = browser.post(str(started.next_request and started.next_request.url), data=form)
    grant = {
        "grant_type": "authorization_code",
        "client_id": SPA_CLIENT_ID,
        "redirect_uri": TOKEN_REDIRECT_URI,
        "code": parse_qs(urlsplit(done.headers["Location"]).query)["code"][0],
        "code_verifier": VERIFIER,
    }
    assert "refresh_token" in browser.post(f"{issuer}oauth/token", data=grant).raise_for_status().json()


def test_a_search_finds_what_it_says_and_nothing_else(sdk: Auth0) -> None:
    found = [
        user.user_id for user in sdk.users.list(q='name:ada* AND email.domain:"example.com"', search_engine="v3")
    ]
    assert found == [ADMIN]
    names = [user.name for user in sdk.users.list(sort="name:-1", fields="name", include_fields=True)]
    assert names == sorted(names, key=str, reverse=True)
    assert status_of(lambda: list(sdk.users.list(q="name:("))) == 400


def test_identities_are_linked_and_unlinked(sdk: Auth0) -> None:
    main, other = (
        sdk.users.create(email=f"{name}@link.example", password="Link-password-1!", connection=DATABASE)
        for name in ("main", "other")
    )
    assert main.user_id is not None
    assert other.user_id is not None
    provider, _, identity = other.user_id.partition("|")
    linked = sdk.users.identities.link(main.user_id, provider="auth0", user_id=identity)
    assert [each.user_id for each in linked][1:] == [identity]
    assert status_of(sdk.users.get, other.user_id) == 404
    sdk.users.identities.delete(main.user_id, "auth0", identity)
    assert sdk.users.get(other.user_id).email == "other@link.example"
    assert provider == "auth0"


def test_roles_and_their_permissions_are_written(sdk: Auth0) -> None:
    role = sdk.roles.create(name="editor", description="Edits")
    assert role.id is not None
    permission = {"resource_server_identifier": "https://api.example.com", "permission_name": "write:data"}
    sdk.roles.permissions.add(role.id, permissions=[permission])
    assert [each.permission_name for each in sdk.roles.permissions.list(role.id)] == ["write:data"]
    sdk.roles.users.assign(role.id, users=[USER])
    assert [each.permission_name for each in sdk.users.permissions.list(USER)] == ["write:data"]
    sdk.roles.permissions.delete(role.id, permissions=[permission])
    sdk.users.permissions.create(USER, permissions=[permission])
    sources = [each.model_dump()["sources"] for each in sdk.users.permissions.list(USER)]
    assert [[source["source_type"] for source in each] for each in sources] == [["DIRECT"]]
    sdk.users.permissions.delete(USER, permissions=[permission])
    assert sdk.roles.update(role.id, name="author").name == "author"
    sdk.roles.delete(role.id)
    assert list(sdk.users.roles.list(USER)) == []
    assert status_of(sdk.roles.get, role.id) == 404


def test_organizations_have_members_roles_connections_and_invitations(sdk: Auth0) -> None:
    organization = sdk.organizations.create(name="globex", display_name="Globex", metadata={"plan": "pro"})
    assert organization.id is not None
    assert sdk.organizations.get_by_name("globex").id == organization.id
    sdk.organizations.members.create(organization.id, members=[USER, ADMIN])
    manager = next(role.id for role in sdk.roles.list() if role.name == "manager")
    assert manager is not None
    sdk.organizations.members.roles.assign(organization.id, USER, roles=[manager])
    assert [role.id for role in sdk.organizations.members.roles.list(organization.id, USER)] == [manager]
    assert [each.user_id for each in sdk.organizations.members.list(organization.id)] == [USER, ADMIN]
    (database,) = sdk.connections.list(name=DATABASE)
    assert database.id is not None
    enabled = sdk.organizations.enabled_connections
    enabled.add(organization.id, connection_id=database.id, assign_membership_on_login=True)
    assert enabled.get(organization.id, database.id).assign_membership_on_login is True
    assert enabled.update(organization.id, database.id, show_as_button=False).show_as_button is False
    assert [each.connection_id for each in enabled.list(organization.id)] == [database.id]
    invitation = sdk.organizations.invitations.create(
        organization.id, inviter={"name": "Ada"}, invitee={"email": "new@globex.example"}, client_id=SPA_CLIENT_ID
    )
    assert invitation.id is not None
    assert re.search(rf"\?invitation=\S+&organization={organization.id}", str(invitation.invitation_url))
    assert [each.id for each in sdk.organizations.invitations.list(organization.id)] == [invitation.id]
    sdk.organizations.invitations.delete(organization.id, invitation.id)
    enabled.delete(organization.id, database.id)
    sdk.organizations.members.roles.delete(organization.id, USER, roles=[manager])
    sdk.organizations.members.delete(organization.id, members=[ADMIN])
    assert [each.name for each in sdk.users.organizations.list(USER)] == ["acme", "globex"]
    assert sdk.organizations.update(organization.id, display_name="Globex Inc.").display_name == "Globex Inc."
    assert "globex" in [each.name for each in sdk.organizations.list()]
    sdk.organizations.delete(organization.id)
    assert status_of(sdk.organizations.get, organization.id) == 404


def test_apis_clients_and_their_grants_are_written(sdk: Auth0, issuer: str) -> None:
    scopes = [{"value": "read:orders", "description": "Read orders"}]
    api = sdk.resource_servers.create(
        name="Orders", identifier=AUDIENCE, scopes=scopes, token_dialect="rfc9068_profile"
    )
    assert api.id is not None
    assert sdk.resource_servers.get(AUDIENCE).id == api.id
    assert sdk.resource_servers.update(api.id, token_lifetime=600).token_lifetime == 600
    client = sdk.clients.create(name="Worker", app_type="non_interactive")
    assert client.client_id is not None
    grant = sdk.client_grants.create(client_id=client.client_id, audience=AUDIENCE, scope=["read:orders"])
    assert grant.id is not None
    secret = sdk.clients.rotate_secret(client.client_id).client_secret
    assert secret not in {None, client.client_secret}
    request = {"grant_type": "client_credentials", "client_id": client.client_id, "audience": AUDIENCE}
    answer = httpx.post(f"{issuer}oauth/token", json=request | {"client_secret": secret}).json()
    assert (answer["scope"], answer["expires_in"]) == ("read:orders", 600)
    assert [each.id for each in sdk.client_grants.list(client_id=client.client_id)] == [grant.id]
    assert sdk.client_grants.update(grant.id, scope=[]).scope == []
    assert sdk.clients.update(client.client_id, description="Works").description == "Works"
    assert "Worker" in [each.name for each in sdk.clients.list()]
    sdk.resource_servers.delete(api.id)
    assert status_of(sdk.client_grants.get, grant.id) == 404
    sdk.clients.delete(client.client_id)
    assert status_of(sdk.clients.get, client.client_id) == 404


def test_connections_are_written_with_their_users(sdk: Auth0) -> None:
    connection = sdk.connections.create(
        name="Second-Database", strategy="auth0", options={"passwordPolicy": "none", "requires_username": True}
    )
    assert connection.id is not None
    sdk.connections.clients.update(connection.id, request=[{"client_id": SPA_CLIENT_ID, "status": True}])
    assert [each.client_id for each in sdk.connections.clients.get(connection.id)] == [SPA_CLIENT_ID]
    user = sdk.users.create(
        email="second@example.com", username="second", password="weak", connection="Second-Database"
    )
    assert user.user_id is not None
    assert [each.user_id for each in sdk.users.list(q="username:second")] == [user.user_id]
    assert "Second-Database" in [each.name for each in sdk.connections.list(strategy=["auth0"])]
    assert sdk.connections.update(connection.id, display_name="Second").display_name == "Second"
    sdk.connections.delete(connection.id)
    assert status_of(sdk.users.get, user.user_id) == 404
    assert status_of(sdk.connections.get, connection.id) == 404


def test_tickets_logs_settings_and_grants_are_served(sdk: Auth0, issuer: str) -> None:
    verification = sdk.tickets.verify_email(user_id=USER)
    change = sdk.tickets.change_password(user_id=USER)
    assert [str(each.ticket).startswith(issuer) for each in (verification, change)] == [True, True]
    assert list(sdk.logs.list(search="type:fp")) == []
    assert sdk.tenants.settings.update(friendly_name="Shop").friendly_name == "Shop"
    assert sdk.tenants.settings.get().friendly_name == "Shop"
    assert list(sdk.user_grants.list(user_id=USER)) == []
    sdk.user_grants.delete_by_user_id(user_id=USER)
    assert status_of(sdk.user_grants.delete, "none") == 404


def test_sessions_and_refresh_tokens_are_served_by_id(sdk: Auth0, issuer: str) -> None:
    with httpx.Client(trust_env=False) as browser:
        log_in(browser, issuer, MANAGER)
    (session,) = sdk.users.sessions.list(MANAGER)
    (token,) = sdk.users.refresh_token.list(MANAGER)
    assert session.id is not None
    assert token.id is not None
    assert sdk.sessions.get(session.id).user_id == MANAGER
    assert sdk.refresh_tokens.get(token.id).session_id == session.id
    assert [each.id for each in sdk.refresh_tokens.list(user_id=MANAGER)] == [token.id]
    sdk.sessions.revoke(session.id)
    assert status_of(sdk.sessions.get, session.id) == 404
    assert status_of(sdk.refresh_tokens.get, token.id) == 404


def test_what_the_tenant_lacks_is_a_404_that_says_so(sdk: Auth0) -> None:
    with pytest.raises(ApiError) as refused:
        sdk.branding.get()
    assert refused.value.status_code == 404
    assert "this development tenant does not" in str(refused.value.body)
