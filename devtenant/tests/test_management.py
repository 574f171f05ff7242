from typing import Any
from urllib.parse import quote

import pytest

from auth0_devtenant.state import Role

from .visitor import ADMIN, MANAGER, USER, Visitor

NEW = {"email": "New@Example.com", "password": "New-password-1!", "connection": "Username-Password-Authentication"}


def path(user_id: str, *more: str) -> str:
    return "/".join(("/users", quote(user_id, safe=""), *more))


async def role_id(visitor: Visitor, name: str) -> str:
    roles = (await visitor.manage("GET", "/roles")).json()
    return str(next(role["id"] for role in roles if role["name"] == name))


async def test_users_are_listed_with_totals_or_as_an_array(visitor: Visitor) -> None:
    totals = (await visitor.manage("GET", "/users?page=1&per_page=2&include_totals=true")).json()
    assert (totals["start"], totals["limit"], totals["length"], totals["total"]) == (2, 2, 1, 3)
    assert [user["user_id"] for user in totals["users"]] == [USER.user_id]
    assert len((await visitor.manage("GET", "/users")).json()) == 3
    beyond = (await visitor.manage("GET", "/users?page=5&per_page=100&include_totals=true")).json()
    assert (beyond["users"], beyond["total"]) == ([], 3)


async def test_pages_end_at_the_thousandth_record(visitor: Visitor) -> None:
    assert (await visitor.manage("GET", "/users?page=9&per_page=100")).status_code == 200
    answer = await visitor.manage("GET", "/users?page=10&per_page=100")
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "invalid_paging")


@pytest.mark.parametrize(
    "query", ["page=-1", "page=x", "per_page=101", "per_page=1.5", "page=" + "9" * 5000, "include_fields=no"]
)
async def test_an_invalid_query_is_refused(visitor: Visitor, query: str) -> None:
    answer = await visitor.manage("GET", f"/users?{query}")
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "invalid_query_string")


@pytest.mark.parametrize(
    "route",
    [path(USER.user_id), f'/users?q=user_id:"{USER.user_id}"', f"/users-by-email?email={USER.email}"],
    ids=["by-id", "list", "by-email"],
)
async def test_fields_select_the_members_of_a_user(visitor: Visitor, route: str) -> None:
    async def members(query: str) -> set[str]:
        found = (await visitor.manage("GET", f"{route}{'&' if '?' in route else '?'}{query}")).json()
        return set(found[0] if isinstance(found, list) else found)

    everything = await members("fields=")
    assert await members("fields=user_id,blocked,email") == {"user_id", "email"}
    assert await members("fields=email&include_fields=true") == {"email"}
    assert await members("fields=email,name,nobody&include_fields=false") == everything - {"email", "name"}


async def test_fields_do_not_change_the_totals(visitor: Visitor) -> None:
    page = (await visitor.manage("GET", "/users?fields=user_id&include_totals=true")).json()
    assert page["total"] == 3
    assert page["users"] == [{"user_id": person.user_id} for person in (ADMIN, MANAGER, USER)]


async def test_a_user_is_found_by_query_and_by_exact_email(visitor: Visitor) -> None:
    found = (await visitor.manage("GET", f'/users?q=email:"{MANAGER.email}"')).json()
    assert [user["user_id"] for user in found] == [MANAGER.user_id]
    assert len((await visitor.manage("GET", f"/users-by-email?email={MANAGER.email}")).json()) == 1
    assert (await visitor.manage("GET", "/users-by-email?email=MANAGER@example.com")).json() == []


async def test_a_user_is_created_changed_and_deleted(visitor: Visitor) -> None:
    created = await visitor.manage("POST", "/users", NEW)
    assert created.status_code == 201
    user = created.json()
    assert (user["email"], user["user_id"][:6]) == ("new@example.com", "auth0|")
    assert "password" not in user
    assert "user_metadata" not in user
    assert (await visitor.manage("GET", path(user["user_id"]))).json() == user
    deleted = await visitor.manage("DELETE", path(user["user_id"]))
    assert (deleted.status_code, deleted.content) == (204, b"")
    gone = await visitor.manage("GET", path(user["user_id"]))
    assert gone.json() == {
        "statusCode": 404,
        "error": "Not Found",
        "message": "The user does not exist.",
        "errorCode": "inexistent_user",
    }
    assert (await visitor.manage("DELETE", path(user["user_id"]))).status_code == 204


async def test_a_second_user_with_an_email_is_a_conflict(visitor: Visitor) -> None:
    answer = await visitor.manage("POST", "/users", NEW | {"email": ADMIN.email.upper()})
    assert answer.status_code == 409
    assert (answer.json()["message"], answer.json()["errorCode"]) == ("The user already exists.", "auth0_idp_error")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"email": "nobody"}, "invalid_body"),
        ({"email": 1}, "invalid_body"),
        ({"password": None}, "invalid_body"),
        ({"unknown": 1}, "invalid_body"),
        ({"user_metadata": []}, "invalid_body"),
        ({"blocked": "yes"}, "invalid_body"),
        ({"password": "weak"}, "invalid_password"),
        ({"connection": "other"}, "inexistent_connection"),
    ],
    ids=repr,
)
async def test_an_invalid_user_is_refused(visitor: Visitor, change: dict[str, Any], code: str) -> None:
    answer = await visitor.manage("POST", "/users", NEW | change)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, code)


