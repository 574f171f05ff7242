"""The tenant under control: time, snapshots, keys, sessions, people and tokens."""

import httpx
import pytest

from auth0_devtenant import MACHINE_CLIENT_ID, PEOPLE
from auth0_devtenant.seed import ORGANIZATIONS

from ..visitor import ADMIN, MANAGER, USER, Visitor, segments


async def post(visitor: Visitor, path: str, json: object = None) -> httpx.Response:
    answer = await visitor.client.post(f"_development/{path}", json={} if json is None else json)
    assert answer.status_code in {200, 204}, answer.text
    return answer


async def test_the_clock_moves_by_seconds_and_to_a_time(visitor: Visitor) -> None:
    start = visitor.clock.wall()
    assert (await post(visitor, "clock", {"advance": 90_000})).json() == {"now": start + 90_000, "offset": 90_000}
    assert (await post(visitor, "clock", {"now": 2_000_000_000})).json()["now"] == 2_000_000_000
    _, claims = segments((await visitor.machine()).json()["access_token"])
    assert claims["iat"] == 2_000_000_000
    await post(visitor, "reset")
    assert (await visitor.client.get("_development/clock")).json() == {"now": start, "offset": 0}


@pytest.mark.parametrize(
    "body", [{"advance": "x"}, {"advance": 1e300}, {"advance": "nan"}, {"now": -1}, {"then": 1}, []]
)
async def test_a_wrong_clock_is_refused_and_changes_nothing(visitor: Visitor, body: object) -> None:
    answer = await visitor.client.post("_development/clock", json=body)
    assert (answer.status_code, answer.json()["statusCode"]) == (400, 400)
    assert visitor.tenant.state.clock_offset == 0


async def test_a_snapshot_takes_back_what_came_after_it(visitor: Visitor) -> None:
    await visitor.client.put("_development/snapshots/full")
    path = f"/users/{USER.user_id.replace('|', '%7C')}"
    assert (await visitor.manage("DELETE", path)).status_code == 204
    assert (await visitor.manage("GET", path)).status_code == 404
    await post(visitor, "snapshots/full/restore")
    assert (await visitor.manage("GET", path)).status_code == 200
    assert (await visitor.client.get("_development/snapshots")).json() == ["full"]
    await visitor.client.delete("_development/snapshots/full")
    assert (await visitor.client.post("_development/snapshots/full/restore")).status_code == 404


async def test_an_exported_state_can_be_imported(visitor: Visitor) -> None:
    refresh_token = (await visitor.redeem(await visitor.code())).json()["refresh_token"]
    exported = (await visitor.client.get("_development/state")).content
    await post(visitor, "reset")
    headers = {"Content-Type": "application/json"}
    answer = await visitor.client.put("_development/state", content=exported, headers=headers)
    assert answer.status_code == 204
    assert (await visitor.refresh(refresh_token)).status_code == 200
    assert (await visitor.client.put("_development/state", json={"keys": 1})).status_code == 400
    assert (await visitor.machine()).status_code == 200


async def test_a_rotated_key_signs_and_a_revoked_one_is_gone(visitor: Visitor) -> None:
    before = (await visitor.machine()).json()["access_token"]
    kid = (await post(visitor, "keys/rotate")).json()["kid"]
    after = (await visitor.machine()).json()["access_token"]
    assert segments(after)[0]["kid"] == kid
    assert await visitor.key_that_verifies(before) is not None
    assert (await post(visitor, "keys/revoke")).json()["revoked"] == [segments(before)[0]["kid"]]
    assert await visitor.key_that_verifies(before) is None
    assert await visitor.key_that_verifies(after) == kid


@pytest.mark.parametrize(("who", "status"), [({"email": ADMIN.email}, 403), ({"email": USER.email}, 200), ({}, 403)])
async def test_revoked_sessions_end_refresh_tokens_of_that_user(
    visitor: Visitor, who: dict[str, str], status: int
) -> None:
    refresh_token = (await visitor.redeem(await visitor.code(ADMIN))).json()["refresh_token"]
    await post(visitor, "sessions/revoke", who)
    assert (await visitor.refresh(refresh_token)).status_code == status
    assert len(visitor.tenant.state.sessions) == (status == 200)


