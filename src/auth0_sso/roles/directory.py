"""Who has which role: asked of the Management API and remembered for a short while, or read from the token.

Auth0's engineers name a Management call for each request as a main cause of 429s in production: hence the cache,
and one look-up under way for a subject. Whoever cannot be asked about gets no access (the error passes through).
"""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from cachetools import TLRUCache

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import InsufficientScopeError, ManagementUnavailableError, NotFoundError
from auth0_sso.management.client import ManagementClient
from auth0_sso.management.models import Role
from auth0_sso.resilience.single_flight import SingleFlight
from auth0_sso.roles.shared import SharedRoles
from auth0_sso.roles.user_roles import UserRoles, UserRolesKey
from auth0_sso.tokens.claims import AccessToken


class RoleSource(Protocol):
    """Where the roles behind a token come from."""

    async def roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:
        """Return the names of the roles a token's user has in the whole tenant.

        `stale_ok` accepts old roles while Auth0 cannot be asked. Raises `InsufficientScopeError` for a user who is
        deleted or blocked, and `TenantError`s.
        """

    async def organization_roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:
        """Return the names of the roles a token's user has as a member of the token's organization, and only there.

        Empty for a token without an organization. `stale_ok` and the errors are those of `roles_of`.
        """

    async def invalidate(self, subject: str) -> None:
        """Ask anew at the next check, in every replica: the user's roles have changed."""


class ClaimRoles:
    """Roles as an Action wrote them into a claim of the token: as old as the token, and as true as the Action.

    In a login to an organization Auth0 gives an Action the member's roles too, and does not say which they are. So
    all roles of such a token count as the organization's, and none as the tenant's.
    """

    def __init__(self, claim: str) -> None:
        """Take the claim's name, a URI of one's own (Auth0: "Create custom claims")."""
        self._claim = claim

    async def roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:  # noqa: ARG002 - a token's claim is never stale
        """Return the claim's names for a token without an organization, else none; errors as in `_names`."""
        names = self._names(token)
        return names if token.organization is None else frozenset()

    async def organization_roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:  # noqa: ARG002 - a token's claim is never stale
        """Return the claim's names for a token of an organization, else none; errors as in `_names`."""
        names = self._names(token)
        return frozenset() if token.organization is None else names

    async def invalidate(self, subject: str) -> None:
        """Do nothing: what a token says stays said."""

    def _names(self, token: AccessToken) -> frozenset[str]:
        """Return the claim's names; none where the token lacks it, `InsufficientScopeError` where it is malformed."""
        names = token.claims.get(self._claim, ())
        if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
            raise InsufficientScopeError("role_claim_invalid", "The roles of this token cannot be read.")
        return frozenset(names)


@dataclass(frozen=True, slots=True)
class RoleCachePolicy:
    """How long answers are remembered, in seconds, and of how many users.

    `refused` is for users without a role, deleted or blocked: whoever was just let in shall not wait long.
    `max_stale` is for guards that accept old answers while Auth0 cannot be asked.
    """

    ttl: float = 60
    refused: float = 10
    max_stale: float = 0
    max_entries: int = 10_000

    def ttl_of(self, user_roles: UserRoles) -> float:
        """Return how long an answer is remembered."""
        return self.ttl if user_roles.roles else min(self.refused, self.ttl)


