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


def test_a_user_without_roles_is_cached_for_the_negative_ttl(clock: HandClock) -> None:
    cache = RoleCache(RoleCachePolicy(ttl=60, negative_ttl=10), clock=clock)
    cache.put(KEY, UserRoles())
    clock.now += 9
    assert cache.get(KEY) == UserRoles()
    clock.now += 2
    assert cache.get(KEY) is None


def test_the_negative_ttl_is_never_longer_than_the_ttl() -> None:
    assert RoleCachePolicy(ttl=5, negative_ttl=10).ttl_of(UserRoles(refusal="user_blocked")) == 5


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