async def test_people_are_listed_with_what_is_needed_to_log_in(visitor: Visitor) -> None:
    people = (await visitor.client.get("_development/people")).json()
    assert [(each["email"], each["password"], each["roles"]) for each in people] == [
        (person.email, person.password, list(person.roles)) for person in PEOPLE
    ]


@pytest.mark.parametrize("user", [MANAGER.email, MANAGER.user_id])
async def test_a_token_is_made_as_a_login_would(visitor: Visitor, user: str) -> None:
    made = (await post(visitor, "tokens", {"user": user, "organization": "acme"})).json()
    _, claims = segments(made["access_token"])
    assert claims["sub"] == MANAGER.user_id
    assert claims["permissions"] == ["read:data"]
    assert claims["org_id"] == ORGANIZATIONS[0].id
    assert claims["scope"].split() == ["openid", "profile", "email", "read:data"]
    assert await visitor.key_that_verifies(made["access_token"]) is not None


async def test_a_machine_token_is_made_without_a_user(visitor: Visitor) -> None:
    made = (await post(visitor, "tokens", {"scope": "read:data"})).json()
    _, claims = segments(made["access_token"])
    assert (claims["sub"], claims["scope"]) == (f"{MACHINE_CLIENT_ID}@clients", "read:data")


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"user": "nobody@example.com"}, 404, "The user does not exist."),
        ({"audience": "https://unknown.example.com"}, 400, "Service not found"),
        ({"organization": "unknown"}, 400, "no organization unknown"),
        ({"role": "admin"}, 400, "role"),
    ],
)
async def test_a_token_for_what_does_not_exist_is_refused(
    visitor: Visitor, body: dict[str, str], status: int, words: str
) -> None:
    answer = await visitor.client.post("_development/tokens", json=body)
    assert (answer.status_code, words in answer.json()["message"]) == (status, True)


async def test_pages_of_other_sites_control_nothing(visitor: Visitor) -> None:
    for method, path in (("POST", "reset"), ("POST", "tokens"), ("GET", "state"), ("PUT", "snapshots/x")):
        headers = {"Origin": "https://evil.example.com", "Sec-Fetch-Site": "cross-site"}
        answer = await visitor.client.request(method, f"_development/{path}", headers=headers, json={})
        assert answer.status_code == 403, path
    assert (await visitor.client.get("_development/snapshots")).json() == []


async def test_what_is_no_json_is_refused(visitor: Visitor) -> None:
    answer = await visitor.client.post("_development/tokens", data={"user": ADMIN.email})
    assert answer.status_code == 415


async def test_roles_are_assigned_and_taken_away(visitor: Visitor) -> None:
    path = f"_development/users/{MANAGER.email}/roles"
    answer = await visitor.client.put(path, json={"roles": ["admin", "manager", "admin"]})
    assert answer.json() == {"roles": ["admin", "manager"]}
    token = (await post(visitor, "tokens", {"user": MANAGER.email})).json()["access_token"]
    assert segments(token)[1]["permissions"] == ["read:data", "write:data"]
    assert (await visitor.client.put(path, json={"roles": []})).json() == {"roles": []}
    assert (await visitor.manage("GET", f"/users/{MANAGER.user_id.replace('|', '%7C')}/roles")).json() == []


@pytest.mark.parametrize(
    ("email", "body", "status", "message"),
    [
        (MANAGER.email, {"roles": ["admin", "boss"]}, 400, "There is no role boss"),
        (MANAGER.email, {"roles": "admin"}, 400, "roles: Input should be a valid list"),
        (MANAGER.email, {}, 400, "roles: Field required"),
        ("unknown@example.com", {"roles": []}, 404, "The user does not exist."),
    ],
)
async def test_wrong_roles_change_nothing(
    visitor: Visitor, email: str, body: object, status: int, message: str
) -> None:
    answer = await visitor.client.put(f"_development/users/{email}/roles", json=body)
    assert (answer.status_code, answer.json()["message"]) == (status, message)
    people = (await visitor.client.get("_development/people")).json()
    assert [each["roles"] for each in people] == [["admin"], ["manager"], []]
