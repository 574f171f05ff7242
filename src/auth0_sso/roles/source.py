"""Where roles come from: the Management API, a claim of the token, or an app's own source."""

from typing import Protocol

from auth0_sso.tokens.claims import AccessToken


class RoleSource(Protocol):
    """Where the roles of a token's user come from.

    Where tokens of several tenants are accepted, one source is asked for all: a user is `token.issuer` with
    `token.subject`, since two tenants may have the same subject.
    """

    async def roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:
        """Return the names of the roles that the token's user has in the whole tenant.

        `stale_ok` allows expired roles while Auth0 does not respond. Raises `InsufficientScopeError` for a user who
        is deleted or blocked, and a `TenantError` when the roles are unknown.
        """

    async def organization_roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:
        """Return the names of the roles that the token's user has as a member of the token's organization.

        Empty for a token without an organization. `stale_ok` and the errors are those of `roles_of`.
        """

    async def invalidate(self, subject: str) -> None:
        """Drop cached roles of a user, in every replica: they have changed."""
