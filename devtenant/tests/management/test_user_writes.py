"""Creating and updating users of each kind of connection, and deleting them with what refers to them."""

from typing import Any
from urllib.parse import quote

import pytest

from auth0_devtenant.seed import DATABASE, ORGANIZATIONS
from auth0_devtenant.state import Connection

from ..visitor import ADMIN, MANAGER, USER, Visitor, query_of

(ACME,) = ORGANIZATIONS
PASSWORD = "New-password-1!"


def path(user_id: str, *more: str) -> str:
    return "/".join(("/users", quote(user_id, safe=""), *more))


async def create(visitor: Visitor, **members: object) -> dict[str, Any]:
    answer = await visitor.manage("POST", "/users", members)
    document: dict[str, Any] = answer.json()
    return document


async def test_a_passwordless_user_needs_no_password(visitor: Visitor) -> None:
    user = await create(visitor, connection="email", email="New@example.com", given_name="New")
    assert user["user_id"].startswith("email|")
    assert user["identities"][0] == {
        "connection": "email",
        "user_id": user["user_id"].removeprefix("email|"),
        "provider": "email",
        "isSocial": False,
    }
    assert (user["email"], user["given_name"]) == ("new@example.com", "New")


async def test_a_user_by_phone_has_no_email(visitor: Visitor) -> None:
    visitor.tenant.state.connections["con_sms"] = Connection("con_sms", "sms", "sms", "")
    user = await create(visitor, connection="sms", phone_number="+15551234567", phone_verified=True)
    assert (user["phone_number"], user["name"]) == ("+15551234567", "+15551234567")
    assert "email" not in user
    listed = (await visitor.manage("GET", "/users-by-email?email=ada@example.com")).json()
    assert listed == []


async def test_users_of_identity_providers_are_not_created_here(visitor: Visitor) -> None:
    refused = await create(visitor, connection="google-oauth2", email="g@example.com")
    assert refused["statusCode"] == 400
    assert "created by their login" in refused["message"]


async def test_a_username_needs_a_connection_that_requires_one(visitor: Visitor) -> None:
    new = {"connection": DATABASE, "email": "n@example.com", "password": PASSWORD}
    refused = await create(visitor, **new, username="nina")
    assert refused["message"] == "Cannot set username for connection without requires_username"
    database = visitor.tenant.connection(DATABASE)
    assert database is not None
    database.settings["options"] = {"requires_username": True}
    assert (await create(visitor, **new))["message"].endswith("'Missing required property: username'.")
    assert (await create(visitor, **new, username="nina"))["username"] == "nina"
    second = new | {"email": "other@example.com", "username": "nina"}
    assert (await create(visitor, **second))["message"] == "The user already exists."


@pytest.mark.parametrize(
    ("policy", "password", "accepted"),
    [
        ("none", "x", True),
        ("low", "short", False),
        ("low", "longer", True),
        ("fair", "password1", False),
        ("fair", "Password1", True),
        ("good", "password1", False),
        ("excellent", "Passwooord1!", False),
        ("excellent", "Password-1!", True),
    ],
)
async def test_the_connections_password_policy_is_applied(
    visitor: Visitor, policy: str, password: str, accepted: bool
) -> None:
    database = visitor.tenant.connection(DATABASE)
    assert database is not None
    database.settings["options"] = {"passwordPolicy": policy}
    user = await create(visitor, connection=DATABASE, email="n@example.com", password=password)
    assert ("user_id" in user) is accepted
    assert accepted or user["message"] == "PasswordStrengthError: Password is too weak"


async def test_email_and_password_are_not_changed_together(visitor: Visitor) -> None:
    change = {"email": "new@example.com", "password": PASSWORD}
    refused = await visitor.manage("PATCH", path(USER.user_id), change)
    assert refused.json()["message"] == "Cannot update email and password simultaneously"
    assert (await visitor.manage("GET", path(USER.user_id))).json()["email"] == USER.email


async def test_a_taken_email_is_refused_and_a_new_one_unverified(visitor: Visitor) -> None:
    taken = await visitor.manage("PATCH", path(USER.user_id), {"email": ADMIN.email.upper()})
    assert (taken.status_code, taken.json()["message"]) == (400, "The specified new email already exists")
    changed = (await visitor.manage("PATCH", path(USER.user_id), {"email": "Fresh@Example.com"})).json()
    assert (changed["email"], changed["email_verified"]) == ("fresh@example.com", False)


