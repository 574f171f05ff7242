"""Roles from a claim of the access token."""

from typing import Final

from auth0_sso.errors import InsufficientScopeError
from auth0_sso.tokens.claims import AccessToken

_STRING: Final = frozenset({str})


class ClaimRoles:
    """A `RoleSource` that reads a claim which an Auth0 Action sets: the roles are as old as the token.

    In a login to an organization Auth0 gives the Action the member's roles together with the tenant's, without a
    distinction. So all roles of such a token count as roles within the organization, and none in the tenant.
    """

    def __init__(self, claim: str) -> None:
        """Take the name of the claim, a URI (Auth0: "Create custom claims")."""
        self._claim = claim

    async def roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:  # noqa: ARG002 - a token's claim is never stale
        """Return the roles of a token without an organization, else none.

        Raises `InsufficientScopeError` for a claim that is not a list of strings.
        """
        names = self._names(token)
        return names if token.organization is None else frozenset()

    async def organization_roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:  # noqa: ARG002 - a token's claim is never stale
        """Return the roles of a token with an organization, else none; errors as in `roles_of`."""
        names = self._names(token)
        return frozenset() if token.organization is None else names

    async def invalidate(self, subject: str) -> None:
        """Do nothing: the claims of a token cannot change."""

    def _names(self, token: AccessToken) -> frozenset[str]:
        """Return the names in the claim; none if the token does not have it."""
        names = token.claims.get(self._claim, ())
        if not isinstance(names, tuple) or not _STRING.issuperset(map(type, names)):
            raise InsufficientScopeError("role_claim_invalid", "The roles of this token cannot be read.")
        return frozenset(names)
