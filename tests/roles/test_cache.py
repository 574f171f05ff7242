from collections.abc import Callable

import pytest

from auth0_sso.roles.cache import RoleCache, RoleCachePolicy
from auth0_sso.roles.user_roles import UserRoles, UserRolesKey
from auth0_sso.testing.clock import HandClock

KEY = ("auth0|1", None)
MEMBER_KEY = ("auth0|1", "org_1")
OTHER_KEY = ("auth0|2", None)
ADMIN = UserRoles(frozenset({"admin"}))


def test_an_entry_expires_after_the_ttl_less_its_age(clock: HandClock) -> None:
    cache = RoleCache(RoleCachePolicy(ttl=60), clock=clock)
    cache.put(KEY, ADMIN)
    cache.put(OTHER_KEY, UserRoles(frozenset({"admin"}), age=20))
    clock.now += 39
    assert cache.get(OTHER_KEY) is not None
    clock.now += 2
    assert cache.get(OTHER_KEY) is None
    assert cache.get(KEY) is ADMIN
    clock.now += 20
    assert cache.get(KEY) is None


@pytest.mark.parametrize("refused", [UserRoles(), UserRoles(refusal="user_blocked")], ids=["no-roles", "blocked"])
def test_a_user_without_roles_is_due_after_the_negative_ttl(clock: HandClock, refused: UserRoles) -> None:
    cache = RoleCache(RoleCachePolicy(ttl=60, negative_ttl=10), clock=clock)
    cache.put(KEY, refused)
    clock.now += 9
    assert not cache.is_due(KEY)
    clock.now += 1
    assert cache.is_due(KEY)
    clock.now += 49
    assert cache.get(KEY) == refused
    clock.now += 1
    assert cache.get(KEY) is None
    assert not cache.is_due(KEY)


def test_the_age_in_another_process_counts_for_the_negative_ttl(clock: HandClock) -> None:
    cache = RoleCache(RoleCachePolicy(ttl=60, negative_ttl=10), clock=clock)
    cache.put(KEY, UserRoles(age=10))
    assert cache.is_due(KEY)


def test_a_user_with_roles_is_never_due_before_the_ttl(clock: HandClock) -> None:
    cache = RoleCache(RoleCachePolicy(ttl=60, negative_ttl=10), clock=clock)
    cache.put(KEY, ADMIN)
    clock.now += 59
    assert not cache.is_due(KEY)


def test_a_user_without_roles_is_remembered_for_an_hour(clock: HandClock) -> None:
    cache = RoleCache(RoleCachePolicy(ttl=60), clock=clock)
    assert not cache.had_no_roles(KEY)
    cache.put(KEY, UserRoles())
    clock.now += 3599
    assert cache.had_no_roles(KEY)
    assert not cache.had_no_roles(MEMBER_KEY)
    clock.now += 1
    assert not cache.had_no_roles(KEY)


def test_a_member_with_roles_in_an_organization_is_not_one_without_roles(clock: HandClock) -> None:
    cache = RoleCache(RoleCachePolicy(ttl=60), clock=clock)
    cache.put(KEY, UserRoles())
    cache.put(MEMBER_KEY, ADMIN)
    clock.now += 60
    cache.put(KEY, UserRoles())
    assert not cache.had_no_roles(KEY)


@pytest.mark.parametrize(
    "forget",
    [
        lambda cache: cache.put(KEY, ADMIN),
        lambda cache: cache.invalidate(KEY[0]),
        lambda cache: cache.clear(),
    ],
    ids=["roles-found", "invalidated", "cleared"],
)
def test_it_is_forgotten_that_a_user_had_no_roles(clock: HandClock, forget: Callable[[RoleCache], None]) -> None:
    cache = RoleCache(RoleCachePolicy(), clock=clock)
    cache.put(KEY, UserRoles())
    forget(cache)
    assert not cache.had_no_roles(KEY)


def test_an_expired_entry_is_stale_for_max_stale_seconds(clock: HandClock) -> None:
    cache = RoleCache(RoleCachePolicy(ttl=60, max_stale=300), clock=clock)
    cache.put(KEY, ADMIN)
    clock.now += 61
    assert cache.get(KEY) is None
    assert cache.get_stale(KEY) is ADMIN
    clock.now += 300
    assert cache.get_stale(KEY) is None


def test_nothing_is_stale_without_max_stale(clock: HandClock) -> None:
    cache = RoleCache(RoleCachePolicy(ttl=60), clock=clock)
    cache.put(KEY, ADMIN)
    clock.now += 61
    assert cache.get_stale(KEY) is None


def test_invalidating_a_user_removes_fresh_and_stale_entries_of_no_other(clock: HandClock) -> None:
    cache = RoleCache(RoleCachePolicy(ttl=60, max_stale=300), clock=clock)
    for key in (KEY, MEMBER_KEY):
        cache.put(key, ADMIN)
    clock.now += 61
    cache.put(MEMBER_KEY, ADMIN)
    cache.put(OTHER_KEY, ADMIN)
    cache.invalidate("auth0|1")
    cache.invalidate("auth0|unknown")
    assert [cache.get(key) or cache.get_stale(key) for key in (KEY, MEMBER_KEY, OTHER_KEY)] == [None, None, ADMIN]


def test_clearing_ten_thousand_users_leaves_none(clock: HandClock) -> None:
    cache = RoleCache(RoleCachePolicy(max_stale=300), clock=clock)
    keys: list[UserRolesKey] = [(f"auth0|{number}", None) for number in range(10_000)]
    for key in keys:
        cache.put(key, ADMIN)
    assert len(cache) == 10_000
    cache.clear()
    assert len(cache) == 0
    assert all(cache.get_stale(key) is None for key in keys)
