import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from auth0_sso.clock import WallTime
from auth0_sso.errors import (
    Auth0SsoError,
    InsufficientScopeError,
    ManagementRateLimitedError,
    ManagementUnavailableError,
)
from auth0_sso.events import Event, RoleLookup
from auth0_sso.management.client import ManagementClient
from auth0_sso.roles.cache import RoleCachePolicy
from auth0_sso.roles.directory import RoleDirectory
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, SUBJECT, user_claims
from auth0_sso.tokens.claims import AccessToken, TokenPolicy, validate
from support.tenant_script import TOKEN, Reply, ScriptedTenant, error_reply, json_reply, roles_reply

OTHER = "auth0|other"


def _user_line(subject: str) -> str:
    return f"GET /api/v2/users/{quote(subject, safe='')}"


def _line(subject: str) -> str:
    return f"{_user_line(subject)}/roles"


NOW = WallTime(1_800_000_000)
ASKED, ASKED_OTHER = _line(SUBJECT), _line(OTHER)


def of(subject: str, organization: str | None = None) -> AccessToken:
    claims = user_claims(NOW, sub=subject, **({} if organization is None else {"org_id": organization}))
    return validate(claims, TokenPolicy(ISSUER, frozenset({AUDIENCE})), NOW)


def user(subject: str, *, gate: asyncio.Event | None = None, **members: object) -> Reply:
    return json_reply({"user_id": subject, **members}, gate=gate)


@pytest.fixture
async def directory(
    tenant: ScriptedTenant, management: ManagementClient, clock: HandClock
) -> AsyncIterator[RoleDirectory]:
    tenant.on(ASKED, roles_reply("admin"))
    tenant.on(ASKED_OTHER, roles_reply("user"))
    tenant.on(_user_line(SUBJECT), user(SUBJECT))
    tenant.on(_user_line(OTHER), user(OTHER))
    directory = RoleDirectory(management, clock=clock)
    yield directory
    await directory.aclose()


async def _error(directory: RoleDirectory) -> Auth0SsoError:
    with pytest.raises(Auth0SsoError) as raised:
        await directory.roles_of(of(SUBJECT))
    return raised.value


@pytest.mark.parametrize("names", [(), ("admin",), ("admin", "user"), ("Ädmin", "admin")])
async def test_roles_are_the_names_in_auth0(
    tenant: ScriptedTenant, directory: RoleDirectory, names: tuple[str, ...]
) -> None:
    tenant.on(ASKED, roles_reply(*names))
    assert await directory.roles_of(of(SUBJECT)) == set(names)


async def test_roles_are_cached_for_the_ttl(
    tenant: ScriptedTenant, directory: RoleDirectory, clock: HandClock
) -> None:
    await directory.roles_of(of(SUBJECT))
    tenant.on(ASKED, roles_reply("user"))
    await clock.advance(59)
    assert await directory.roles_of(of(SUBJECT)) == {"admin"}
    assert tenant.count(ASKED) == 1
    await clock.advance(1)
    assert await directory.roles_of(of(SUBJECT)) == {"user"}
    assert tenant.count(ASKED) == 2


async def test_reading_does_not_extend_the_ttl(
    tenant: ScriptedTenant, directory: RoleDirectory, clock: HandClock
) -> None:
    for _ in range(7):
        await directory.roles_of(of(SUBJECT))
        await clock.advance(10)
    assert tenant.count(ASKED) == 2


async def test_having_no_roles_is_cached_too(tenant: ScriptedTenant, directory: RoleDirectory) -> None:
    tenant.on(ASKED, roles_reply())
    for _ in range(3):
        assert await directory.roles_of(of(SUBJECT)) == set()
    assert tenant.count(ASKED) == 1


async def test_concurrent_checks_cause_one_look_up_for_each_subject(
    tenant: ScriptedTenant, directory: RoleDirectory
) -> None:
    checks = [directory.roles_of(of(subject)) for subject in [SUBJECT, OTHER] * 100]
    assert await asyncio.gather(*checks) == [{"admin"}, {"user"}] * 100
    assert (tenant.count(ASKED), tenant.count(ASKED_OTHER)) == (1, 1)


