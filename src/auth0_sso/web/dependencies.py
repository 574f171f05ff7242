"""Dependencies for routes: who may pass, said in the route's signature. Those about roles are in `role_guards`."""

from typing import Annotated

from fastapi import Depends, Request

from auth0_sso.errors import InsufficientScopeError, ManagementNotConfiguredError
from auth0_sso.management.client import ManagementClient
from auth0_sso.management.profiles import Profiles
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.authentication import services_of
from auth0_sso.web.guard import OptionalTokenGuard, TokenGuard, require_all, scope_tokens
from auth0_sso.web.request_context import RequestContext
from auth0_sso.web.role_guards import require_user


def require_organization(*organization_ids: str) -> TokenGuard:
    """Return a guard that passes tokens issued for an organization: one of these ids, or any without ids."""

    async def check(_: Request, token: AccessToken) -> None:
        if token.organization is None:
            raise InsufficientScopeError("organization_missing", "Log in to an organization first.")
        if organization_ids and token.organization not in organization_ids:
            raise InsufficientScopeError("organization_mismatch", "This is not for your organization.")

    return TokenGuard(check, refusals=(InsufficientScopeError,))


def require_scope(*scopes: str) -> TokenGuard:
    """Return a guard that passes tokens which carry all of `scopes` (RFC 6749 section 3.3).

    `Security(guard, scopes=[...])` asks for the same of any guard.
    """
    needed = scope_tokens(scopes)

    async def check(_: Request, token: AccessToken) -> None:
        require_all(needed, token.scopes, "scope_missing")

    return TokenGuard(check, refusals=(InsufficientScopeError,))


def require_permission(*permissions: str) -> TokenGuard:
    """Return a guard that passes tokens which carry all of `permissions` (Auth0: RBAC for APIs)."""
    needed = scope_tokens(permissions)

    async def check(_: Request, token: AccessToken) -> None:
        require_all(needed, token.permissions, "permission_missing")

    return TokenGuard(check, refusals=(InsufficientScopeError,))


async def management_of(request: Request) -> ManagementClient:
    """Return the Management API client, whose calls take turns as the caller's.

    Raises `ManagementNotConfiguredError` where there are no credentials.
    """
    management = (await services_of(request)).management
    if management is None:
        raise ManagementNotConfiguredError
    token = RequestContext.of(request.scope).token
    return management if token is None else management.on_behalf_of(token.subject)


async def profiles_of(request: Request) -> Profiles:
    """Return what remembers profiles; raise `ManagementNotConfiguredError` where there are no credentials."""
    profiles = (await services_of(request)).profiles
    if profiles is None:
        raise ManagementNotConfiguredError
    return profiles


CurrentToken = Annotated[AccessToken, Depends(TokenGuard())]
"""Any verified access token."""

OptionalToken = Annotated[AccessToken | None, Depends(OptionalTokenGuard())]
"""A verified access token, or None for a request without an Authorization header."""

UserToken = Annotated[AccessToken, Depends(TokenGuard(require_user, refusals=(InsufficientScopeError,)))]
"""A verified access token with a user behind it."""

Management = Annotated[ManagementClient, Depends(management_of)]
UserProfiles = Annotated[Profiles, Depends(profiles_of)]
