"""The roles of users under test: those that their tokens name, as the Management API in memory then says."""

from auth0_sso.roles.source import RoleSource
from auth0_sso.testing.tenant import Tenant
from auth0_sso.tokens.claims import AccessToken


class LearnedRoles:
    """A `RoleSource` that first gives the tenant the roles of a token, and then asks for them as usual.

    So the role cache, the Management client and its faults are the real ones.
    """

    def __init__(self, inner: RoleSource, tenant: Tenant) -> None:
        """Take what asks the tenant, and the tenant."""
        self._inner = inner
        self._tenant = tenant

    async def roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:
        """Return the user's roles in the whole tenant; errors as in `RoleSource`."""
        await self._learn(token)
        return await self._inner.roles_of(token, stale_ok=stale_ok)

    async def organization_roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:
        """Return the user's roles as a member of the token's organization; errors as in `RoleSource`."""
        await self._learn(token)
        return await self._inner.organization_roles_of(token, stale_ok=stale_ok)

    async def invalidate(self, subject: str) -> None:
        """Ask again at the next check."""
        await self._inner.invalidate(subject)

    async def _learn(self, token: AccessToken) -> None:
        if self._tenant.learn(token.subject, token.organization, token.claims):
            await self._inner.invalidate(token.subject)
