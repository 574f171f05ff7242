"""The roles of a user."""

from urllib.parse import quote

import pytest

from auth0_devtenant.state import Role

from ..visitor import MANAGER, USER, Visitor


def path(user_id: str, *more: str) -> str:
    return "/".join(("/users", quote(user_id, safe=""), *more))


async def role_id(visitor: Visitor, name: str) -> str:
    roles = (await visitor.manage("GET", "/roles")).json()
    return str(next(role["id"] for role in roles if role["name"] == name))


async def test_roles_are_assigned_and_removed_with_204(visitor: Visitor) -> None:
    roles = {"roles": [await role_id(visitor, "manager")]}
    given = await visitor.manage("POST", path(USER.user_id, "roles"), roles)
    assert (given.status_code, given.content) == (204, b"")
    listed = (await visitor.manage("GET", f"{path(USER.user_id, 'roles')}?include_totals=true")).json()
    assert listed.keys() == {"roles", "start", "limit", "total"}
    assert [role["name"] for role in listed["roles"]] == ["manager"]
    permitted = (await visitor.manage("GET", path(USER.user_id, "permissions"))).json()
    assert [permission["permission_name"] for permission in permitted] == ["read:data"]
    members = (await visitor.manage("GET", f"/roles/{roles['roles'][0]}/users")).json()
    assert {member["user_id"] for member in members} == {MANAGER.user_id, USER.user_id}
    taken = await visitor.manage("DELETE", path(USER.user_id, "roles"), roles)
    assert taken.status_code == 204
    assert (await visitor.manage("GET", path(USER.user_id, "roles"))).json() == []


@pytest.mark.parametrize("roles", [None, [], "rol_1", [1], [""]], ids=repr)
async def test_invalid_role_lists_are_refused(visitor: Visitor, roles: object) -> None:
    answer = await visitor.manage("POST", path(USER.user_id, "roles"), {"roles": roles})
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "invalid_body")


async def test_an_unknown_role_has_no_error_code(visitor: Visitor) -> None:
    answer = await visitor.manage("POST", path(USER.user_id, "roles"), {"roles": ["rol_none"]})
    assert answer.json() == {"statusCode": 404, "error": "Not Found", "message": "The role does not exist."}


async def test_a_role_is_shown_by_id(visitor: Visitor) -> None:
    manager = await role_id(visitor, "manager")
    assert (await visitor.manage("GET", f"/roles/{manager}")).json()["name"] == "manager"
    assert (await visitor.manage("GET", "/roles/rol_none")).status_code == 404


async def test_a_user_has_fifty_roles_at_most(visitor: Visitor) -> None:
    visitor.tenant.state.roles |= {
        f"rol_{number}": Role(f"rol_{number}", str(number), "", ()) for number in range(51)
    }
    for count, status in ((51, 400), (50, 204)):
        assigned = {"roles": [f"rol_{number}" for number in range(count)]}
        assert (await visitor.manage("POST", path(USER.user_id, "roles"), assigned)).status_code == status
