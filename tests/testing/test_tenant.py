"""The tenant in memory: users, roles and faults that a test chooses, seen through the real Management client."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from auth0_sso.errors import (
    ConflictError,
    ManagementRateLimitedError,
    ManagementRefusedError,
    ManagementUnavailableError,
    NotFoundError,
)
from auth0_sso.management.client import ManagementClient
from auth0_sso.testing import ISSUER, HandClock, Tenant, client
from support.kit_app import user_app
from support.management_chain import management_chain

ANN = "auth0|ann/../x"


@asynccontextmanager
async def management_of(tenant: Tenant) -> AsyncIterator[ManagementClient]:
    async with httpx.AsyncClient(transport=tenant) as http, management_chain(http, HandClock()) as chain:
        yield chain.client


@pytest.fixture
def memory() -> Tenant:
    return Tenant()


@pytest.fixture
async def management(memory: Tenant) -> AsyncIterator[ManagementClient]:
    async with management_of(memory) as management:
        yield management


async def test_a_user_is_what_the_test_added(memory: Tenant, management: ManagementClient) -> None:
    memory.add_user(ANN, email="ann@example.com", app_metadata={"plan": "pro"}, blocked=True)
    user = await management.get_user(ANN)
    assert (user.email, user.app_metadata, user.blocked) == ("ann@example.com", {"plan": "pro"}, True)
    assert (await management.get_user(ANN, fields=["user_id", "email"])).app_metadata == {}


async def test_a_user_that_was_not_added_is_not_found(management: ManagementClient) -> None:
    with pytest.raises(NotFoundError) as caught:
        await management.get_user(ANN)
    assert caught.value.reason == "inexistent_user"


async def test_a_created_user_is_listed_until_it_is_deleted(memory: Tenant, management: ManagementClient) -> None:
    created = await management.create_user(email="new@example.com", password="Pa55-word", connection="db")
    assert (await management.list_users()).users == (created,)
    with pytest.raises(ConflictError):
        await management.create_user(email="new@example.com", password="Pa55-word", connection="db")
    await management.delete_user(created.user_id)
    assert (await management.list_users()).total == 0
    assert "password" not in created.model_dump()


async def test_metadata_is_merged_and_null_deletes(memory: Tenant, management: ManagementClient) -> None:
    memory.add_user(ANN, user_metadata={"theme": "dark", "size": 1})
    user = await management.update_user_metadata(ANN, {"theme": None, "lang": "de"})
    assert user.user_metadata == {"size": 1, "lang": "de"}
    assert (await management.block_user(ANN)).blocked


async def test_roles_are_found_given_and_taken(memory: Tenant, management: ManagementClient) -> None:
    memory.add_user(ANN, roles={"reader"})
    memory.directory.roles.add("admin")
    admin = await management.find_role("admin")
    await management.assign_roles(ANN, [admin.id])
    assert [role.name for role in await management.list_user_roles(ANN)] == ["admin", "reader"]
    await management.remove_roles(ANN, [admin.id])
    assert memory.users[ANN].roles == {"reader"}
    with pytest.raises(NotFoundError):
        await management.assign_roles(ANN, ["rol_0123456789abcdef"])


async def test_a_members_roles_are_those_of_the_organization(memory: Tenant, management: ManagementClient) -> None:
    memory.add_user(ANN, roles={"reader"}).organization_roles["org_1"] = {"owner"}
    assert [role.name for role in await management.list_member_roles("org_1", ANN)] == ["owner"]
    assert await management.list_member_roles("org_2", ANN) == ()
    assert await management.list_member_roles("org_1", "auth0|unknown") == ()


async def test_logs_and_sessions_are_answered(memory: Tenant, management: ManagementClient) -> None:
    memory.add_user(ANN).logs.append({"type": "s", "log_id": "1"})
    assert [entry.type for entry in await management.list_user_logs(ANN)] == ["s"]
    await management.log_out_everywhere(ANN)
    assert memory.requests[-1].startswith("DELETE /api/v2/users/auth0%7Cann%2F..%2Fx/sessions")


async def test_a_fault_ends_after_its_times(memory: Tenant, management: ManagementClient) -> None:
    memory.add_user(ANN)
    memory.fail(status=503, times=2)
    assert (await management.get_user(ANN)).user_id == ANN
    assert sum("/users/" in line for line in memory.requests) == 3


async def test_a_fault_for_one_path_leaves_the_others(memory: Tenant, management: ManagementClient) -> None:
    memory.add_user(ANN, roles={"admin"})
    memory.fail(status=403, path="GET /api/v2/users/auth0%7Cann%2F..%2Fx/roles", code="insufficient_scope")
    assert (await management.get_user(ANN)).user_id == ANN
    with pytest.raises(ManagementRefusedError) as caught:
        await management.list_user_roles(ANN)
    assert caught.value.reason == "insufficient_scope"
    memory.recover()
    assert len(await management.list_user_roles(ANN)) == 1


async def test_a_tenant_that_limits_says_when_to_come_back(memory: Tenant, management: ManagementClient) -> None:
    memory.fail(status=429, headers={"Retry-After": "30"})
    with pytest.raises(ManagementRateLimitedError) as caught:
        await management.get_user(ANN)
    assert caught.value.retry_after == 30


async def test_a_tenant_without_connection_is_unavailable(memory: Tenant, management: ManagementClient) -> None:
    memory.disconnect(path="/oauth/token")
    with pytest.raises(ManagementUnavailableError) as caught:
        await management.get_user(ANN)
    assert caught.value.reason == "token_unreachable"


async def test_a_scope_that_was_not_granted_is_missed(memory: Tenant) -> None:
    tenant = Tenant(scopes={"read:roles"})
    async with management_of(tenant) as management:
        with pytest.raises(ManagementRefusedError) as caught:
            await management.get_user(ANN)
    assert caught.value.reason == "scope_missing"


async def test_a_call_that_the_tenant_does_not_have_is_not_found(memory: Tenant) -> None:
    async with httpx.AsyncClient(transport=memory, base_url=ISSUER) as http:
        assert (await http.get("/api/v2/clients")).status_code == 404
        page = await http.get("/api/v2/roles")
        assert page.json() == []


def test_a_guard_answers_503_while_the_management_api_fails() -> None:
    with client(user_app()) as api:
        api.tenant.fail(status=500)
        answer = api.as_user(roles={"admin"}).get("/reports")
        assert (answer.status_code, answer.json()["code"]) == (503, "management_unavailable")
        api.tenant.recover()
        api.advance(60)
        assert api.as_user(roles={"admin"}).get("/reports").status_code == 200


def test_a_role_removed_at_the_tenant_ends_when_the_cache_expires() -> None:
    with client(user_app()) as api:
        admin = api.as_user("auth0|ann", roles={"admin"})
        assert admin.get("/reports").status_code == 200
        api.tenant.users["auth0|ann"].roles.clear()
        assert admin.get("/reports").status_code == 200
        api.advance(61)
        assert admin.get("/reports").status_code == 403


def test_a_user_added_at_the_tenant_keeps_its_roles() -> None:
    with client(user_app()) as api:
        api.tenant.add_user("auth0|ann", roles={"admin"}, email="ann@example.com")
        assert api.as_user("auth0|ann").get("/reports").status_code == 200
        assert api.as_user("auth0|ann").get("/email").json() == "ann@example.com"
        assert api.as_user("auth0|ann", roles=()).get("/reports").status_code == 403


def test_a_user_who_is_blocked_or_deleted_has_no_role() -> None:
    with client(user_app()) as api:
        api.tenant.add_user("auth0|bob", roles={"admin"}, blocked=True)
        assert api.as_user("auth0|bob").get("/reports").status_code == 403
        admin = api.as_user("auth0|ann", roles={"admin"})
        assert admin.get("/reports").status_code == 200
        del api.tenant.users["auth0|ann"]
        api.advance(61)
        assert admin.get("/reports").status_code == 403
