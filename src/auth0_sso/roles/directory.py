"""Roles from the Management API, cached.

Auth0 names a Management call for each request as a main cause of 429s in production: hence the role cache, and single
flight for each user. When the roles are unknown access is denied: the error of the Management API is raised.

Users without roles are looked up again soon, since a role may just have been granted. Many of them, who ask again and
again, would cause more calls than all other users. So these early look-ups have a budget, and beyond it users without
roles are cached as long as others.
"""

import asyncio
from typing import Final

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import ManagementUnavailableError, NotFoundError, TenantError
from auth0_sso.events import IGNORE, Observer, RoleLookup, RoleLookupResult, TenantCallShed
from auth0_sso.management.client import ManagementClient
from auth0_sso.management.models import Role
from auth0_sso.resilience.single_flight import SingleFlight, TooManyWaitingError
from auth0_sso.resilience.token_bucket import TokenBucket
from auth0_sso.roles.cache import RoleCache, RoleCachePolicy
from auth0_sso.roles.shared import SharedRoles
from auth0_sso.roles.user_roles import UserRoles, UserRolesKey
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.tracing.current import part

_MAX_WAITING: Final = 1000
"""How many requests may wait for look-ups: half of what the service has in flight at most, by default."""

_EARLY_LOOK_UPS: Final = 10
_EARLY_LOOK_UP_SECONDS: Final = 1.0
"""Early look-ups of users without roles: ten at once, and one a second."""


class RoleDirectory:
    """A `RoleSource` by the Management API: a user's roles in the whole tenant, and separately in an organization."""

    def __init__(
        self,
        management: ManagementClient,
        policy: RoleCachePolicy | None = None,
        *,
        shared: SharedRoles | None = None,
        clock: Clock = SYSTEM_CLOCK,
        observe: Observer = IGNORE,
    ) -> None:
        """Take the Management client, how long roles are cached, the cache that replicas share, and the clock."""
        self._observe = observe
        self._management = management
        self._shared = shared
        self._policy = RoleCachePolicy() if policy is None else policy
        self._cache = RoleCache(self._policy, clock=clock)
        self._flight: SingleFlight[UserRolesKey, UserRoles] = SingleFlight(max_waiting=_MAX_WAITING)
        self._early = TokenBucket(capacity=_EARLY_LOOK_UPS, refill_seconds=_EARLY_LOOK_UP_SECONDS, clock=clock)
        self._invalidations = 0

    async def roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:
        """Return the names of the roles assigned to a token's user in the whole tenant.

        Raises `InsufficientScopeError` for a user who is deleted or blocked, and the errors of `ManagementClient`.
        """
        return await self._roles_for((token.subject, None), stale_ok=stale_ok)

    async def organization_roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:
        """Return the names of the roles of a token's user within its organization; errors as in `roles_of`."""
        if token.organization is None:
            return frozenset()
        member_roles, _ = await asyncio.gather(
            self._roles_for((token.subject, token.organization), stale_ok=stale_ok),
            self._roles_for((token.subject, None), stale_ok=stale_ok),  # raises for a blocked user
        )
        return member_roles

    async def invalidate(self, subject: str) -> None:
        """Drop the cached roles of a user, in every organization and every replica."""
        self.invalidate_locally(subject)
        if self._shared is not None:
            await self._shared.publish(subject)

    def invalidate_locally(self, subject: str) -> None:
        """Drop the cached roles of a user in this process."""
        self._invalidations += 1
        self._cache.invalidate(subject)
        for key in self._flight.in_flight:
            if key[0] == subject:
                self._flight.invalidate(key)

    def invalidate_all_locally(self) -> None:
        """Drop all cached roles in this process: a published change may have been missed."""
        self._invalidations += 1
        self._cache.clear()
        for key in self._flight.in_flight:
            self._flight.invalidate(key)

    async def aclose(self) -> None:
        """Cancel look-ups in progress."""
        await self._flight.aclose()

    async def _roles_for(self, key: UserRolesKey, *, stale_ok: bool) -> frozenset[str]:
        cached = self._cache.get(key)
        if cached is not None and (cached.roles or not self._may_look_up_early(key)):
            if self._observe is not IGNORE:
                self._observe(RoleLookup("cached"))
            return cached.require()
        try:
            return (await self._run(key)).require()
        except ManagementUnavailableError:
            known = self._cache.get(key) or (self._cache.get_stale(key) if stale_ok else None)
            if known is None:
                raise
            self._observe(RoleLookup("stale"))
            return known.require()

    def _may_look_up_early(self, key: UserRolesKey) -> bool:
        return self._cache.is_due(key) and not self._flight.is_in_flight(key) and self._early.take()

    async def _run(self, key: UserRolesKey) -> UserRoles:
        """Look up a user's roles, or join the look-up in progress."""
        try:
            with part("look up roles"):
                return await self._flight.run(key, lambda: self._look_up(key))
        except TooManyWaitingError:
            self._observe(TenantCallShed("management", "queue_full"))
            raise ManagementUnavailableError("queue_full", retry_after=1) from None

    async def _look_up(self, key: UserRolesKey) -> UserRoles:
        invalidations = self._invalidations
        try:
            user_roles, result = await self._read(key)
        except TenantError:
            self._observe(RoleLookup("failed"))
            raise
        self._observe(RoleLookup(result))
        if invalidations == self._invalidations:  # else it may predate a change
            self._cache.put(key, user_roles)
        return user_roles

    async def _read(self, key: UserRolesKey) -> tuple[UserRoles, RoleLookupResult]:
        """Return the roles that another replica looked up, else look them up and share them."""
        shared = self._shared
        if shared is None:
            return await self._fetch(*key), "fetched"
        is_early = self._cache.is_due(key)
        cached, reading = await shared.read(key)
        if cached is not None and not (is_early and self._policy.is_due(cached, cached.age)):
            return cached, "shared"
        user_roles = await self._fetch(*key)
        if reading is not None:
            await shared.write(key, user_roles, reading, ttl=self._policy.ttl)
        return user_roles, "fetched"

    async def _fetch(self, subject: str, organization: str | None) -> UserRoles:
        is_known = self._cache.had_no_roles((subject, organization))
        management = self._management.on_behalf_of(subject, high_priority=not is_known, low_priority=is_known)
        if organization is None:
            return await _user_roles(management, subject)
        return await _member_roles(management, subject, organization)


async def _user_roles(management: ManagementClient, subject: str) -> UserRoles:
    try:
        # The user as well: the assigned roles do not show a block. No metadata, which may be large.
        user, assigned = await asyncio.gather(
            management.get_user(subject, fields=("user_id", "blocked")), management.list_user_roles(subject)
        )
    except NotFoundError:
        return UserRoles(refusal="user_unknown")
    return UserRoles(refusal="user_blocked") if user.blocked else UserRoles(_names(assigned))


async def _member_roles(management: ManagementClient, subject: str, organization: str) -> UserRoles:
    try:
        return UserRoles(_names(await management.list_member_roles(organization, subject)))
    except NotFoundError:  # the organization is deleted, or the user is no longer its member
        return UserRoles()


def _names(roles: tuple[Role, ...]) -> frozenset[str]:
    return frozenset(role.name for role in roles if role.name)
