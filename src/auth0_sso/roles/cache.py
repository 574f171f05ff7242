"""The role cache of one process: entries with a TTL, a shorter negative TTL, and stale ones for outages."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from cachetools import TLRUCache, TTLCache

from auth0_sso.clock import Clock
from auth0_sso.roles.user_roles import UserRoles, UserRolesKey

_REMEMBERED: Final = 3600
"""Seconds for which it is known whether a user had roles: look-ups of those without go after those of others."""


@dataclass(frozen=True, slots=True)
class RoleCachePolicy:
    """How long roles are cached, in seconds, and for how many users.

    `negative_ttl` is for users without a role, deleted or blocked, so that access which was just granted works soon:
    after that time they are looked up again, unless there are too many of them; then they are after `ttl` seconds.
    `max_stale` is for guards that accept expired entries while Auth0 does not respond.
    """

    ttl: float = 60
    negative_ttl: float = 10
    max_stale: float = 0
    max_entries: int = 10_000

    def is_due(self, user_roles: UserRoles, age: float) -> bool:
        """Return whether roles of this age, in seconds, should be looked up again, although they may be used."""
        return not user_roles.roles and age >= self.negative_ttl


class _Entry(NamedTuple):
    user_roles: UserRoles
    looked_up_at: float


class RoleCache:
    """An LRU cache by subject and organization. The age of an entry counts from its look-up, in any replica."""

    def __init__(self, policy: RoleCachePolicy, *, clock: Clock) -> None:
        """Take how long and how many entries are cached, and the clock."""

        def expiry(_: UserRolesKey, entry: _Entry, __: float) -> float:
            return entry.looked_up_at + policy.ttl

        def stale_expiry(_: UserRolesKey, user_roles: UserRoles, now: float) -> float:
            return now + policy.ttl + policy.max_stale - user_roles.age

        self._policy = policy
        self._clock = clock
        self._entries: TLRUCache[UserRolesKey, _Entry] = TLRUCache(policy.max_entries, expiry, timer=clock.monotonic)
        self._without_roles: TTLCache[UserRolesKey, None] = TTLCache(
            policy.max_entries, _REMEMBERED, timer=clock.monotonic
        )
        self._with_roles: TTLCache[str, None] = TTLCache(policy.max_entries, _REMEMBERED, timer=clock.monotonic)
        self._stale: TLRUCache[UserRolesKey, UserRoles] = TLRUCache(
            policy.max_entries if policy.max_stale else 0, stale_expiry, timer=clock.monotonic
        )

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: UserRolesKey) -> UserRoles | None:
        """Return an entry that has not expired, or None."""
        entry = self._entries.get(key)
        return None if entry is None else entry.user_roles

    def is_due(self, key: UserRolesKey) -> bool:
        """Return whether an entry should be looked up again, although it has not expired."""
        entry = self._entries.get(key)
        age = 0.0 if entry is None else self._clock.monotonic() - entry.looked_up_at
        return entry is not None and self._policy.is_due(entry.user_roles, age)

    def had_no_roles(self, key: UserRolesKey) -> bool:
        """Return whether the last look-up found no roles, and none of the user found any, in the last hour.

        A member who has roles in an organization often has none in the whole tenant.
        """
        return key in self._without_roles and key[0] not in self._with_roles

    def get_stale(self, key: UserRolesKey) -> UserRoles | None:
        """Return an entry that expired at most `max_stale` seconds ago, or None."""
        return self._stale.get(key)

    def put(self, key: UserRolesKey, user_roles: UserRoles) -> None:
        """Add or replace an entry."""
        self._entries[key] = _Entry(user_roles, self._clock.monotonic() - user_roles.age)
        if user_roles.roles:
            self._with_roles[key[0]] = None
            self._without_roles.pop(key, None)
        else:
            self._without_roles[key] = None
        if self._stale.maxsize:
            self._stale[key] = user_roles

    def invalidate(self, subject: str) -> None:
        """Remove a user's entries, in the tenant and in every organization."""
        self._with_roles.pop(subject, None)
        for cache in (self._entries, self._stale, self._without_roles):
            for key in [key for key in cache if key[0] == subject]:
                cache.pop(key, None)

    def clear(self) -> None:
        """Remove all entries."""
        self._entries.clear()
        self._stale.clear()
        self._without_roles.clear()
        self._with_roles.clear()
