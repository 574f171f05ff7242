"""Guards that ask for roles, and the roles themselves.

Tenant-wide roles count by default. A role that a customer's administrator may give within an organization opens a
route only where its guard says `within_organization=True`.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends
from fastapi.requests import HTTPConnection
from fastapi.security import SecurityScopes

from auth0_sso.errors import (
    ManagementAnswerError,
    ManagementNotConfiguredError,
    ManagementRateLimitedError,
    ManagementRefusedError,
    ManagementUnavailableError,
)
from auth0_sso.roles.source import RoleSource
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.checks.requirements import TOKEN, USER
from auth0_sso.web.checks.roles import RequiredRoles, no_user, require_user, role_missing, roles_of
from auth0_sso.web.guards.authentication import services_in, tenant_services_of, verified_token
from auth0_sso.web.guards.guard import Guard, TokenGuard, require_scopes
from auth0_sso.web.middleware.request_context import RequestContext

MANAGEMENT_ERRORS: Final = (
    ManagementRefusedError,
    ManagementAnswerError,
    ManagementUnavailableError,
    ManagementRateLimitedError,
    ManagementNotConfiguredError,
)
"""What a route or guard that calls the Management API may end in, beside what the call itself is refused for."""

_REFUSALS: Final = (no_user(), *MANAGEMENT_ERRORS)


class RolesGuard(Guard):
    """A dependency that gives the names of the user's roles, tenant-wide or within the token's organization."""

    def __init__(self, *, of_member: bool = False) -> None:
        """Take which of the two kinds it gives."""
        super().__init__(of_member, refusals=_REFUSALS, requirements=(TOKEN, USER))
        self._of_member = of_member

    async def __call__(self, connection: HTTPConnection, scopes: SecurityScopes) -> frozenset[str]:
        """Return the names; raise what the other role guards raise."""
        token = await verified_token(connection)
        require_scopes(token, scopes)
        context = RequestContext.of(connection.scope)
        return await roles_of(services_in(context, connection.scope), token, context.roles, of_member=self._of_member)


def require_any_role(*roles: str, within_organization: bool = False, stale_ok: bool = False) -> TokenGuard:
    """Return a guard that passes users who have one of `roles` (names). Machines have no roles: 403.

    Roles assigned in the whole tenant count, and with `within_organization` also those the user has as a member of
    the token's organization. Use that only for routes that act on this one organization (`token.organization`): the
    customer's own administrator may give its members their roles.

    With `stale_ok` roles known before an outage of the tenant count during it, for as long as
    AUTH0_ROLE_MAX_STALE_SECONDS says: not for guards that protect others from the caller.
    """
    wanted = _RolesCheck(_names(roles), one_suffices=True, within_organization=within_organization, stale_ok=stale_ok)
    return _guard_of(wanted)


def require_all_roles(*roles: str, within_organization: bool = False, stale_ok: bool = False) -> TokenGuard:
    """Return a guard that passes users who have each of `roles` (names); the rest as in `require_any_role`."""
    wanted = _RolesCheck(
        _names(roles), one_suffices=False, within_organization=within_organization, stale_ok=stale_ok
    )
    return _guard_of(wanted)


def require_role(role: str, *, within_organization: bool = False, stale_ok: bool = False) -> TokenGuard:
    """Return a guard that passes users who have the role of that name; the rest as in `require_any_role`."""
    return require_any_role(role, within_organization=within_organization, stale_ok=stale_ok)


@dataclass(frozen=True, slots=True)
class _RolesCheck(RequiredRoles):
    """Whether the user of a request has the required roles; those are looked up once for all guards of a request."""

    def __call__(self, connection: HTTPConnection, token: AccessToken) -> Awaitable[None]:
        context = RequestContext.of(connection.scope)
        return self.require(services_in(context, connection.scope), token, context.roles)


def _guard_of(wanted: _RolesCheck) -> TokenGuard:
    return TokenGuard(wanted, refusals=(role_missing(), *_REFUSALS), requirements=(wanted.requirement,))


async def check_user(_: HTTPConnection, token: AccessToken) -> None:
    """Raise `InsufficientScopeError` for the token of a machine."""
    require_user(token)


async def get_role_source(connection: HTTPConnection) -> RoleSource:
    """Return where roles come from; raise `ManagementNotConfiguredError` where there are no credentials."""
    roles = (await tenant_services_of(connection)).roles
    if roles is None:
        raise ManagementNotConfiguredError
    return roles


def _names(roles: tuple[str, ...]) -> frozenset[str]:
    if not roles or not all(roles):
        raise ValueError("a guard needs the name of one or more roles")
    return frozenset(roles)


current_roles: Final = RolesGuard()
CurrentRoles = Annotated[frozenset[str], Depends(current_roles)]
"""The names of the roles the user has in the whole tenant; looked up once for a request, even with several guards."""

current_organization_roles: Final = RolesGuard(of_member=True)
CurrentOrganizationRoles = Annotated[frozenset[str], Depends(current_organization_roles)]
"""The names of the roles the user has as a member of the token's organization; empty for a token without one."""

Roles = Annotated[RoleSource, Depends(get_role_source)]
