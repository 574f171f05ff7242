"""The role cache of one process: entries with a TTL, a shorter negative TTL, and stale ones for outages."""

from dataclasses import dataclass

from cachetools import TLRUCache

from auth0_sso.clock import Clock
from auth0_sso.roles.user_roles import UserRoles, UserRolesKey


@dataclass(frozen=True, slots=True)
class RoleCachePolicy:
    """How long roles are cached, in seconds, and for how many users.

    `negative_ttl` is for users without a role, deleted or blocked, so that access which was just granted works soon.
    `max_stale` is for guards that accept expired entries while Auth0 does not respond.
    """

    ttl: float = 60
    negative_ttl: float = 10
    max_stale: float = 0
    max_entries: int = 10_000

    def ttl_of(self, user_roles: UserRoles) -> float:
        """Return the seconds for which an entry is cached."""
        return self.ttl if user_roles.roles else min(self.negative_ttl, self.ttl)


class RoleCache:
    """An LRU cache by subject and organization. The age of an entry counts from its look-up, in any replica."""

    def __init__(self, policy: RoleCachePolicy, *, clock: Clock) -> None:
        """Take how long and how many entries are cached, and the clock."""

        def expiry(_: UserRolesKey, user_roles: UserRoles, now: float) -> float:
            return now + policy.ttl_of(user_roles) - user_roles.age

        def stale_expiry(_: UserRolesKey, user_roles: UserRoles, now: float) -> float:
            return now + policy.ttl + policy.max_stale - user_roles.age

        self._entries: TLRUCache[UserRolesKey, UserRoles] = TLRUCache(
            policy.max_entries, expiry, timer=clock.monotonic
        )
        self._stale: TLRUCache[UserRolesKey, UserRoles] = TLRUCache(
            policy.max_entries if policy.max_stale else 0, stale_expiry, timer=clock.monotonic
        )

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: UserRolesKey) -> UserRoles | None:
        """Return an entry that has not expired, or None."""
        return self._entries.get(key)

    def get_stale(self, key: UserRolesKey) -> UserRoles | None:
        """Return an entry that expired at most `max_stale` seconds ago, or None."""
        return self._stale.get(key)

    def put(self, key: UserRolesKey, user_roles: UserRoles) -> None:
        """Add or replace an entry."""
        self._entries[key] = user_roles
        if self._stale.maxsize:
            self._stale[key] = user_roles

    def invalidate(self, subject: str) -> None:
        """Remove a user's entries, in the tenant and in every organization."""
        for key in [key for key in (*self._entries, *self._stale) if key[0] == subject]:
            self._entries.pop(key, None)
            self._stale.pop(key, None)

    def clear(self) -> None:
        """Remove all entries."""
        self._entries.clear()
        self._stale.clear()