class RoleDirectory:
    """Roles by the Management API: those assigned in the whole tenant, and separately those in an organization."""

    def __init__(
        self,
        management: ManagementClient,
        memory: RoleCachePolicy | None = None,
        *,
        shared: SharedRoles | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Take the client that is asked, what replicas share, and the clock."""
        self._management = management
        self._shared = shared
        self._memory = memory = RoleCachePolicy() if memory is None else memory

        def end(_: UserRolesKey, user_roles: UserRoles, now: float) -> float:
            return now + memory.ttl_of(user_roles) - user_roles.age

        def end_of_old(_: UserRolesKey, user_roles: UserRoles, now: float) -> float:
            return now + memory.ttl + memory.max_stale - user_roles.age

        self._known: TLRUCache[UserRolesKey, UserRoles] = TLRUCache(memory.max_entries, end, timer=clock.monotonic)
        self._old: TLRUCache[UserRolesKey, UserRoles] = TLRUCache(
            memory.max_entries if memory.max_stale else 0, end_of_old, timer=clock.monotonic
        )
        self._flight: SingleFlight[UserRolesKey, UserRoles] = SingleFlight()
        self._invalidations = 0

    async def roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:
        """Return the names of the roles assigned to a token's user in the whole tenant.

        Raises `InsufficientScopeError` for a user who is deleted or blocked, and the client's `TenantError`s when
        Auth0 cannot say.
        """
        return await self._roles_for((token.subject, None), stale_ok=stale_ok)

    async def organization_roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:
        """Return the names of the roles a token's user has in its organization; errors as in `roles_of`."""
        if token.organization is None:
            return frozenset()
        as_member, _ = await asyncio.gather(
            self._roles_for((token.subject, token.organization), stale_ok=stale_ok),
            self._roles_for((token.subject, None), stale_ok=stale_ok),  # only this tells of a block
        )
        return as_member

    async def _roles_for(self, key: UserRolesKey, *, stale_ok: bool) -> frozenset[str]:
        known = self._known.get(key)
        if known is not None:
            return known.require()
        try:
            return (await self._flight.run(key, lambda: self._look_up(key))).require()
        except ManagementUnavailableError:
            old = self._old.get(key) if stale_ok else None
            if old is None:
                raise
            return old.require()

    async def invalidate(self, subject: str) -> None:
        """Ask anew at the next check, in every organization and every replica."""
        self.invalidate_locally(subject)
        if self._shared is not None:
            await self._shared.publish(subject)

    def invalidate_all_locally(self) -> None:
        """Ask anew about everybody: news of changes may have been missed."""
        self._invalidations += 1
        self._known.clear()
        self._old.clear()
        under_way = self._flight.keys()
        for key in under_way:
            self._flight.invalidate(key)

    def invalidate_locally(self, subject: str) -> None:
        """Ask anew at the next check in this process."""
        self._invalidations += 1
        for key in [key for key in (*self._known, *self._old, *self._flight.keys()) if key[0] == subject]:
            self._known.pop(key, None)
            self._old.pop(key, None)
            self._flight.invalidate(key)

    async def aclose(self) -> None:
        """Give up look-ups that are under way."""
        await self._flight.aclose()

    async def _look_up(self, key: UserRolesKey) -> UserRoles:
        forgotten = self._invalidations
        user_roles = await self._ask(*key) if self._shared is None else await self._ask_once(key, self._shared)
        if forgotten == self._invalidations:  # else this answer may be older than a change made meanwhile
            self._known[key] = user_roles
            if self._old.maxsize:
                self._old[key] = user_roles
        return user_roles

    async def _ask_once(self, key: UserRolesKey, shared: SharedRoles) -> UserRoles:
        """Take what another replica found out, else ask and tell the others."""
        known, generation = await shared.read(key)
        if known is not None:
            return known
        user_roles = await self._ask(*key)
        if generation is not None:
            await shared.write(key, user_roles, generation, ttl=self._memory.ttl_of(user_roles))
        return user_roles

    async def _ask(self, subject: str, organization: str | None) -> UserRoles:
        if organization is None:
            return await self._ask_of_user(subject)
        return await self._ask_of_member(subject, organization)

    async def _ask_of_user(self, subject: str) -> UserRoles:
        management = self._management.on_behalf_of(subject, high_priority=True)
        try:
            # The user as well: assigned roles say nothing of a block. No metadata, which may be large.
            user, assigned = await asyncio.gather(
                management.get_user(subject, fields=("user_id", "blocked")), management.list_user_roles(subject)
            )
        except NotFoundError:
            return UserRoles(refusal="user_unknown")
        return UserRoles(refusal="user_blocked") if user.blocked else UserRoles(_names_of(assigned))

    async def _ask_of_member(self, subject: str, organization: str) -> UserRoles:
        management = self._management.on_behalf_of(subject, high_priority=True)
        try:
            return UserRoles(_names_of(await management.list_member_roles(organization, subject)))
        except NotFoundError:  # the organization is deleted, or the user no longer its member
            return UserRoles()


def _names_of(roles: tuple[Role, ...]) -> frozenset[str]:
    return frozenset(role.name for role in roles if role.name)
