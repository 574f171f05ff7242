"""Organizations with members, roles, connections and invitations."""

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from auth0_devtenant import SPA_CLIENT_ID
from auth0_devtenant.seed import DATABASE, ORGANIZATIONS

from ..visitor import ADMIN, MANAGER, USER, Visitor, query_of, segments

(ACME,) = ORGANIZATIONS
PATH = f"/organizations/{ACME.id}"


async def ids(visitor: Visitor, path: str, name: str) -> list[str]:
    return [each[name] for each in (await visitor.manage("GET", path)).json()]


async def connection_id(visitor: Visitor, name: str) -> str:
    return str((await visitor.manage("GET", f"/connections?name={name}")).json()[0]["id"])


async def test_an_organization_is_created_changed_and_deleted(visitor: Visitor) -> None:
    new = {"name": "globex", "display_name": "Globex", "metadata": {"plan": "pro"}, "branding": {"logo_url": "x"}}
    created = await visitor.manage("POST", "/organizations", new)
    assert created.status_code == 201
    organization = created.json()
    assert organization == new | {"id": organization["id"]}
    assert (await visitor.manage("GET", "/organizations/name/globex")).json() == organization
    change = {"display_name": "G", "metadata": {"tier": "1"}}
    changed = await visitor.manage("PATCH", f"/organizations/{organization['id']}", change)
    assert changed.json() == organization | change
    assert (await visitor.manage("DELETE", f"/organizations/{organization['id']}")).status_code == 204
    assert (await visitor.manage("GET", f"/organizations/{organization['id']}")).status_code == 404


async def test_a_name_belongs_to_one_organization(visitor: Visitor) -> None:
    assert (await visitor.manage("POST", "/organizations", {"name": "acme"})).status_code == 409
    assert (await visitor.manage("PATCH", PATH, {"name": "acme"})).status_code == 200


async def test_members_are_added_and_removed_with_204(visitor: Visitor) -> None:
    assert (await visitor.manage("POST", f"{PATH}/members", {"members": [ADMIN.user_id]})).status_code == 204
    token = (await visitor.redeem(await visitor.code(ADMIN, organization=ACME.id))).json()["access_token"]
    assert segments(token)[1]["org_id"] == ACME.id
    assert (await visitor.manage("DELETE", f"{PATH}/members", {"members": [ADMIN.user_id]})).status_code == 204
    assert await ids(visitor, f"{PATH}/members", "user_id") == [MANAGER.user_id, USER.user_id]
    unknown = await visitor.manage("POST", f"{PATH}/members", {"members": ["auth0|none"]})
    assert (unknown.status_code, unknown.json()["errorCode"]) == (404, "inexistent_user")


async def test_members_are_listed_with_their_roles_on_request(visitor: Visitor) -> None:
    plain = (await visitor.manage("GET", f"{PATH}/members?take=1")).json()
    assert plain["members"][0].keys() == {"user_id", "email", "picture", "name"}
    with_roles = (await visitor.manage("GET", f"{PATH}/members?fields=user_id,roles")).json()
    assert [role["name"] for role in with_roles[0]["roles"]] == ["manager"]
    assert with_roles[0].keys() == {"user_id", "roles"}


async def test_roles_in_an_organization_are_assigned_and_removed(visitor: Visitor) -> None:
    admin = next(role.id for role in visitor.tenant.state.roles.values() if role.name == "admin")
    path = f"{PATH}/members/{quote(USER.user_id)}/roles"
    assert (await visitor.manage("POST", path, {"roles": [admin]})).status_code == 204
    assert admin in await ids(visitor, path, "id")
    members = (await visitor.manage("GET", f"{PATH}/roles/{admin}/members")).json()["members"]
    assert [member["user_id"] for member in members] == [USER.user_id]
    assert (await visitor.manage("DELETE", path, {"roles": [admin]})).status_code == 204
    assert admin not in await ids(visitor, path, "id")
    stranger = await visitor.manage("POST", f"{PATH}/members/{quote(ADMIN.user_id)}/roles", {"roles": [admin]})
    assert (stranger.status_code, ADMIN.user_id in visitor.tenant.state.organizations[ACME.id].members) == (
        404,
        False,
    )


async def test_connections_are_enabled_changed_and_disabled(visitor: Visitor) -> None:
    google = await connection_id(visitor, "google-oauth2")
    path = f"{PATH}/enabled_connections"
    enabled = await visitor.manage("POST", path, {"connection_id": google, "assign_membership_on_login": True})
    assert enabled.status_code == 201
    assert enabled.json() == {
        "connection_id": google,
        "assign_membership_on_login": True,
        "show_as_button": True,
        "is_signup_enabled": False,
        "connection": {"name": "google-oauth2", "strategy": "google-oauth2"},
    }
    assert (await visitor.manage("POST", path, {"connection_id": google})).status_code == 409
    changed = await visitor.manage("PATCH", f"{path}/{google}", {"show_as_button": False})
    assert changed.json() == enabled.json() | {"show_as_button": False}
    assert "google-oauth2" in visitor.tenant.state.organizations[ACME.id].connections
    assert (await visitor.manage("DELETE", f"{path}/{google}")).status_code == 204
    assert (await visitor.manage("GET", f"{path}/{google}")).json()["message"] == "Connection not found"
    left = {await connection_id(visitor, name) for name in (DATABASE, "acme-saml")}
    assert set(await ids(visitor, path, "connection_id")) == left


INVITATION: dict[str, Any] = {
    "inviter": {"name": "Ada"},
    "invitee": {"email": "new@example.com"},
    "client_id": SPA_CLIENT_ID,
}


async def test_an_invitation_has_a_url_of_the_application(visitor: Visitor) -> None:
    created = await visitor.manage("POST", f"{PATH}/invitations", INVITATION | {"ttl_sec": 60})
    invitation = created.json()
    assert created.status_code == 201
    query = parse_qs(urlsplit(invitation["invitation_url"]).query)
    assert query == {
        "invitation": [invitation["ticket_id"]],
        "organization": [ACME.id],
        "organization_name": ["acme"],
    }
    one = f"{PATH}/invitations/{invitation['id']}"
    assert (await visitor.manage("GET", one)).json() == invitation
    visitor.clock.now += 60
    assert (await visitor.manage("GET", one)).status_code == 404
    assert (await visitor.manage("GET", f"{PATH}/invitations")).json() == []


async def test_a_withdrawn_invitation_is_gone(visitor: Visitor) -> None:
    invitation = (await visitor.manage("POST", f"{PATH}/invitations", INVITATION)).json()["id"]
    assert (await visitor.manage("DELETE", f"{PATH}/invitations/{invitation}")).status_code == 204
    assert visitor.tenant.state.invitations == {}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"client_id": "none"}, 404),
        ({"connection_id": "none"}, 404),
        ({"roles": ["none"]}, 404),
        ({"ttl_sec": 0}, 400),
    ],
    ids=repr,
)
async def test_an_impossible_invitation_is_refused(visitor: Visitor, change: dict[str, Any], status: int) -> None:
    assert (await visitor.manage("POST", f"{PATH}/invitations", INVITATION | change)).status_code == status
    assert visitor.tenant.state.invitations == {}


async def test_a_deleted_organization_ends_its_refresh_tokens(visitor: Visitor) -> None:
    tokens = (await visitor.redeem(await visitor.code(USER, organization=ACME.id))).json()
    await visitor.manage("DELETE", PATH)
    assert (await visitor.refresh(tokens["refresh_token"])).status_code == 403
    assert query_of(await visitor.authorize(organization=ACME.id, prompt="none"))["error"] == "invalid_request"
