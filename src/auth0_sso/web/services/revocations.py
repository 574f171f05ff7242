"""Ending access before tokens expire: of a session that ended, or of a user who lost access.

The tokens are refused, in all processes that share a store, and what is cached of the user is dropped.
"""

from dataclasses import replace
from typing import Final, Protocol

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.events import IGNORE, Observer, RevocationCause, TokensRevoked
from auth0_sso.management.profiles import Profiles
from auth0_sso.revocation.deny_list import DenyList, Revocation
from auth0_sso.roles.source import RoleSource
from auth0_sso.settings import Settings

LONGEST_TOKEN_LIFE: Final = 2_592_000.0
"""30 days, in seconds: the longest life that Auth0 gives an access token (Auth0: "Update access token lifetime")."""


class Publisher(Protocol):
    """What tells the other processes. `SharedRevocations` is one, which needs the package redis."""

    async def revoke(self, revocation: Revocation) -> bool:
        """Refuse tokens here and there; return False for what is known already."""


class Revocations:
    """Revokes access tokens, and drops what is cached of their users."""

    def __init__(
        self,
        deny_list: DenyList,
        *issuers: str,
        shared: Publisher | None = None,
        roles: RoleSource | None = None,
        profiles: Profiles | None = None,
        clock: Clock = SYSTEM_CLOCK,
        observe: Observer = IGNORE,
        tenant: str = "",
    ) -> None:
        """Take the deny list, the issuers of the tenant, what shares it with other processes, and the caches.

        `tenant` is what events call the tenant; empty for that of AUTH0_DOMAIN.
        """
        self._tenant = tenant
        self._deny_list = deny_list
        self._issuers = issuers
        self._shared = shared
        self._roles = roles
        self._profiles = profiles
        self._clock = clock
        self._observe = observe

    async def revoke(self, revocation: Revocation, cause: RevocationCause) -> None:
        """Refuse tokens of all issuers of the tenant from now on, whichever of them the revocation names.

        An unavailable store is no error: other processes are told when it is back.
        """
        added = [await self._add(replace(revocation, issuer=issuer)) for issuer in self._issuers]
        if revocation.subject is not None:
            await self.invalidate(revocation.subject)
        if any(added):
            self._observe(TokensRevoked(cause, revocation.subject, revocation.session_id, self._tenant))

    async def revoke_user(self, subject: str, cause: RevocationCause) -> None:
        """Refuse all tokens that a user has now; those of a later login pass."""
        await self.revoke(Revocation(self._issuers[0], self._clock.wall(), subject), cause)

    async def invalidate(self, subject: str) -> None:
        """Drop the cached roles and profile of a user."""
        if self._profiles is not None:
            self._profiles.invalidate(subject)
        if self._roles is not None:
            await self._roles.invalidate(subject)

    async def _add(self, revocation: Revocation) -> bool:
        return self._deny_list.add(revocation) if self._shared is None else await self._shared.revoke(revocation)


def deny_list_of(settings: Settings, clock: Clock) -> DenyList:
    """Return an empty deny list, whose entries are kept as long as a token that they refuse may be accepted."""
    return DenyList(revocation_lifetime(settings), session_claim=settings.auth0_session_id_claim or None, clock=clock)


def revocation_lifetime(settings: Settings) -> float:
    """Return how long a revocation is kept, in seconds."""
    longest = settings.auth0_max_token_age_seconds or LONGEST_TOKEN_LIFE
    return longest + settings.auth0_leeway_seconds
