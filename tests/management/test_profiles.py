import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import JsonValue

from auth0_sso.errors import ManagementUnavailableError, NotFoundError
from auth0_sso.events import Event, TenantCallShed
from auth0_sso.management.client import ManagementClient
from auth0_sso.management.metadata import MAX_BYTES, MetadataError
from auth0_sso.management.profiles import TTL, Profiles
from auth0_sso.testing.clock import HandClock
from support.tenant_script import Reply, ScriptedTenant, error_reply, json_reply

A, B = "auth0|a", "auth0|b"
GET_A, GET_B, PATCH_A = "GET /api/v2/users/auth0%7Ca", "GET /api/v2/users/auth0%7Cb", "PATCH /api/v2/users/auth0%7Ca"


def user(user_id: str = A, *, gate: asyncio.Event | None = None, **members: object) -> Reply:
    return json_reply({"user_id": user_id, **members}, gate=gate)


@pytest.fixture
async def profiles(tenant: ScriptedTenant, management: ManagementClient, clock: HandClock) -> AsyncIterator[Profiles]:
    tenant.on(GET_A, user(name="Ada"))
    tenant.on(GET_B, user(B, name="Bob"))
    tenant.on(PATCH_A, user(name="Ada", user_metadata={"theme": "dark"}))
    profiles = Profiles(management, clock=clock)
    yield profiles
    await profiles.aclose()


async def test_a_profile_is_cached_for_its_ttl(tenant: ScriptedTenant, profiles: Profiles, clock: HandClock) -> None:
    for _ in range(10):
        assert (await profiles.get(A)).name == "Ada"
    await clock.advance(TTL - 0.1)
    await profiles.get(A)
    assert tenant.count(GET_A) == 1
    tenant.on(GET_A, user(name="Eve"))
    await clock.advance(0.2)
    assert (await profiles.get(A)).name == "Eve"


async def test_a_hundred_concurrent_reads_make_one_call(tenant: ScriptedTenant, profiles: Profiles) -> None:
    found = await asyncio.gather(*(profiles.get(user_id) for user_id in (A, B) * 50))
    assert {user.name for user in found[::2]} == {"Ada"}
    assert {user.name for user in found[1::2]} == {"Bob"}
    assert (tenant.count(GET_A), tenant.count(GET_B)) == (1, 1)


async def test_invalidating_a_profile_keeps_the_others_cached(tenant: ScriptedTenant, profiles: Profiles) -> None:
    await profiles.get(A)
    await profiles.get(B)
    profiles.invalidate(A)
    await profiles.get(A)
    await profiles.get(B)
    assert (tenant.count(GET_A), tenant.count(GET_B)) == (2, 1)


async def test_a_response_that_predates_a_change_is_not_cached(tenant: ScriptedTenant, profiles: Profiles) -> None:
    gate = asyncio.Event()
    tenant.on(GET_A, user(name="Ada", gate=gate), user(name="Eve"))
    before = asyncio.create_task(profiles.get(A))
    await tenant.arrival(GET_A)
    profiles.invalidate(A)
    assert (await profiles.get(A)).name == "Eve"
    gate.set()
    assert (await before).name == "Ada"
    assert (await profiles.get(A)).name == "Eve"


async def test_failures_are_not_cached(tenant: ScriptedTenant, profiles: Profiles) -> None:
    tenant.on(GET_A, error_reply(404), Reply(503), Reply(503), Reply(503), user(name="Ada"))
    with pytest.raises(NotFoundError):
        await profiles.get(A)
    with pytest.raises(ManagementUnavailableError):
        await profiles.get(A)
    assert (await profiles.get(A)).name == "Ada"


async def test_the_cache_is_limited_in_bytes(tenant: ScriptedTenant, profiles: Profiles) -> None:
    tenant.on(GET_B, user(B, user_metadata={"x": "x" * 3_000_000}, app_metadata={"x": "x" * 500_000}))
    for name in "cdef":
        tenant.on(f"GET /api/v2/users/{name}", user(name, user_metadata={"x": "x" * 2_000_000}))
    await profiles.get(B)
    for name in "cdef":
        await profiles.get(name)
    await profiles.get("f")
    await profiles.get(B)
    assert (tenant.count("GET /api/v2/users/f"), tenant.count(GET_B)) == (1, 2)


async def test_changed_metadata_is_returned_by_the_next_read(tenant: ScriptedTenant, profiles: Profiles) -> None:
    await profiles.get(A)
    changed = await profiles.update_metadata(A, {"theme": "dark"})
    assert changed.user_metadata == {"theme": "dark"}
    tenant.on(GET_A, user(user_metadata={"theme": "dark"}))
    assert (await profiles.get(A)).user_metadata == {"theme": "dark"}


async def test_a_failed_change_invalidates_the_profile(tenant: ScriptedTenant, profiles: Profiles) -> None:
    await profiles.get(A)
    tenant.on(PATCH_A, Reply(503))
    with pytest.raises(ManagementUnavailableError):
        await profiles.update_metadata(A, {"theme": "dark"})
    looks = tenant.count(GET_A)
    await profiles.get(A)
    assert tenant.count(GET_A) == looks + 1


async def test_the_stored_size_is_read_from_the_tenant_not_the_cache(
    tenant: ScriptedTenant, profiles: Profiles
) -> None:
    await profiles.get(A)
    tenant.on(GET_A, user(user_metadata={"elsewhere": "x" * 10_000}))
    with pytest.raises(MetadataError, match="together with what is stored"):
        await profiles.update_metadata(A, {"here": "x" * 10_000})
    assert tenant.count(PATCH_A) == 0


@pytest.mark.parametrize("change", [{"elsewhere": None}, {}], ids=["a-key", "all"])
async def test_deleting_keys_is_always_allowed_without_a_read(
    tenant: ScriptedTenant, profiles: Profiles, change: dict[str, None]
) -> None:
    tenant.on(GET_A, user(user_metadata={"elsewhere": "x" * 1_000_000}))
    await profiles.update_metadata(A, change)
    (request,) = tenant.seen(PATCH_A)
    assert request.json() == {"user_metadata": change}
    assert tenant.count(GET_A) == 0


@pytest.mark.parametrize(
    "stored", [Reply(body=b" " * 5_000_000), user(user_metadata=["x"])], ids=["too-large", "no-object"]
)
async def test_nothing_is_added_to_unreadable_metadata(
    tenant: ScriptedTenant, profiles: Profiles, stored: Reply
) -> None:
    tenant.on(GET_A, stored, user())
    with pytest.raises(MetadataError, match="cannot be read: delete keys first"):
        await profiles.update_metadata(A, {"theme": "dark"})
    assert tenant.count(PATCH_A) == 0


async def test_changes_of_one_user_are_serialized(tenant: ScriptedTenant, profiles: Profiles) -> None:
    half = {"first": "x" * (MAX_BYTES // 2)}
    gate = asyncio.Event()
    tenant.on(GET_A, user(), user(user_metadata=half))
    tenant.on(PATCH_A, user(user_metadata=half, gate=gate))
    first = asyncio.create_task(profiles.update_metadata(A, {**half}))
    await tenant.arrival(PATCH_A)
    second = asyncio.create_task(profiles.update_metadata(A, {"second": "x" * (MAX_BYTES // 2)}))
    await asyncio.sleep(0)
    gate.set()
    await first
    with pytest.raises(MetadataError):
        await second
    assert tenant.count(PATCH_A) == 1


async def test_changes_of_different_users_are_not_serialized(tenant: ScriptedTenant, profiles: Profiles) -> None:
    tenant.on(PATCH_A, user(gate=asyncio.Event()))
    tenant.on("PATCH /api/v2/users/auth0%7Cb", user(B))
    waiting = asyncio.create_task(profiles.update_metadata(A, {"theme": "dark"}))
    await tenant.arrival(PATCH_A)
    async with asyncio.timeout(5):
        await profiles.update_metadata(B, {"theme": "dark"})
    waiting.cancel()


@pytest.mark.parametrize("change", [{"theme": "dark"}, {"theme": None}, {}], ids=["set", "delete", "clear"])
async def test_the_metadata_before_a_change_are_noted(
    tenant: ScriptedTenant, profiles: Profiles, change: dict[str, JsonValue]
) -> None:
    tenant.on(GET_A, user(user_metadata={"theme": "light"}))
    noted: list[object] = []
    await profiles.update_metadata(A, change, note_before=noted.append)
    assert noted == [{"theme": "light"}]
    assert (tenant.count(GET_A), tenant.count(PATCH_A)) == (1, 1)


async def test_metadata_that_cannot_be_read_are_not_noted_and_are_deleted(
    tenant: ScriptedTenant, profiles: Profiles
) -> None:
    noted: list[object] = []
    tenant.on(GET_A, user(user_metadata="not an object"))
    await profiles.update_metadata(A, {}, note_before=noted.append)
    tenant.on(GET_A, error_reply(404, "inexistent_user"))
    await profiles.update_metadata(A, {}, note_before=noted.append)
    assert (noted, tenant.count(PATCH_A)) == ([], 2)


async def test_metadata_are_read_before_a_deletion_only_to_be_noted(
    tenant: ScriptedTenant, profiles: Profiles
) -> None:
    await profiles.update_metadata(A, {"theme": None})
    assert tenant.count(GET_A) == 0


async def test_of_two_thousand_readers_five_hundred_wait_for_a_tenant_that_hangs(
    tenant: ScriptedTenant, management: ManagementClient, clock: HandClock
) -> None:
    gate, seen = asyncio.Event(), list[Event]()
    tenant.on(GET_A, user(name="Ada", gate=gate))
    profiles = Profiles(management, clock=clock, observe=seen.append)
    reading = [asyncio.create_task(profiles.get(A)) for _ in range(2000)]
    await clock.settle()
    refused = [task.exception() for task in reading if task.done()]
    assert {error.reason for error in refused if isinstance(error, ManagementUnavailableError)} == {"queue_full"}
    assert len(refused) == seen.count(TenantCallShed("management", "queue_full")) == 1500
    gate.set()
    assert {user.name for user in await asyncio.gather(*(task for task in reading if not task.done()))} == {"Ada"}
    await profiles.aclose()