async def test_each_subject_gets_its_own_roles(tenant: ScriptedTenant, directory: RoleDirectory) -> None:
    near = [SUBJECT.upper(), f"{SUBJECT} ", f"{SUBJECT}/", SUBJECT.replace("|", "%7C")]
    assert await directory.roles_of(of(SUBJECT)) == {"admin"}
    for subject in near:
        tenant.on(_line(subject), roles_reply())
        tenant.on(_user_line(subject), user(subject))
        assert await directory.roles_of(of(subject)) == set()


async def test_a_cancelled_check_does_not_cancel_the_look_up(
    tenant: ScriptedTenant, directory: RoleDirectory
) -> None:
    gate = asyncio.Event()
    tenant.on(ASKED, roles_reply("admin", gate=gate))
    impatient, patient = (asyncio.create_task(directory.roles_of(of(SUBJECT))) for _ in range(2))
    await tenant.arrival(ASKED)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    gate.set()
    assert await patient == {"admin"}
    assert tenant.count(ASKED) == 1


async def test_an_invalidated_user_is_looked_up_again(tenant: ScriptedTenant, directory: RoleDirectory) -> None:
    await directory.roles_of(of(SUBJECT))
    await directory.roles_of(of(OTHER))
    tenant.on(ASKED, roles_reply("user"))
    await directory.invalidate(SUBJECT)
    assert await directory.roles_of(of(SUBJECT)) == {"user"}
    await directory.roles_of(of(OTHER))
    assert (tenant.count(ASKED), tenant.count(ASKED_OTHER)) == (2, 1)


async def test_invalidating_an_unknown_user_is_no_error(directory: RoleDirectory) -> None:
    await directory.invalidate("auth0|nobody")
    assert await directory.roles_of(of(SUBJECT)) == {"admin"}


async def test_invalidating_starts_a_new_look_up_during_one(tenant: ScriptedTenant, directory: RoleDirectory) -> None:
    old, new = asyncio.Event(), asyncio.Event()
    tenant.on(ASKED, roles_reply("admin", gate=old), roles_reply("user", gate=new))
    before = asyncio.create_task(directory.roles_of(of(SUBJECT)))
    await tenant.arrival(ASKED)
    await directory.invalidate(SUBJECT)
    after = asyncio.create_task(directory.roles_of(of(SUBJECT)))
    await tenant.arrival(ASKED, 2)
    new.set()
    assert await after == {"user"}
    old.set()
    assert await before == {"admin"}
    assert await directory.roles_of(of(SUBJECT)) == {"user"}, "the older answer came last and won"
    assert tenant.count(ASKED) == 2


async def test_a_look_up_that_predates_a_change_is_not_cached(
    tenant: ScriptedTenant, directory: RoleDirectory
) -> None:
    gate = asyncio.Event()
    tenant.on(ASKED, roles_reply("admin", gate=gate), roles_reply("user"))
    before = asyncio.create_task(directory.roles_of(of(SUBJECT)))
    await tenant.arrival(ASKED)
    await directory.invalidate(SUBJECT)
    gate.set()
    assert await before == {"admin"}
    assert await directory.roles_of(of(SUBJECT)) == {"user"}


@pytest.mark.parametrize(
    ("reply", "error_type", "reason"),
    [
        pytest.param(error_reply(429), ManagementRateLimitedError, "rate_limited"),
        pytest.param(Reply(503), ManagementUnavailableError, "status_503"),
    ],
    ids=["rate-limited", "down"],
)
async def test_an_error_denies_access_and_is_not_cached(
    tenant: ScriptedTenant,
    directory: RoleDirectory,
    reply: Reply,
    error_type: type[Auth0SsoError],
    reason: str,
) -> None:
    tenant.on(ASKED, reply)
    error = await _error(directory)
    assert (type(error), error.reason) == (error_type, reason)
    tenant.on(ASKED, roles_reply("admin"))
    assert await directory.roles_of(of(SUBJECT)) == {"admin"}


async def test_expired_roles_are_not_used_during_an_outage(
    tenant: ScriptedTenant, directory: RoleDirectory, clock: HandClock
) -> None:
    await directory.roles_of(of(SUBJECT))
    tenant.on(ASKED, Reply(503))
    await clock.advance(59)
    assert await directory.roles_of(of(SUBJECT)) == {"admin"}
    await clock.advance(1)
    assert (await _error(directory)).reason == "status_503"


