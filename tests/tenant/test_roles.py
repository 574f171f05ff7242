import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
import pytest

from auth0_sso.errors import Auth0SsoError, ManagementRateLimitedError, ManagementUnavailableError, NotFoundError
from auth0_sso.tenant.credentials import ClientCredentials, ManagementAuth
from auth0_sso.tenant.management import ManagementClient
from auth0_sso.tenant.management_call import ManagementCaller
from auth0_sso.tenant.roles import RoleDirectory
from support.clock import HandClock
from support.issuer import ISSUER, SUBJECT
from support.tenant_script import TOKEN, Reply, ScriptedTenant, error_reply, json_reply, token_reply

OTHER = "auth0|other"


def _line(subject: str) -> str:
    return f"GET /api/v2/users/{quote(subject, safe='')}/roles"


ASKED, ASKED_OTHER = _line(SUBJECT), _line(OTHER)


def _roles(*names: str, gate: asyncio.Event | None = None) -> Reply:
    roles = [{"id": f"rol_{name}", "name": name} for name in names]
    return json_reply({"roles": roles, "start": 0, "limit": 100, "total": len(roles)}, gate=gate)


def management(client: httpx.AsyncClient, clock: HandClock) -> ManagementClient:
    credentials = ClientCredentials("the-client-id", "the-client-secret", f"{ISSUER}api/v2/")
    auth = ManagementAuth(client, ISSUER, credentials, clock=clock.time)
    caller = ManagementCaller(client, ISSUER, auth, clock=clock.time, wall=clock.time, sleep=clock.hurry)
    return ManagementClient(caller)


@pytest.fixture
async def directory(
    tenant: ScriptedTenant, client: httpx.AsyncClient, clock: HandClock
) -> AsyncIterator[RoleDirectory]:
    tenant.on(TOKEN, token_reply("token-1"))
    tenant.on(ASKED, _roles("admin"))
    tenant.on(ASKED_OTHER, _roles("user"))
    directory = RoleDirectory(management(client, clock), ttl=60, clock=clock.time)
    yield directory
    await directory.aclose()


async def _error(directory: RoleDirectory) -> Auth0SsoError:
    with pytest.raises(Auth0SsoError) as raised:
        await directory.roles_of(SUBJECT)
    return raised.value


@pytest.mark.parametrize("names", [(), ("admin",), ("admin", "user"), ("Ädmin", "admin")])
async def test_roles_are_the_names_auth0_says(
    tenant: ScriptedTenant, directory: RoleDirectory, names: tuple[str, ...]
) -> None:
    tenant.on(ASKED, _roles(*names))
    assert await directory.roles_of(SUBJECT) == set(names)


async def test_roles_are_remembered_for_their_time_and_no_longer(
    tenant: ScriptedTenant, directory: RoleDirectory, clock: HandClock
) -> None:
    await directory.roles_of(SUBJECT)
    tenant.on(ASKED, _roles("user"))
    await clock.advance(59)
    assert await directory.roles_of(SUBJECT) == {"admin"}
    assert tenant.count(ASKED) == 1
    await clock.advance(1)
    assert await directory.roles_of(SUBJECT) == {"user"}
    assert tenant.count(ASKED) == 2


async def test_reading_does_not_lengthen_a_memory(
    tenant: ScriptedTenant, directory: RoleDirectory, clock: HandClock
) -> None:
    for _ in range(7):
        await directory.roles_of(SUBJECT)
        await clock.advance(10)
    assert tenant.count(ASKED) == 2


async def test_having_no_roles_is_remembered_too(tenant: ScriptedTenant, directory: RoleDirectory) -> None:
    tenant.on(ASKED, _roles())
    for _ in range(3):
        assert await directory.roles_of(SUBJECT) == set()
    assert tenant.count(ASKED) == 1


async def test_two_hundred_checks_at_once_cost_one_look_up_for_each_subject(
    tenant: ScriptedTenant, directory: RoleDirectory
) -> None:
    checks = [directory.roles_of(subject) for subject in [SUBJECT, OTHER] * 100]
    assert await asyncio.gather(*checks) == [{"admin"}, {"user"}] * 100
    assert (tenant.count(ASKED), tenant.count(ASKED_OTHER)) == (1, 1)


async def test_nobody_gets_the_roles_of_somebody_else(tenant: ScriptedTenant, directory: RoleDirectory) -> None:
    near = [SUBJECT.upper(), f"{SUBJECT} ", f"{SUBJECT}/", SUBJECT.replace("|", "%7C")]
    assert await directory.roles_of(SUBJECT) == {"admin"}
    for subject in near:
        tenant.on(_line(subject), _roles())
        assert await directory.roles_of(subject) == set()


async def test_a_check_that_gives_up_leaves_the_look_up_to_the_others(
    tenant: ScriptedTenant, directory: RoleDirectory
) -> None:
    gate = asyncio.Event()
    tenant.on(ASKED, _roles("admin", gate=gate))
    impatient, patient = (asyncio.create_task(directory.roles_of(SUBJECT)) for _ in range(2))
    await tenant.arrival(ASKED)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    gate.set()
    assert await patient == {"admin"}
    assert tenant.count(ASKED) == 1


