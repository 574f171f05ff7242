"""Roles in the whole tenant and roles within one organization, kept apart, on the whole service."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import Depends

from auth0_devtenant.seed import ORGANIZATIONS
from auth0_sso import (
    AccessToken,
    CurrentOrganizationRoles,
    CurrentRoles,
    require_all_roles,
    require_any_role,
    require_role,
)
from auth0_sso.testing.clock import HandClock
from support.service import ADMIN, MANAGER, USER, Service, person_id, running_service

Keys = tuple[rsa.RSAPrivateKey, ...]

(ACME,) = ORGANIZATIONS
MEMBERS = "GET /api/v2/organizations/"


@pytest.fixture
def customers_admin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Acme, a customer, made one of its members its own administrator."""
    monkeypatch.setitem(ACME.members, USER, ("admin",))


@pytest.fixture
def admin_in_acme(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tenant's administrator is a member of Acme, without a role there."""
    monkeypatch.setitem(ACME.members, ADMIN, ())


@pytest.fixture
def admin_managing_acme(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tenant's administrator is a manager of Acme."""
    monkeypatch.setitem(ACME.members, ADMIN, ("manager",))


@pytest.fixture
async def service(rsa_keys: Keys, clock: HandClock) -> AsyncIterator[Service]:
    async with running_service(rsa_keys, clock) as running:
        add_routes(running)
        yield running


def add_routes(service: Service) -> None:
    """Add what an application with organizations has: routes for one of them, and routes for the whole tenant."""
    app = service.app

    @app.get("/inside")
    async def read_inside(
        token: Annotated[AccessToken, Depends(require_role("manager", within_organization=True))],
    ) -> str | None:
        return token.organization

    @app.get("/outside", dependencies=[Depends(require_role("manager"))])
    async def read_outside() -> None:
        """Be open to managers of the whole tenant."""

    @app.get("/both", dependencies=[Depends(require_all_roles("admin", "manager", within_organization=True))])
    async def read_both() -> None:
        """Be open to who has both, whatever each was given for."""

    @app.get("/roles")
    async def read_roles(in_tenant: CurrentRoles, as_member: CurrentOrganizationRoles) -> dict[str, list[str]]:
        return {"inTenant": sorted(in_tenant), "asMember": sorted(as_member)}

    @app.get("/mixed", dependencies=[Depends(require_any_role("manager", within_organization=True))])
    async def read_mixed(in_tenant: CurrentRoles) -> list[str]:
        return sorted(in_tenant)


async def get(service: Service, path: str, headers: dict[str, str]) -> httpx.Response:
    return await service.api.get(path, headers=headers)


@pytest.mark.usefixtures("customers_admin")
async def test_an_administrator_of_one_organization_administers_nothing_of_the_tenant(service: Service) -> None:
    member = await service.as_member(USER)
    stranger = person_id(MANAGER)
    admins = (await service.manage("GET", f"/users/{person_id(ADMIN)}/roles")).json()
    for method, path, body in [
        ("GET", "/admin/users", None),
        ("DELETE", f"/admin/users/{stranger}", None),
        ("POST", f"/admin/users/{person_id(USER)}/roles", {"roleIds": [role["id"] for role in admins]}),
        ("GET", "/dashboard", None),
    ]:
        refused = await service.api.request(method, path, headers=member, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope"), path
    await service.manage("GET", f"/users/{stranger}")  # still there
    assert (await service.manage("GET", f"/users/{person_id(USER)}/roles")).json() == []
    assert service.wire.count(MEMBERS) == 0, "no guard asked for the roles of members"


async def test_an_administrator_of_the_tenant_is_one_within_an_organization_too(
    admin_in_acme: None, service: Service
) -> None:
    assert (await get(service, "/admin/users", await service.as_member(ADMIN))).status_code == 200


async def test_a_members_role_passes_only_guards_within_its_organization(service: Service) -> None:
    member, outside = await service.as_member(USER), await service.as_user(USER)
    inside = await get(service, "/inside", member)
    assert (inside.status_code, inside.json()) == (200, ACME.id)
    assert (await get(service, "/inside", outside)).status_code == 403
    for path in ("/outside", "/dashboard"):
        assert (await get(service, path, member)).status_code == 403


async def test_a_tenant_role_of_a_member_saves_the_second_call(service: Service) -> None:
    for headers in (await service.as_user(MANAGER), await service.as_member(MANAGER)):
        assert (await get(service, "/inside", headers)).status_code == 200
    assert service.wire.count(MEMBERS) == 0


async def test_all_of_some_roles_may_be_of_both_kinds(admin_managing_acme: None, service: Service) -> None:
    assert (await get(service, "/both", await service.as_member(ADMIN))).status_code == 200
    assert (await get(service, "/both", await service.as_user(ADMIN))).status_code == 403


async def test_a_route_reads_the_two_kinds_apart(service: Service) -> None:
    assert (await get(service, "/roles", await service.as_member(USER))).json() == {
        "inTenant": [],
        "asMember": ["manager"],
    }
    assert (await get(service, "/roles", await service.as_user(MANAGER))).json() == {
        "inTenant": ["manager"],
        "asMember": [],
    }
    assert (await get(service, "/mixed", await service.as_member(USER))).json() == [], (
        "one kind leaked into the other"
    )
    assert (await service.api.get("/roles")).status_code == 401


async def test_the_roles_of_a_machine_cannot_be_read(service: Service) -> None:
    assert (await get(service, "/roles", await service.as_machine())).status_code == 403
