from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_devtenant import TenantOptions, default_seed
from auth0_devtenant.seed import MANAGEMENT_SCOPES
from auth0_sso.testing.clock import HandClock
from support.service import ADMIN, MANAGER, USER, Service, person_id, running_service

NEW = {"email": "new@example.com", "password": "New-password-1!", "name": "New Person"}
EVERY_ROUTE = [
    ("GET", "/admin/users", None),
    ("POST", "/admin/users", NEW),
    ("GET", "/admin/users/auth0%7Cx", None),
    ("DELETE", "/admin/users/auth0%7Cx", None),
    ("GET", "/admin/users/auth0%7Cx/roles", None),
    ("POST", "/admin/users/auth0%7Cx/roles", {"roleIds": ["rol_1"]}),
    ("DELETE", "/admin/users/auth0%7Cx/roles", {"roleIds": ["rol_1"]}),
    ("POST", "/admin/users/auth0%7Cx/roles", {"roleNames": ["admin"]}),
    ("PUT", "/admin/users/auth0%7Cx/block", None),
    ("DELETE", "/admin/users/auth0%7Cx/block", None),
    ("POST", "/admin/users/auth0%7Cx/logout", None),
    ("GET", "/admin/users/auth0%7Cx/logs", None),
]


def user_path(email: str) -> str:
    return f"/admin/users/{quote(person_id(email), safe='')}"


async def role_ids(service: Service) -> dict[str, str]:
    return {role["name"]: role["id"] for role in (await service.manage("GET", "/roles")).json()}


@pytest.mark.parametrize(("method", "path", "json"), EVERY_ROUTE)
@pytest.mark.parametrize("email", [MANAGER, USER])
async def test_only_admins_are_allowed_and_a_refusal_changes_nothing(
    service: Service, email: str, method: str, path: str, json: object
) -> None:
    response = await service.api.request(method, path, headers=await service.as_user(email), json=json)
    assert (response.status_code, response.json()["code"]) == (403, "insufficient_scope")
    own = f"GET /api/v2/users/{quote(person_id(email), safe='')}"
    calls = [request.partition("?")[0] for request in service.wire.requests if "/api/v2/" in request]
    assert set(calls) == {own, f"{own}/roles"}


@pytest.mark.parametrize(("method", "path", "json"), EVERY_ROUTE)
async def test_a_machine_is_not_an_admin(service: Service, method: str, path: str, json: object) -> None:
    response = await service.api.request(method, path, headers=await service.as_machine(), json=json)
    assert response.status_code == 403
    assert service.wire.count("GET /api/v2/") == 0


async def test_users_come_in_pages(service: Service) -> None:
    headers = await service.as_user(ADMIN)
    first = (await service.api.get("/admin/users?page=0&per_page=2", headers=headers)).json()
    second = (await service.api.get("/admin/users?page=1&per_page=2", headers=headers)).json()
    assert (first["total"], first["page"], first["perPage"]) == (3, 0, 2)
    assert [len(first["users"]), len(second["users"])] == [2, 1]
    emails = {user["email"] for user in first["users"] + second["users"]}
    assert emails == {ADMIN, MANAGER, USER}


@pytest.mark.parametrize("query", ["per_page=0", "per_page=101", "page=-1", "page=x", "per_page=1e3"])
async def test_a_page_out_of_bounds_is_refused(service: Service, query: str) -> None:
    response = await service.api.get(f"/admin/users?{query}", headers=await service.as_user(ADMIN))
    assert response.status_code == 422
    assert response.json()["errors"][0]["at"][0] == "query"


async def test_a_page_past_the_first_thousand_users_is_refused(service: Service) -> None:
    response = await service.api.get("/admin/users?page=20&per_page=50", headers=await service.as_user(ADMIN))
    assert response.status_code == 400
    assert "1,000" in response.json()["detail"]


async def test_a_user_is_created_read_and_deleted(service: Service) -> None:
    headers = await service.as_user(ADMIN)
    created = await service.api.post("/admin/users", headers=headers, json=NEW)
    assert created.status_code == 201
    assert created.json()["email"] == NEW["email"]
    assert "password" not in created.text
    location = created.headers["Location"]
    assert (await service.api.get(location, headers=headers)).json() == created.json()
    assert (await service.api.delete(location, headers=headers)).status_code == 204
    assert (await service.api.get(location, headers=headers)).status_code == 404


