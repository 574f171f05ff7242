"""Who has which role, asked of the Management API and remembered for a short while.

Auth0's engineers name a Management call for each request as a main cause of 429s in production: hence the cache,
and one call under way for a subject. Whoever cannot be asked about gets no access (the error passes through).
"""

import time
from collections.abc import Callable

from cachetools import TTLCache

from auth0_sso.tenant.management import ManagementClient
from auth0_sso.tenant.single_flight import SingleFlight


class RoleDirectory:
    """The names of the roles each user has, at most `ttl` seconds old."""

    def __init__(
        self,
        management: ManagementClient,
        *,
        ttl: float = 60,
        most_subjects: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the client that is asked, how many users to remember, and a clock that never goes back, in seconds."""
        self._management = management
        self._roles: TTLCache[str, frozenset[str]] = TTLCache(most_subjects, ttl, timer=clock)
        self._flight: SingleFlight[str, frozenset[str]] = SingleFlight()
        self._forgotten = 0

    async def roles_of(self, subject: str) -> frozenset[str]:
        """Return the role names of a user.

        Raises `NotFoundError` for a user who is no more, and the client's `TenantError`s when Auth0 cannot say.
        """
        roles = self._roles.get(subject)
        if roles is not None:
            return roles
        return await self._flight.run(subject, lambda: self._look_up(subject))

    def forget(self, subject: str) -> None:
        """Ask anew at the next check: the user's roles have changed."""
        self._forgotten += 1
        self._roles.pop(subject, None)
        self._flight.forget(subject)

    async def aclose(self) -> None:
        """Give up look-ups that are under way."""
        await self._flight.aclose()

    async def _look_up(self, subject: str) -> frozenset[str]:
        forgotten = self._forgotten
        roles = frozenset(role.name for role in await self._management.list_user_roles(subject))
        if forgotten == self._forgotten:  # else this answer may be older than a change made meanwhile
            self._roles[subject] = roles
        return roles
