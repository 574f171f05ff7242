from urllib.parse import quote

import pytest

from auth0_devtenant import Person
from auth0_devtenant.seed import ORGANIZATIONS

from .visitor import ADMIN, MANAGER, USER, Visitor, query_of, segments

(ACME,) = ORGANIZATIONS


def path(person: Person, *more: str) -> str:
    return "/".join(("/users", quote(person.user_id, safe=""), *more))


async def test_sessions_and_refresh_tokens_of_a_user_are_listed_and_deleted(visitor: Visitor) -> None:
    refresh_token = (await visitor.redeem(await visitor.code())).json()["refresh_token"]
    (session,) = (await visitor.manage("GET", path(ADMIN, "sessions"))).json()["sessions"]
    (token,) = (await visitor.manage("GET", path(ADMIN, "refresh-tokens"))).json()["tokens"]
    assert (session["user_id"], token["user_id"]) == (ADMIN.user_id, ADMIN.user_id)
    assert refresh_token not in str(token)
    for kind in ("sessions", "refresh-tokens"):
        assert (await visitor.manage("DELETE", path(MANAGER, kind))).status_code == 202
    assert (await visitor.authorize(prompt="none")).status_code == 302
    assert "code" in query_of(await visitor.authorize(prompt="none")), "another user was logged out"
    for kind in ("sessions", "refresh-tokens"):
        assert (await visitor.manage("DELETE", path(ADMIN, kind))).status_code == 202
    assert query_of(await visitor.authorize(prompt="none"))["error"] == "login_required"
    assert (await visitor.refresh(refresh_token)).status_code == 403


async def test_log_events_are_listed_latest_first(visitor: Visitor) -> None:
    started = await visitor.authorize()
    await visitor.client.post(started.headers["Location"], data={"username": ADMIN.email, "password": "wrong"})
    await visitor.log_in()
    logs = (await visitor.manage("GET", path(ADMIN, "logs"))).json()
    assert [entry["type"] for entry in logs] == ["s", "fp"]
    assert (await visitor.manage("GET", path(MANAGER, "logs"))).json() == []


async def test_users_are_listed_by_checkpoint_to_the_end(visitor: Visitor) -> None:
    first = (await visitor.manage("GET", "/users?take=2")).json()
    second = (await visitor.manage("GET", f"/users?take=2&from={quote(first['next'])}")).json()
    assert [len(first["users"]), len(second["users"])] == [2, 1]
    assert "next" not in second
    answer = await visitor.manage("GET", "/users?take=2&from=%21%21")
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "invalid_query_string")


async def test_only_members_log_in_to_an_organization(visitor: Visitor) -> None:
    token = (await visitor.redeem(await visitor.code(USER, organization=ACME.id))).json()["access_token"]
    assert segments(token)[1]["org_id"] == ACME.id
    assert query_of(await visitor.log_in(ADMIN, organization=ACME.id, prompt="login"))["error"] == "access_denied"


async def test_organizations_and_roles_of_a_member_are_listed(visitor: Visitor) -> None:
    listed = (await visitor.manage("GET", path(USER, "organizations"))).json()
    assert [each["id"] for each in listed] == [ACME.id]
    assert (await visitor.manage("GET", path(ADMIN, "organizations"))).json() == []
    members = f"/organizations/{ACME.id}/members"
    roles = (await visitor.manage("GET", f"{members}/{quote(USER.user_id, safe='')}/roles")).json()
    assert [role["name"] for role in roles] == ["manager"]
    answer = await visitor.manage("GET", "/organizations/org_none/members/x/roles")
    assert (answer.status_code, answer.json()["errorCode"]) == (404, "inexistent_organization")
    assert (await visitor.manage("GET", f"/organizations/{ACME.id}")).status_code == 404


async def test_effective_roles_are_listed_by_checkpoint(visitor: Visitor) -> None:
    answer = (await visitor.manage("GET", path(MANAGER, "effective-roles?take=10"))).json()
    assert [role["name"] for role in answer["roles"]] == ["manager"]


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        ("sessions", "read:sessions"),
        ("refresh-tokens", "read:refresh_tokens"),
        ("organizations", "read:organizations"),
    ],
)
async def test_each_list_needs_its_scope(visitor: Visitor, kind: str, scope: str) -> None:
    answer = await visitor.manage("GET", path(ADMIN, kind), scope="read:users")
    assert (answer.status_code, answer.json()["errorCode"]) == (403, "insufficient_scope")
    assert scope in answer.json()["message"]
