"""Roles and permissions, written and read."""

from typing import Any
from urllib.parse import quote

from auth0_devtenant.seed import ORGANIZATIONS

from ..visitor import MANAGER, USER, Visitor, segments

(ACME,) = ORGANIZATIONS
API = "https://api.example.com"


def permissions(*names: str, api: str = API) -> dict[str, Any]:
    return {"permissions": [{"resource_server_identifier": api, "permission_name": name} for name in names]}


async def new_role(visitor: Visitor, name: str = "editor") -> str:
    return str((await visitor.manage("POST", "/roles", {"name": name})).json()["id"])


async def test_a_role_is_created_changed_and_deleted(visitor: Visitor) -> None:
    created = await visitor.manage("POST", "/roles", {"name": "editor", "description": "Edits"})
    assert created.status_code == 200
    role = created.json()
    assert role == {"id": role["id"], "name": "editor", "description": "Edits"}
    changed = await visitor.manage("PATCH", f"/roles/{role['id']}", {"description": "Writes"})
    assert changed.json() == role | {"description": "Writes"}
    deleted = await visitor.manage("DELETE", f"/roles/{role['id']}")
    assert (deleted.status_code, deleted.json()) == (200, {})
    assert (await visitor.manage("GET", f"/roles/{role['id']}")).status_code == 404


async def test_a_name_belongs_to_one_role(visitor: Visitor) -> None:
    assert (await visitor.manage("POST", "/roles", {"name": "admin"})).status_code == 409
    editor = await new_role(visitor)
    assert (await visitor.manage("PATCH", f"/roles/{editor}", {"name": "admin"})).status_code == 409
    assert (await visitor.manage("PATCH", f"/roles/{editor}", {"name": "editor"})).status_code == 200


async def test_roles_are_filtered_by_name_in_any_case(visitor: Visitor) -> None:
    listed = (await visitor.manage("GET", "/roles?name_filter=ADM&include_totals=true")).json()
    assert [role["name"] for role in listed["roles"]] == ["admin"]
    assert listed.keys() == {"roles", "start", "limit", "total"}


async def test_permissions_of_a_role_reach_the_token(visitor: Visitor) -> None:
    role = await new_role(visitor)
    added = await visitor.manage("POST", f"/roles/{role}/permissions", permissions("write:data"))
    assert (added.status_code, added.json()) == (201, {})
    assigned = await visitor.manage("POST", f"/roles/{role}/users", {"users": [USER.user_id]})
    assert (assigned.status_code, assigned.json()) == (200, {})
    token = (await visitor.redeem(await visitor.code(USER))).json()["access_token"]
    assert segments(token)[1]["permissions"] == ["write:data"]
    listed = (await visitor.manage("GET", f"/roles/{role}/permissions")).json()
    assert listed == [
        {
            "permission_name": "write:data",
            "description": "Write data",
            "resource_server_name": "API",
            "resource_server_identifier": API,
        }
    ]
    removed = await visitor.manage("DELETE", f"/roles/{role}/permissions", permissions("write:data"))
    assert (removed.status_code, removed.content) == (204, b"")
    assert (await visitor.manage("GET", f"/roles/{role}/permissions")).json() == []


async def test_an_unknown_permission_is_a_404(visitor: Visitor) -> None:
    role = await new_role(visitor)
    for body in (permissions("read:nothing"), permissions("read:data", api="https://none.example.com")):
        refused = await visitor.manage("POST", f"/roles/{role}/permissions", body)
        assert (refused.status_code, refused.json()["errorCode"]) == (404, "inexistent_resource_server_permission")


async def test_permissions_assigned_directly_name_their_source(visitor: Visitor) -> None:
    path = f"/users/{quote(MANAGER.user_id)}/permissions"
    given = await visitor.manage("POST", path, permissions("read:data"))
    assert (given.status_code, given.json()) == (201, {})
    (permission,) = (await visitor.manage("GET", path)).json()
    assert [source["source_type"] for source in permission["sources"]] == ["DIRECT", "ROLE"]
    assert (await visitor.manage("DELETE", path, permissions("read:data"))).status_code == 204
    (permission,) = (await visitor.manage("GET", path)).json()
    assert [source["source_name"] for source in permission["sources"]] == ["manager"]


async def test_a_deleted_role_leaves_users_and_members(visitor: Visitor) -> None:
    roles = {role["name"]: role["id"] for role in (await visitor.manage("GET", "/roles")).json()}
    await visitor.manage("DELETE", f"/roles/{roles['manager']}")
    user = visitor.tenant.state.users[MANAGER.user_id]
    assert roles["manager"] not in user.role_ids
    assert visitor.tenant.state.organizations[ACME.id].members[MANAGER.user_id] == ()