async def test_a_user_who_exists_already_is_a_conflict(service: Service) -> None:
    headers = await service.as_user(ADMIN)
    response = await service.api.post("/admin/users", headers=headers, json={**NEW, "email": USER})
    assert (response.status_code, response.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    "change",
    [
        {"email": "nobody"},
        {"email": None},
        {"password": "short"},
        {"password": "x" * 129},
        {"connection": ""},
        {"name": ""},
        {"app_metadata": {"roles": ["admin"]}},
    ],
    ids=repr,
)
async def test_a_malformed_user_is_refused_without_repeating_the_password(
    service: Service, change: dict[str, object]
) -> None:
    body = {**NEW, **change}
    response = await service.api.post("/admin/users", headers=await service.as_user(ADMIN), json=body)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_input")
    assert service.wire.count("POST /api/v2/") == 0
    assert str(body["password"]) not in response.text


async def test_a_weak_password_is_refused_with_auth0s_message(service: Service) -> None:
    headers = await service.as_user(ADMIN)
    response = await service.api.post("/admin/users", headers=headers, json={**NEW, "password": "aaaaaaaa"})
    assert response.status_code == 400
    assert response.json()["detail"].startswith("PasswordStrengthError")


async def test_assigned_and_removed_roles_take_effect_at_once(service: Service) -> None:
    admin, user = await service.as_user(ADMIN), await service.as_user(USER)
    manager = (await role_ids(service))["manager"]
    assert (await service.api.get("/dashboard", headers=user)).status_code == 403

    change = {"roleIds": [manager]}
    assigned = await service.api.post(f"{user_path(USER)}/roles", headers=admin, json=change)
    assert assigned.status_code == 200
    assert (assigned.json()["userId"], assigned.json()["roleIds"]) == (person_id(USER), [manager])
    listed = (await service.api.get(f"{user_path(USER)}/roles", headers=admin)).json()
    assert [role["name"] for role in listed["roles"]] == ["manager"]
    assert (await service.api.get("/dashboard", headers=user)).status_code == 200

    removed = await service.api.request("DELETE", f"{user_path(USER)}/roles", headers=admin, json=change)
    assert removed.status_code == 200
    assert (await service.api.get("/dashboard", headers=user)).status_code == 403


@pytest.mark.parametrize(
    "role_ids",
    [[], ["rol_1", "rol_1"], [""], ["a/b"], [1], "rol_1", None],
    ids=["none", "twice", "empty", "slash", "number", "string", "null"],
)
async def test_malformed_role_ids_are_refused(service: Service, role_ids: object) -> None:
    headers = await service.as_user(ADMIN)
    response = await service.api.post(f"{user_path(USER)}/roles", headers=headers, json={"roleIds": role_ids})
    assert response.status_code == 422
    assert service.wire.count("POST /api/v2/") == 0


async def test_an_unknown_user_or_role_is_not_found(service: Service) -> None:
    headers = await service.as_user(ADMIN)
    nobody = "/admin/users/auth0%7C000000000000000000000000"
    assert (await service.api.get(nobody, headers=headers)).status_code == 404
    change = {"roleIds": ["rol_doesNotExist000"]}
    response = await service.api.post(f"{user_path(USER)}/roles", headers=headers, json=change)
    assert response.status_code == 404


@pytest.mark.parametrize(
    "user_id", ["..", ".", "auth0|x/../../clients", "a/b", "x?fields=y", "x#y", "ü€😀", "%7C", "%"]
)
async def test_a_user_id_stays_one_path_segment(service: Service, user_id: str) -> None:
    headers = await service.as_user(ADMIN)
    await service.api.get("/dashboard", headers=headers)
    before = len(service.wire.requests)
    response = await service.api.get(f"/admin/users/{quote(user_id, safe='').replace('.', '%2E')}", headers=headers)
    assert response.status_code in {400, 404}
    for request in service.wire.requests[before:]:
        assert request.startswith("GET /api/v2/users/")
        assert request.count("/") == 4  # one segment after /api/v2/users/
        assert "?" not in request


async def test_a_deleted_user_is_logged_out_at_once(service: Service) -> None:
    admin, manager = await service.as_user(ADMIN), await service.as_user(MANAGER)
    assert (await service.api.get("/dashboard", headers=manager)).status_code == 200
    assert (await service.api.delete(user_path(MANAGER), headers=admin)).status_code == 204
    assert (await service.api.get("/dashboard", headers=manager)).status_code == 401