async def test_forget_asks_anew_at_the_next_check(tenant: ScriptedTenant, directory: RoleDirectory) -> None:
    await directory.roles_of(SUBJECT)
    await directory.roles_of(OTHER)
    tenant.on(ASKED, _roles("user"))
    directory.forget(SUBJECT)
    assert await directory.roles_of(SUBJECT) == {"user"}
    await directory.roles_of(OTHER)
    assert (tenant.count(ASKED), tenant.count(ASKED_OTHER)) == (2, 1)


async def test_forgetting_a_stranger_is_no_error(directory: RoleDirectory) -> None:
    directory.forget("auth0|nobody")
    assert await directory.roles_of(SUBJECT) == {"admin"}


async def test_forget_drops_an_answer_that_was_under_way(tenant: ScriptedTenant, directory: RoleDirectory) -> None:
    old, new = asyncio.Event(), asyncio.Event()
    tenant.on(ASKED, _roles("admin", gate=old), _roles("user", gate=new))
    before = asyncio.create_task(directory.roles_of(SUBJECT))
    await tenant.arrival(ASKED)
    directory.forget(SUBJECT)
    after = asyncio.create_task(directory.roles_of(SUBJECT))
    await tenant.arrival(ASKED, 2)
    new.set()
    assert await after == {"user"}
    old.set()
    assert await before == {"admin"}
    assert await directory.roles_of(SUBJECT) == {"user"}, "the older answer came last and won"
    assert tenant.count(ASKED) == 2


async def test_an_answer_forgotten_under_way_is_not_remembered(
    tenant: ScriptedTenant, directory: RoleDirectory
) -> None:
    gate = asyncio.Event()
    tenant.on(ASKED, _roles("admin", gate=gate), _roles("user"))
    before = asyncio.create_task(directory.roles_of(SUBJECT))
    await tenant.arrival(ASKED)
    directory.forget(SUBJECT)
    gate.set()
    assert await before == {"admin"}
    assert await directory.roles_of(SUBJECT) == {"user"}


@pytest.mark.parametrize(
    ("reply", "error_type", "reason"),
    [
        pytest.param(error_reply(404, code="inexistent_user"), NotFoundError, "inexistent_user"),
        pytest.param(error_reply(429), ManagementRateLimitedError, "rate_limited"),
        pytest.param(Reply(503), ManagementUnavailableError, "status_503"),
    ],
    ids=["gone", "rate-limited", "down"],
)
async def test_an_error_gives_no_access_and_is_not_remembered(
    tenant: ScriptedTenant,
    directory: RoleDirectory,
    reply: Reply,
    error_type: type[Auth0SsoError],
    reason: str,
) -> None:
    tenant.on(ASKED, reply)
    error = await _error(directory)
    assert (type(error), error.reason) == (error_type, reason)
    tenant.on(ASKED, _roles("admin"))
    assert await directory.roles_of(SUBJECT) == {"admin"}


async def test_old_roles_do_not_outlive_their_time_in_an_outage(
    tenant: ScriptedTenant, directory: RoleDirectory, clock: HandClock
) -> None:
    await directory.roles_of(SUBJECT)
    tenant.on(ASKED, Reply(503))
    await clock.advance(59)
    assert await directory.roles_of(SUBJECT) == {"admin"}
    await clock.advance(1)
    assert (await _error(directory)).reason == "status_503"


async def test_an_error_reaches_every_check_for_the_price_of_one(
    tenant: ScriptedTenant, directory: RoleDirectory
) -> None:
    tenant.on(ASKED, Reply(503))
    errors = await asyncio.gather(*(_error(directory) for _ in range(200)))
    assert {error.reason for error in errors} == {"status_503"}
    assert tenant.count(ASKED) == 3  # one look-up, and its repetitions


async def test_no_more_subjects_are_remembered_than_was_said(
    tenant: ScriptedTenant, client: httpx.AsyncClient, clock: HandClock
) -> None:
    tenant.on(TOKEN, token_reply("token-1"))
    subjects = [f"auth0|{number}" for number in range(4)]
    for number in range(4):
        tenant.on(f"GET /api/v2/users/auth0%7C{number}/roles", _roles("admin"))
    directory = RoleDirectory(management(client, clock), most_subjects=3, clock=clock.time)
    for subject in subjects:
        await directory.roles_of(subject)
    for subject in subjects[1:]:
        await directory.roles_of(subject)
    assert len(tenant.requests) == 1 + 4
    await directory.roles_of(subjects[0])
    assert len(tenant.requests) == 1 + 5


async def test_aclose_gives_up_look_ups_under_way(tenant: ScriptedTenant, directory: RoleDirectory) -> None:
    tenant.on(ASKED, _roles("admin", gate=asyncio.Event()))
    waiting = asyncio.create_task(directory.roles_of(SUBJECT))
    await tenant.arrival(ASKED)
    await directory.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting
