import pytest

from support.service import ADMIN, MANAGER, USER, Service, person_id


@pytest.mark.parametrize(("email", "level"), [(ADMIN, "admin"), (MANAGER, "manager")])
async def test_each_role_sees_its_own_dashboard(service: Service, email: str, level: str) -> None:
    response = await service.api.get("/dashboard", headers=await service.as_user(email))
    assert response.status_code == 200
    assert response.json().keys() == {"message", "accessLevel"}
    assert response.json()["accessLevel"] == level


async def test_a_user_without_roles_is_refused(service: Service) -> None:
    response = await service.api.get("/dashboard", headers=await service.as_user(USER))
    assert response.status_code == 403
    assert response.headers["WWW-Authenticate"].startswith('Bearer error="insufficient_scope"')


async def test_ten_requests_cost_one_role_look_up(service: Service) -> None:
    headers = await service.as_user(ADMIN)
    for _ in range(10):
        await service.api.get("/dashboard", headers=headers)
    assert service.wire.count("GET /api/v2/users/") == 2  # the user and the roles
    assert service.wire.count("POST /oauth/token") == 1


async def test_a_role_removed_at_the_tenant_ends_within_a_minute(service: Service) -> None:
    headers = await service.as_user(MANAGER)
    assert (await service.api.get("/dashboard", headers=headers)).status_code == 200
    roles = (await service.manage("GET", f"/users/{person_id(MANAGER)}/roles")).json()
    await service.manage("DELETE", f"/users/{person_id(MANAGER)}/roles", {"roles": [role["id"] for role in roles]})
    await service.clock.advance(61)
    assert (await service.api.get("/dashboard", headers=headers)).status_code == 403


async def test_a_failed_role_look_up_is_503_not_403(service: Service) -> None:
    headers = await service.as_user(ADMIN)
    service.wire.cut = True
    response = await service.api.get("/dashboard", headers=headers)
    assert (response.status_code, response.json()["code"]) == (503, "management_unavailable")
    assert int(response.headers["Retry-After"]) >= 1
    service.wire.cut = False
    await service.clock.advance(2)
    assert (await service.api.get("/dashboard", headers=headers)).status_code == 200


async def test_a_blocked_user_is_refused_within_a_minute(service: Service) -> None:
    headers = await service.as_user(ADMIN)
    assert (await service.api.get("/dashboard", headers=headers)).status_code == 200
    await service.manage("PATCH", f"/users/{person_id(ADMIN)}", {"blocked": True})
    await service.clock.advance(61)
    response = await service.api.get("/dashboard", headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, "insufficient_scope")


async def test_a_deleted_user_is_refused_not_missing(service: Service) -> None:
    headers = await service.as_user(MANAGER)
    await service.manage("DELETE", f"/users/{person_id(MANAGER)}")
    assert (await service.api.get("/dashboard", headers=headers)).status_code == 403