async def test_metadata_merges_at_the_first_level(visitor: Visitor) -> None:
    async def patch(metadata: object) -> dict[str, Any]:
        answer = await visitor.manage("PATCH", path(USER.user_id), {"user_metadata": metadata})
        document: dict[str, Any] = answer.json()
        return document

    assert (await patch({"a": {"x": 1}, "b": 2}))["user_metadata"] == {"a": {"x": 1}, "b": 2}
    assert (await patch({"a": {"y": 2}}))["user_metadata"] == {"a": {"y": 2}, "b": 2}
    assert (await patch({"b": None}))["user_metadata"] == {"a": {"y": 2}}
    assert (await patch({}))["user_metadata"] == {}
    assert "user_metadata" not in await patch(None)


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


async def test_an_id_can_contain_an_encoded_slash(visitor: Visitor) -> None:
    answer = await visitor.manage("GET", "/users/auth0%7Ca%2Froles")
    assert answer.json()["message"] == "The user does not exist."
    assert (await visitor.manage("GET", "/users/auth0%7Ca/roles/more")).json()["message"] == "Not Found"


@pytest.mark.parametrize(
    ("method", "route", "scopes"),
    [
        ("GET", "/users", "read:users"),
        ("POST", "/users", "create:users"),
        ("DELETE", "/users/x", "delete:users"),
        ("PATCH", "/users/x", "update:users,update:users_app_metadata"),
        ("GET", "/roles", "read:roles"),
        ("GET", "/keys/signing", "read:signing_keys"),
    ],
)
async def test_a_missing_scope_is_named(visitor: Visitor, method: str, route: str, scopes: str) -> None:
    answer = await visitor.manage(method, route, scope="create:role_members")
    assert answer.json() == {
        "statusCode": 403,
        "error": "Forbidden",
        "message": f"Insufficient scope, expected any of: {scopes}",
        "errorCode": "insufficient_scope",
    }


async def test_a_missing_and_an_invalid_token_get_different_errors(visitor: Visitor) -> None:
    async def ask(authorization: str | None) -> tuple[int, str]:
        headers = {} if authorization is None else {"Authorization": authorization}
        answer = await visitor.client.get("api/v2/users", headers=headers)
        return answer.status_code, answer.json()["message"]

    token = (await visitor.machine()).json()["access_token"]
    user = (await visitor.redeem(await visitor.code())).json()["access_token"]
    assert await ask(None) == (401, "Missing authentication")
    assert await ask("Bearer opaque") == (400, "Bad HTTP authentication header format")
    assert await ask("Bearer a.b.c") == (401, "Invalid token")
    assert await ask(f"Bearer {token[:-4]}AAAA") == (401, "Invalid token")
    status, message = await ask(f"Bearer {user}")
    assert (status, message.startswith("Bad audience:")) == (401, True)
    visitor.clock.now += 86_400
    assert await ask(f"Bearer {token}") == (401, "Expired token received for JSON Web Token validation")


async def test_only_successful_responses_have_rate_limit_headers(visitor: Visitor) -> None:
    good = await visitor.manage("GET", "/users")
    assert int(good.headers["x-ratelimit-reset"]) == int(visitor.clock.now) + 1
    assert "x-ratelimit-limit" not in (await visitor.manage("GET", "/users/none")).headers


async def test_unknown_paths_get_errors_in_auth0s_format(visitor: Visitor) -> None:
    for method, route in (("GET", "/nothing"), ("PUT", "/users/x"), ("GET", "/users/x/nothing"), ("PUT", "/users")):
        answer = await visitor.manage(method, route)
        assert answer.status_code in {404, 405}, route
        assert answer.json().keys() >= {"statusCode", "error", "message"}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff", b'{"a":' * 50_000, b"x" * (2 * 1024 * 1024)], ids=range(7)
)
async def test_a_malformed_body_is_never_a_server_error(visitor: Visitor, content: bytes) -> None:
    token = (await visitor.machine()).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for method, route in (
        ("POST", "users"),
        ("PATCH", path(USER.user_id)[1:]),
        ("POST", path(USER.user_id, "roles")[1:]),
    ):
        answer = await visitor.client.request(method, f"api/v2/{route}", content=content, headers=headers)
        assert 400 <= answer.status_code < 500
        assert answer.json()["statusCode"] == answer.status_code


async def test_a_body_needs_the_content_type_json_or_none(visitor: Visitor) -> None:
    token = (await visitor.machine()).json()["access_token"]
    for kind, status in (("application/json; charset=utf-8", 200), ("", 200), ("text/plain", 415)):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        answer = await visitor.client.patch(f"api/v2{path(USER.user_id)}", content=b'{"name": "N"}', headers=headers)
        assert answer.status_code == status, kind
        assert (answer.json().get("error") == "Unsupported Media Type") is (status == 415)


async def test_a_user_is_created_with_metadata_and_blocked(visitor: Visitor) -> None:
    more = {"blocked": True, "email_verified": True, "app_metadata": {"plan": "pro"}}
    user = (await visitor.manage("POST", "/users", NEW | more)).json()
    assert user == user | more


async def test_a_new_password_replaces_the_old_one(visitor: Visitor) -> None:
    password = "Another-password-1!"
    assert (await visitor.manage("PATCH", path(USER.user_id), {"password": "weak"})).status_code == 400
    assert (await visitor.manage("PATCH", path(USER.user_id), {"password": password})).status_code == 200
    assert (await visitor.log_in(USER)).status_code == 400
    assert (await visitor.log_in(USER.model_copy(update={"password": password}))).status_code == 302


async def test_null_removes_a_member(visitor: Visitor) -> None:
    assert "nickname" not in (await visitor.manage("PATCH", path(USER.user_id), {"nickname": None})).json()
    refused = await visitor.manage("PATCH", path(USER.user_id), {"email": None})
    assert (refused.status_code, refused.json()["errorCode"]) == (400, "invalid_body")


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