async def test_what_an_identity_provider_sets_cannot_be_changed(visitor: Visitor) -> None:
    visitor.tenant.add_user("google-oauth2|1", "g@example.com", "", connection="google-oauth2")
    refused = await visitor.manage("PATCH", path("google-oauth2|1"), {"name": "G", "blocked": True})
    assert (refused.status_code, refused.json()["errorCode"]) == (400, "operation_not_supported")
    assert refused.json()["message"].startswith(
        "The following user attributes cannot be updated: name. The connection"
    )
    assert (await visitor.manage("PATCH", path("google-oauth2|1"), {"blocked": True})).json()["blocked"] is True


async def test_an_unknown_connection_of_an_update_is_refused(visitor: Visitor) -> None:
    for name, code in (("other", "inexistent_connection"), ("email", "operation_not_supported")):
        refused = await visitor.manage("PATCH", path(USER.user_id), {"connection": name, "password": PASSWORD})
        assert (refused.status_code, refused.json()["errorCode"]) == (400, code)


async def test_a_deleted_user_leaves_sessions_organizations_and_roles(visitor: Visitor) -> None:
    tokens = (await visitor.redeem(await visitor.code(MANAGER))).json()
    await visitor.manage("DELETE", path(MANAGER.user_id))
    assert query_of(await visitor.authorize(prompt="none"))["error"] == "login_required"
    members = (await visitor.manage("GET", f"/organizations/{ACME.id}/members")).json()
    assert [member["user_id"] for member in members] == [USER.user_id]
    refused = await visitor.refresh(tokens["refresh_token"])
    assert "doesn't exist anymore" in refused.json()["error_description"]


async def test_a_new_user_with_an_old_id_inherits_no_refresh_token(visitor: Visitor) -> None:
    tokens = (await visitor.redeem(await visitor.code(USER))).json()
    await visitor.manage("DELETE", path(USER.user_id))
    identity = USER.user_id.removeprefix("auth0|")
    new = await create(visitor, connection=DATABASE, email=USER.email, password=PASSWORD, user_id=identity)
    assert new["user_id"] == USER.user_id
    assert (await visitor.refresh(tokens["refresh_token"])).status_code == 403


async def test_identities_are_linked_and_released_again(visitor: Visitor) -> None:
    await visitor.manage("PATCH", path(USER.user_id), {"user_metadata": {"theme": "dark"}})
    link = {"provider": "auth0", "user_id": USER.user_id}
    linked = await visitor.manage("POST", path(ADMIN.user_id, "identities"), link)
    assert (linked.status_code, len(linked.json())) == (201, 2)
    assert linked.json()[1]["profileData"]["email"] == USER.email
    assert (await visitor.manage("GET", path(USER.user_id))).status_code == 404
    taken = await create(visitor, connection=DATABASE, email=USER.email, password=PASSWORD)
    assert taken["message"] == "The user already exists."
    identity = USER.user_id.removeprefix("auth0|")
    released = await visitor.manage("DELETE", path(ADMIN.user_id, "identities", "auth0", identity))
    assert (released.status_code, len(released.json())) == (200, 1)
    again = (await visitor.manage("GET", path(USER.user_id))).json()
    assert again["email"] == USER.email
    assert "user_metadata" not in again


async def test_impossible_links_are_refused(visitor: Visitor) -> None:
    async def link(user_id: str) -> int:
        body = {"provider": "auth0", "user_id": user_id}
        return (await visitor.manage("POST", path(ADMIN.user_id, "identities"), body)).status_code

    assert [await link(ADMIN.user_id), await link("none")] == [400, 404]
    identity = ADMIN.user_id.removeprefix("auth0|")
    main = await visitor.manage("DELETE", path(ADMIN.user_id, "identities", "auth0", identity))
    assert (main.status_code, main.json()["message"]) == (400, "Main identity can't be removed")
    assert (await visitor.manage("DELETE", path(ADMIN.user_id, "identities", "auth0", "x"))).status_code == 404
