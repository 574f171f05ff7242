"""Guards that ask for roles, and the roles themselves.

Tenant-wide roles count by default. A role that a customer's administrator may give within an organization opens a
route only where its guard says `within_organization=True`.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends
from fastapi.requests import HTTPConnection
from fastapi.security import SecurityScopes

from auth0_sso.errors import (
    InsufficientScopeError,
    ManagementAnswerError,
    ManagementNotConfiguredError,
    ManagementRateLimitedError,
    ManagementRefusedError,
    ManagementUnavailableError,
)
from auth0_sso.roles.source import RoleSource
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.guards.authentication import services_of, verified_token
from auth0_sso.web.guards.guard import Guard, TokenGuard, require_scopes
from auth0_sso.web.middleware.request_context import RequestContext

_REFUSALS: Final = (
    InsufficientScopeError,
    ManagementRefusedError,
    ManagementAnswerError,
    ManagementUnavailableError,
    ManagementRateLimitedError,
    ManagementNotConfiguredError,
)


class RolesGuard(Guard):
    """A dependency that gives the names of the user's roles, tenant-wide or within the token's organization."""

    def __init__(self, *, of_member: bool = False) -> None:
        """Take which of the two kinds it gives."""
        super().__init__(of_member, refusals=_REFUSALS)
        self._of_member = of_member

    async def __call__(self, connection: HTTPConnection, scopes: SecurityScopes) -> frozenset[str]:
        """Return the names; raise what the other role guards raise."""
        token = await verified_token(connection)
        require_scopes(token, scopes)
        return await _roles(connection, token, of_member=self._of_member)


def require_any_role(*roles: str, within_organization: bool = False, stale_ok: bool = False) -> TokenGuard:
    """Return a guard that passes users who have one of `roles` (names). Machines have no roles: 403.

    Roles assigned in the whole tenant count, and with `within_organization` also those the user has as a member of
    the token's organization. Use that only for routes that act on this one organization (`token.organization`): the
    customer's own administrator may give its members their roles.

    With `stale_ok` roles known before an outage of the tenant count during it, for as long as
    AUTH0_ROLE_MAX_STALE_SECONDS says: not for guards that protect others from the caller.
    """
    wanted = _RolesCheck(_names(roles), one_suffices=True, within_organization=within_organization, stale_ok=stale_ok)
    return TokenGuard(wanted, refusals=_REFUSALS)


def require_all_roles(*roles: str, within_organization: bool = False, stale_ok: bool = False) -> TokenGuard:
    """Return a guard that passes users who have each of `roles` (names); the rest as in `require_any_role`."""
    wanted = _RolesCheck(
        _names(roles), one_suffices=False, within_organization=within_organization, stale_ok=stale_ok
    )
    return TokenGuard(wanted, refusals=_REFUSALS)


def require_role(role: str, *, within_organization: bool = False, stale_ok: bool = False) -> TokenGuard:
    """Return a guard that passes users who have the role of that name; the rest as in `require_any_role`."""
    return require_any_role(role, within_organization=within_organization, stale_ok=stale_ok)


@dataclass(frozen=True, slots=True)
class _RolesCheck:
    """Whether a user has all of some roles, or one of them."""

    roles: frozenset[str]
    one_suffices: bool
    within_organization: bool
    stale_ok: bool

    async def __call__(self, connection: HTTPConnection, token: AccessToken) -> None:
        held = await _roles(connection, token, stale_ok=self.stale_ok)
        if self.within_organization and not self._suffice(held):  # else the call for the member's roles is saved
            held |= await _roles(connection, token, of_member=True, stale_ok=self.stale_ok)
        if not self._suffice(held):
            raise InsufficientScopeError("role_missing", "Your roles do not allow this.")

    def _suffice(self, held: frozenset[str]) -> bool:
        return not self.roles.isdisjoint(held) if self.one_suffices else self.roles <= held


async def require_user(_: HTTPConnection, token: AccessToken) -> None:
    """Raise `InsufficientScopeError` for the token of a machine."""
    _require_user(token)


def _require_user(token: AccessToken) -> None:
    if token.is_machine:
        raise InsufficientScopeError("no_user", "This needs the token of a user; a machine's stands for none.")


async def get_role_source(connection: HTTPConnection) -> RoleSource:
    """Return where roles come from; raise `ManagementNotConfiguredError` where there are no credentials."""
    return _role_source(connection)


def _role_source(connection: HTTPConnection) -> RoleSource:
    roles = services_of(connection).roles
    if roles is None:
        raise ManagementNotConfiguredError
    return roles


async def _roles(
    connection: HTTPConnection, token: AccessToken, *, of_member: bool = False, stale_ok: bool = False
) -> frozenset[str]:
    _require_user(token)
    known = RequestContext.of(connection.scope).roles
    if known:
        for kind in (
            (of_member, False),
            (of_member, stale_ok),
        ):  # a guard that accepts old roles takes fresh ones too
            if kind in known:
                return known[kind]
    source = _role_source(connection)
    ask = source.organization_roles_of if of_member else source.roles_of
    known[of_member, stale_ok] = roles = await ask(token, stale_ok=stale_ok)
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