async def test_roles_are_assigned_and_removed_by_name_too(service: Service) -> None:
    admin, ids = await service.as_user(ADMIN), await role_ids(service)
    change = {"roleNames": ["manager"], "roleIds": [ids["admin"]]}
    assigned = await service.api.post(f"{user_path(USER)}/roles", headers=admin, json=change)
    assert assigned.json()["roleIds"] == [ids["admin"], ids["manager"]]
    removed = await service.api.request(
        "DELETE", f"{user_path(USER)}/roles", headers=admin, json={"roleNames": ["admin"]}
    )
    assert removed.status_code == 200
    listed = (await service.api.get(f"{user_path(USER)}/roles", headers=admin)).json()
    assert [role["name"] for role in listed["roles"]] == ["manager"]


@pytest.mark.parametrize(
    ("change", "status"),
    [({"roleNames": ["Manager"]}, 404), ({"roleNames": ["nobody"]}, 404), ({}, 422), ({"roleNames": []}, 422)],
    ids=str,
)
async def test_a_role_change_without_a_known_role_changes_nothing(
    service: Service, change: object, status: int
) -> None:
    response = await service.api.post(f"{user_path(USER)}/roles", headers=await service.as_user(ADMIN), json=change)
    assert response.status_code == status
    assert service.wire.count("POST /api/v2/") == 0


async def test_a_blocked_user_is_logged_out_until_unblocked_and_logged_in_again(service: Service) -> None:
    admin, manager = await service.as_user(ADMIN), await service.as_user(MANAGER)
    assert (await service.api.get("/dashboard", headers=manager)).status_code == 200
    blocked = await service.api.put(f"{user_path(MANAGER)}/block", headers=admin)
    assert (blocked.status_code, blocked.json()["blocked"]) == (200, True)
    assert (await service.api.get("/dashboard", headers=manager)).status_code == 401
    unblocked = await service.api.delete(f"{user_path(MANAGER)}/block", headers=admin)
    assert (unblocked.status_code, unblocked.json()["blocked"]) == (200, False)
    assert (await service.api.get("/dashboard", headers=manager)).status_code == 401
    await service.clock.advance(1)
    service.forget(MANAGER)
    assert (await service.api.get("/dashboard", headers=await service.as_user(MANAGER))).status_code == 200


async def test_logout_refuses_the_access_tokens_of_that_user_alone(service: Service) -> None:
    admin, manager, user = [await service.as_user(who) for who in (ADMIN, MANAGER, USER)]
    for headers in (manager, user):
        assert (await service.api.get("/profile", headers=headers)).status_code == 200
    assert (await service.api.post(f"{user_path(MANAGER)}/logout", headers=admin)).status_code == 204
    refused = await service.api.get("/profile", headers=manager)
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")
    assert (await service.api.get("/profile", headers=user)).status_code == 200
    assert (await service.api.get("/readyz")).json()["revocations"] == 1


async def test_logout_ends_only_the_sessions_of_that_user(service: Service) -> None:
    admin = await service.as_user(ADMIN)
    await service.as_user(MANAGER)
    path = f"/users/{quote(person_id(MANAGER), safe='')}/sessions"
    assert len((await service.manage("GET", path)).json()["sessions"]) == 1
    ended = await service.api.post(f"{user_path(MANAGER)}/logout", headers=admin)
    assert (ended.status_code, ended.content) == (204, b"")
    assert (await service.manage("GET", path)).json()["sessions"] == []
    own = f"/users/{quote(person_id(ADMIN), safe='')}/sessions"
    assert len((await service.manage("GET", own)).json()["sessions"]) == 1


async def test_log_events_of_a_user_are_listed_latest_first(service: Service) -> None:
    admin = await service.as_user(ADMIN)
    response = (await service.api.get(f"{user_path(ADMIN)}/logs?per_page=5", headers=admin)).json()
    assert (response["page"], response["perPage"]) == (0, 5)
    (entry,) = response["logs"]
    assert (entry["type"], entry["description"], entry["ip"]) == ("s", "Successful login", "127.0.0.1")
    assert (await service.api.get(f"{user_path(ADMIN)}/logs?page=1", headers=admin)).json()["logs"] == []


async def test_a_missing_management_scope_is_502_and_named_in_the_log(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...],
    clock: HandClock,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    granted = [scope for scope in MANAGEMENT_SCOPES if not scope.startswith("read:logs")]
    options = TenantOptions(seed=default_seed(management_scopes=granted))
    monkeypatch.setattr("support.service.OPTIONS", options)
    async with running_service(rsa_keys, clock) as service:
        response = await service.api.get(f"{user_path(ADMIN)}/logs", headers=await service.as_user(ADMIN))
        assert (response.status_code, response.json()["code"]) == (502, "management_refused")
        assert "grant it one of read:logs" in caplog.text
        assert "read:logs" not in response.text
        assert service.wire.count("GET /api/v2/users/auth0%7C64f1a0000000000000000001/logs") == 0
