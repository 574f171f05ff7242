"""Many users at once: without roles, and while Auth0 does not answer."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from auth0_sso.errors import ManagementUnavailableError
from auth0_sso.events import Event, TenantCallShed
from auth0_sso.management.client import ManagementClient
from auth0_sso.roles.cache import RoleCachePolicy
from auth0_sso.roles.directory import RoleDirectory
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, user_claims
from auth0_sso.tokens.claims import AccessToken, TokenPolicy, validate
from support.crowd_tenant import CrowdTenant, crowd_management

NONE: frozenset[str] = frozenset()


@pytest.fixture
def crowd() -> CrowdTenant:
    return CrowdTenant()


@pytest.fixture
async def management(crowd: CrowdTenant, clock: HandClock) -> AsyncIterator[ManagementClient]:
    async with crowd_management(crowd, clock) as client:
        yield client


@pytest.fixture
async def directory(management: ManagementClient, clock: HandClock) -> AsyncIterator[RoleDirectory]:
    directory = RoleDirectory(management, clock=clock)
    yield directory
    await directory.aclose()


def tokens(clock: HandClock, number: int, prefix: str = "auth0|") -> list[AccessToken]:
    policy = TokenPolicy(ISSUER, frozenset({AUDIENCE}))
    return [validate(user_claims(clock.now, sub=f"{prefix}{n:04}"), policy, clock.now) for n in range(number)]


async def poll(directory: RoleDirectory, users: list[AccessToken]) -> set[frozenset[str]]:
    return set(await asyncio.gather(*map(directory.roles_of, users)))


async def polled(
    directory: RoleDirectory, users: list[AccessToken], clock: HandClock, crowd: CrowdTenant, *, seconds: int
) -> int:
    """Ask for the roles of all every five seconds; return the number of look-ups."""
    before = len(crowd.asked)
    for _ in range(seconds // 5):
        assert await poll(directory, users) == {NONE}
        clock.now += 5
    return len(crowd.asked) - before


async def test_ten_users_without_roles_are_looked_up_every_ten_seconds(
    directory: RoleDirectory, crowd: CrowdTenant, clock: HandClock
) -> None:
    assert await polled(directory, tokens(clock, 10), clock, crowd, seconds=120) == 10 * 120 // 10


async def test_a_crowd_without_roles_makes_few_early_look_ups(
    directory: RoleDirectory, crowd: CrowdTenant, clock: HandClock
) -> None:
    users = tokens(clock, 300)
    await polled(directory, users, clock, crowd, seconds=10)
    looked_up = await polled(directory, users, clock, crowd, seconds=120)
    as_others, early = 300 * 120 // 60, 120 + 10
    assert as_others <= looked_up <= as_others + early, "every ten seconds it were 3,600"


async def test_no_user_of_a_crowd_waits_longer_than_the_ttl_for_a_new_role(
    directory: RoleDirectory, crowd: CrowdTenant, clock: HandClock
) -> None:
    users = tokens(clock, 300)
    await polled(directory, users, clock, crowd, seconds=55)
    crowd.roles = {token.subject: "admin" for token in users}
    clock.now += 60
    assert await poll(directory, users) == {frozenset({"admin"})}


async def test_a_role_granted_through_this_api_is_known_at_once(
    directory: RoleDirectory, crowd: CrowdTenant, clock: HandClock
) -> None:
    users = tokens(clock, 300)
    await polled(directory, users, clock, crowd, seconds=30)
    crowd.roles[users[7].subject] = "admin"
    await directory.invalidate(users[7].subject)
    assert await directory.roles_of(users[7]) == {"admin"}


async def test_an_early_look_up_that_fails_does_not_change_the_answer(
    directory: RoleDirectory, crowd: CrowdTenant, clock: HandClock
) -> None:
    (user,) = tokens(clock, 1)
    await directory.roles_of(user)
    crowd.status = 503
    clock.now += 20
    assert await directory.roles_of(user) == NONE
    assert len(crowd.asked) > 1
    clock.now += 40
    with pytest.raises(ManagementUnavailableError):
        await directory.roles_of(user)


async def test_a_role_that_is_not_known_any_more_is_no_answer_to_a_failure(
    directory: RoleDirectory, crowd: CrowdTenant, clock: HandClock
) -> None:
    (user,) = tokens(clock, 1)
    await directory.roles_of(user)
    crowd.hang()
    crowd.status = 503
    clock.now += 20
    early = asyncio.create_task(directory.roles_of(user))
    await clock.settle()
    await directory.invalidate(user.subject)
    crowd.answers.set()
    with pytest.raises(ManagementUnavailableError):
        await early


async def test_during_an_early_look_up_others_get_the_known_answer(
    directory: RoleDirectory, crowd: CrowdTenant, clock: HandClock
) -> None:
    (user,) = tokens(clock, 1)
    await directory.roles_of(user)
    crowd.hang()
    clock.now += 20
    early = asyncio.create_task(directory.roles_of(user))
    await clock.settle()
    assert await directory.roles_of(user) == NONE
    crowd.answers.set()
    assert await early == NONE


async def test_users_known_to_have_no_roles_are_looked_up_after_others(
    directory: RoleDirectory, crowd: CrowdTenant, clock: HandClock
) -> None:
    known, new = tokens(clock, 200), tokens(clock, 3, "auth0|new")
    crowd.roles = {token.subject: "admin" for token in new}
    await poll(directory, known)
    clock.now += 60
    crowd.hang()
    crowd.asked.clear()
    waiting = [asyncio.create_task(directory.roles_of(token)) for token in known]
    await clock.settle()
    assert len(crowd.asked) < 10, "ten calls are in flight"
    newcomers = asyncio.create_task(poll(directory, new))
    await clock.settle()
    crowd.answers.set()
    assert await newcomers == {frozenset({"admin"})}
    assert len(crowd.asked) < 20, "the crowd was looked up first"
    await asyncio.gather(*waiting)


async def _outcomes(directory: RoleDirectory, users: list[AccessToken], clock: HandClock) -> Counter[str]:
    """Ask for the roles of all at once; return the reasons of those refused by now."""
    asking = [asyncio.create_task(directory.roles_of(token)) for token in users]
    await clock.settle()
    refused = [task.exception() for task in asking if task.done()]
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    return Counter(error.reason for error in refused if isinstance(error, ManagementUnavailableError))


async def test_of_five_thousand_users_a_thousand_wait_for_a_tenant_that_hangs(
    directory: RoleDirectory, crowd: CrowdTenant, clock: HandClock
) -> None:
    crowd.hang()
    assert await _outcomes(directory, tokens(clock, 5000), clock) == {"queue_full": 4000}
    assert len(crowd.asked) <= 10


async def test_of_five_thousand_requests_of_one_user_a_thousand_wait(
    management: ManagementClient, crowd: CrowdTenant, clock: HandClock
) -> None:
    crowd.hang()
    seen: list[Event] = []
    directory = RoleDirectory(management, clock=clock, observe=seen.append)
    assert await _outcomes(directory, tokens(clock, 1) * 5000, clock) == {"queue_full": 4000}
    assert seen.count(TenantCallShed("management", "queue_full")) == 4000
    await directory.aclose()


async def test_those_refused_can_be_asked_for_again_later(
    directory: RoleDirectory, crowd: CrowdTenant, clock: HandClock
) -> None:
    crowd.hang()
    await _outcomes(directory, tokens(clock, 1500), clock)
    crowd.answers.set()
    assert await poll(directory, tokens(clock, 10, "auth0|later")) == {NONE}


async def test_known_roles_are_used_while_too_many_wait(
    management: ManagementClient, crowd: CrowdTenant, clock: HandClock
) -> None:
    directory = RoleDirectory(management, RoleCachePolicy(max_stale=300), clock=clock)
    known, stale = tokens(clock, 2, "auth0|known")
    crowd.roles = {known.subject: "admin", stale.subject: "admin"}
    await directory.roles_of(stale)
    clock.now += 59
    await directory.roles_of(known)
    clock.now += 1
    crowd.hang()
    waiting = [asyncio.create_task(directory.roles_of(token)) for token in tokens(clock, 1000)]
    await clock.settle()
    assert await directory.roles_of(known) == {"admin"}
    assert await directory.roles_of(stale, stale_ok=True) == {"admin"}
    with pytest.raises(ManagementUnavailableError) as raised:
        await directory.roles_of(stale)
    assert raised.value.reason == "queue_full"
    await directory.aclose()
    await asyncio.gather(*waiting, return_exceptions=True)