async def test_invalidating_a_user_keeps_the_look_up_of_another(
    tenant: ScriptedTenant, directory: RoleDirectory
) -> None:
    gate = asyncio.Event()
    tenant.on(ASKED, roles_reply("admin", gate=gate))
    look_up = asyncio.create_task(directory.roles_of(of(SUBJECT)))
    await tenant.arrival(ASKED)
    await directory.invalidate(OTHER)
    joined = asyncio.create_task(directory.roles_of(of(SUBJECT)))
    gate.set()
    assert set(await asyncio.gather(look_up, joined)) == {frozenset({"admin"})}
    assert tenant.count(ASKED) == 1


async def test_one_failed_look_up_is_raised_by_all_waiting_checks(
    tenant: ScriptedTenant, directory: RoleDirectory
) -> None:
    tenant.on(ASKED, Reply(503))
    errors = await asyncio.gather(*(_error(directory) for _ in range(200)))
    assert {error.reason for error in errors} == {"status_503"}
    assert tenant.count(ASKED) == 3  # one look-up, and its repetitions


async def test_no_more_than_max_entries_are_cached(
    tenant: ScriptedTenant, management: ManagementClient, clock: HandClock
) -> None:
    subjects = [f"auth0|{number}" for number in range(4)]
    for number in range(4):
        tenant.on(f"GET /api/v2/users/auth0%7C{number}/roles", roles_reply("admin"))
        tenant.on(_user_line(f"auth0|{number}"), user(f"auth0|{number}"))
    directory = RoleDirectory(management, RoleCachePolicy(max_entries=3), clock=clock)
    for subject in subjects:
        await directory.roles_of(of(subject))
    for subject in subjects[1:]:
        await directory.roles_of(of(subject))
    assert len(tenant.requests) == 1 + 2 * 4
    await directory.roles_of(of(subjects[0]))
    assert len(tenant.requests) == 1 + 2 * 5


async def test_aclose_cancels_look_ups_in_progress(tenant: ScriptedTenant, directory: RoleDirectory) -> None:
    tenant.on(ASKED, roles_reply("admin", gate=asyncio.Event()))
    waiting = asyncio.create_task(directory.roles_of(of(SUBJECT)))
    await tenant.arrival(ASKED)
    await directory.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize(
    ("reply", "reason"),
    [(error_reply(404, code="inexistent_user"), "user_unknown"), (user(SUBJECT, blocked=True), "user_blocked")],
    ids=["deleted", "blocked"],
)
async def test_a_deleted_or_blocked_user_is_refused_for_the_negative_ttl(
    tenant: ScriptedTenant, directory: RoleDirectory, clock: HandClock, reply: Reply, reason: str
) -> None:
    tenant.on(_user_line(SUBJECT), reply)
    for _ in range(3):
        with pytest.raises(InsufficientScopeError) as caught:
            await directory.roles_of(of(SUBJECT))
        assert caught.value.reason == reason
    assert tenant.count(_user_line(SUBJECT)) == 1
    tenant.on(_user_line(SUBJECT), user(SUBJECT))
    await clock.advance(10)
    assert await directory.roles_of(of(SUBJECT)) == {"admin"}


async def test_a_blocked_user_loses_access_when_the_ttl_ends(
    tenant: ScriptedTenant, directory: RoleDirectory, clock: HandClock
) -> None:
    assert await directory.roles_of(of(SUBJECT)) == {"admin"}
    tenant.on(_user_line(SUBJECT), user(SUBJECT, blocked=True))
    await clock.advance(60)
    with pytest.raises(InsufficientScopeError):
        await directory.roles_of(of(SUBJECT))


async def test_a_user_without_roles_is_looked_up_after_the_negative_ttl(
    tenant: ScriptedTenant, directory: RoleDirectory, clock: HandClock
) -> None:
    tenant.on(ASKED, roles_reply())
    assert await directory.roles_of(of(SUBJECT)) == set()
    tenant.on(ASKED, roles_reply("admin"))
    await clock.advance(9)
    assert await directory.roles_of(of(SUBJECT)) == set()
    await clock.advance(1)
    assert await directory.roles_of(of(SUBJECT)) == {"admin"}


def _member_line(organization: str) -> str:
    return f"GET /api/v2/organizations/{organization}/members/{quote(SUBJECT, safe='')}/roles"


async def test_member_roles_count_in_the_tokens_organization_only(
    tenant: ScriptedTenant, directory: RoleDirectory
) -> None:
    tenant.on(_member_line("org_1"), roles_reply("billing"))
    tenant.on(_member_line("org_2"), roles_reply())
    assert await directory.organization_roles_of(of(SUBJECT, "org_1")) == {"billing"}
    assert await directory.organization_roles_of(of(SUBJECT, "org_2")) == set()
    assert await directory.organization_roles_of(of(SUBJECT)) == set()
    assert tenant.count(_member_line("org_1")) == 1


async def test_tenant_roles_exclude_member_roles_and_their_call(
    tenant: ScriptedTenant, directory: RoleDirectory
) -> None:
    tenant.on(_member_line("org_1"), roles_reply("billing"))
    for organization in ("org_1", "org_2", None):
        assert await directory.roles_of(of(SUBJECT, organization)) == {"admin"}
    assert tenant.count(_member_line("org_1")) == 0
    assert tenant.count(ASKED) == 1


@pytest.mark.parametrize(
    ("reply", "reason"),
    [(error_reply(404, code="inexistent_user"), "user_unknown"), (user(SUBJECT, blocked=True), "user_blocked")],
    ids=["deleted", "blocked"],
)
async def test_a_deleted_or_blocked_user_has_no_roles_in_an_organization(
    tenant: ScriptedTenant, directory: RoleDirectory, reply: Reply, reason: str
) -> None:
    tenant.on(_user_line(SUBJECT), reply)
    tenant.on(_member_line("org_1"), roles_reply("billing"))
    with pytest.raises(InsufficientScopeError) as caught:
        await directory.organization_roles_of(of(SUBJECT, "org_1"))
    assert caught.value.reason == reason


async def test_a_deleted_organization_gives_no_roles_and_takes_none(
    tenant: ScriptedTenant, directory: RoleDirectory
) -> None:
    tenant.on(_member_line("org_1"), error_reply(404, code="inexistent_organization"))
    assert await directory.organization_roles_of(of(SUBJECT, "org_1")) == set()
    assert await directory.roles_of(of(SUBJECT, "org_1")) == {"admin"}


async def test_invalidating_a_user_includes_every_organization(
    tenant: ScriptedTenant, directory: RoleDirectory
) -> None:
    tenant.on(_member_line("org_1"), roles_reply("billing"))
    assert await directory.organization_roles_of(of(SUBJECT, "org_1")) == {"billing"}
    tenant.on(ASKED, roles_reply())
    tenant.on(_member_line("org_1"), roles_reply())
    await directory.invalidate(SUBJECT)
    assert await directory.organization_roles_of(of(SUBJECT, "org_1")) == set()
    assert await directory.roles_of(of(SUBJECT)) == set()


async def test_stale_roles_need_both_the_guard_and_the_setting(
    tenant: ScriptedTenant, management: ManagementClient, clock: HandClock
) -> None:
    directory = RoleDirectory(management, RoleCachePolicy(max_stale=300), clock=clock)
    tenant.on(_user_line(SUBJECT), user(SUBJECT))
    tenant.on(ASKED, roles_reply("admin"))
    await directory.roles_of(of(SUBJECT))
    tenant.on(ASKED, Reply(503))
    clock.now += 61
    assert await directory.roles_of(of(SUBJECT), stale_ok=True) == {"admin"}
    assert (await _error(directory)).reason == "status_503"
    clock.now += 300
    with pytest.raises(ManagementUnavailableError):
        await directory.roles_of(of(SUBJECT), stale_ok=True)


async def test_observers_hear_where_each_look_up_ended(
    tenant: ScriptedTenant, management: ManagementClient, clock: HandClock
) -> None:
    seen: list[Event] = []
    directory = RoleDirectory(management, RoleCachePolicy(max_stale=300), clock=clock, observe=seen.append)
    tenant.on(_user_line(SUBJECT), user(SUBJECT))
    tenant.on(ASKED, roles_reply("admin"), Reply(503))
    await directory.roles_of(of(SUBJECT))
    await directory.roles_of(of(SUBJECT))
    clock.now += 61
    await directory.roles_of(of(SUBJECT), stale_ok=True)
    assert seen == [RoleLookup(result) for result in ("fetched", "cached", "failed", "stale")]


@pytest.mark.parametrize("line", [_member_line("org_1"), ASKED, _user_line(SUBJECT)], ids=["member", "roles", "user"])
async def test_stale_roles_in_an_organization_need_the_guard_too(
    tenant: ScriptedTenant, management: ManagementClient, clock: HandClock, line: str
) -> None:
    directory = RoleDirectory(management, RoleCachePolicy(max_stale=300), clock=clock)
    tenant.on(_user_line(SUBJECT), user(SUBJECT))
    tenant.on(ASKED, roles_reply("admin"))
    tenant.on(_member_line("org_1"), roles_reply("billing"))
    await directory.organization_roles_of(of(SUBJECT, "org_1"))
    tenant.on(line, Reply(503))
    clock.now += 61
    assert await directory.organization_roles_of(of(SUBJECT, "org_1"), stale_ok=True) == {"billing"}
    clock.now += 61
    with pytest.raises(ManagementUnavailableError):
        await directory.organization_roles_of(of(SUBJECT, "org_1"))


async def test_invalidated_roles_are_never_used_as_stale(
    tenant: ScriptedTenant, management: ManagementClient, clock: HandClock
) -> None:
    directory = RoleDirectory(management, RoleCachePolicy(max_stale=300), clock=clock)
    tenant.on(_user_line(SUBJECT), user(SUBJECT))
    tenant.on(ASKED, roles_reply("admin"), Reply(503))
    await directory.roles_of(of(SUBJECT))
    await directory.invalidate(SUBJECT)
    with pytest.raises(ManagementUnavailableError):
        await directory.roles_of(of(SUBJECT), stale_ok=True)


async def test_without_the_setting_no_guard_gets_stale_roles(
    tenant: ScriptedTenant, directory: RoleDirectory, clock: HandClock
) -> None:
    await directory.roles_of(of(SUBJECT))
    tenant.on(ASKED, Reply(503))
    await clock.advance(61)
    with pytest.raises(ManagementUnavailableError):
        await directory.roles_of(of(SUBJECT), stale_ok=True)


@pytest.mark.parametrize("blocked", ["false", 0, {}, [], "no"], ids=repr)
async def test_a_malformed_blocked_member_is_a_block(
    tenant: ScriptedTenant, directory: RoleDirectory, blocked: object
) -> None:
    tenant.on(_user_line(SUBJECT), user(SUBJECT, blocked=blocked))
    assert (await _error(directory)).reason == "user_blocked"


async def test_a_look_up_requests_only_the_blocked_member(tenant: ScriptedTenant, directory: RoleDirectory) -> None:
    await directory.roles_of(of(SUBJECT))
    (asked,) = tenant.seen(_user_line(SUBJECT))
    assert asked.query == "fields=user_id%2Cblocked&include_fields=true"


async def test_malformed_metadata_removes_no_role(tenant: ScriptedTenant, directory: RoleDirectory) -> None:
    tenant.on(_user_line(SUBJECT), user(SUBJECT, user_metadata=["x"], blocked=None, email=7))
    assert await directory.roles_of(of(SUBJECT)) == {"admin"}


async def test_a_malformed_role_is_ignored_and_the_others_count(
    tenant: ScriptedTenant, directory: RoleDirectory
) -> None:
    roles = [{"id": "rol_1", "name": "admin", "description": None}, {"id": "rol_2", "name": 7}, {"id": "rol_3"}, None]
    tenant.on(ASKED, json_reply({"roles": roles, "total": 4}))
    assert await directory.roles_of(of(SUBJECT)) == {"admin"}


async def test_role_look_ups_have_priority_over_all_other_calls(
    tenant: ScriptedTenant, management: ManagementClient, clock: HandClock
) -> None:
    gate = asyncio.Event()
    tenant.on(_user_line(OTHER), user(OTHER, gate=gate))
    for line, reply in ((_user_line(SUBJECT), user(SUBJECT)), (ASKED, roles_reply("admin"))):
        tenant.on(line, reply)
    crowd = [asyncio.create_task(management.on_behalf_of(OTHER).get_user(OTHER)) for _ in range(30)]
    await tenant.arrival(_user_line(OTHER), 10)
    look_up = asyncio.create_task(RoleDirectory(management, clock=clock).roles_of(of(SUBJECT)))
    await clock.settle()
    gate.set()
    assert await look_up == {"admin"}
    await asyncio.gather(*crowd)
    lines = [request.line for request in tenant.requests if request.line != TOKEN]
    assert set(lines[10:12]) == {_user_line(SUBJECT), ASKED}, "after the ten that were under way"
