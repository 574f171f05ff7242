"""Dependencies for routes: who may pass, said in the route's signature. Those about roles are in `role_guards`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import Depends
from fastapi.requests import HTTPConnection
from fastapi.security import SecurityScopes

from auth0_sso.errors import InsufficientScopeError, InvalidDPoPProofError, ManagementNotConfiguredError
from auth0_sso.management.client import ManagementClient
from auth0_sso.management.profiles import Profiles
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.checks.binding import dpop_required, require_dpop_bound
from auth0_sso.web.checks.requirements import DPOP, USER, Requirement
from auth0_sso.web.checks.roles import no_user
from auth0_sso.web.checks.scopes import DENIED, require_names, scope_tokens
from auth0_sso.web.guards.authentication import tenant_services_of, verified_token
from auth0_sso.web.guards.guard import OptionalTokenGuard, TokenGuard, require_scopes
from auth0_sso.web.guards.role_guards import check_user
from auth0_sso.web.middleware.request_context import RequestContext


def require_organization(*organization_ids: str) -> TokenGuard:
    """Return a guard that passes tokens issued for an organization: one of these ids, or any without ids."""
    refusals = [_organization_missing(), *([_organization_mismatch()] if organization_ids else ())]
    return TokenGuard(
        _OfOrganization(frozenset(organization_ids)),
        refusals=refusals,
        requirements=(Requirement("organization", tuple(sorted(set(organization_ids))), one_suffices=True),),
    )


def require_dpop() -> TokenGuard:
    """Return a guard that passes tokens which are bound to a key, with a proof for the request (RFC 9449)."""
    return TokenGuard(_BoundByDPoP(), refusals=(dpop_required(), InvalidDPoPProofError), requirements=(DPOP,))


def require_scope(*scopes: str) -> TokenGuard:
    """Return a guard that passes tokens which carry all of `scopes` (RFC 6749 section 3.3).

    `Security(guard, scopes=[...])` asks for the same of any guard.
    """
    return _guard_of(_Scopes(_canonical(scopes)))


def require_any_scope(*scopes: str) -> TokenGuard:
    """Return a guard that passes tokens which carry one of `scopes`; the challenge of a refusal names them all."""
    return _guard_of(_Scopes(_canonical(scopes), one_suffices=True))


def require_permission(*permissions: str) -> TokenGuard:
    """Return a guard that passes tokens which carry all of `permissions` (Auth0: RBAC for APIs)."""
    return _guard_of(_Permissions(_canonical(permissions)))


def require_any_permission(*permissions: str) -> TokenGuard:
    """Return a guard that passes tokens which carry one of `permissions`; the rest as in `require_any_scope`."""
    return _guard_of(_Permissions(_canonical(permissions), one_suffices=True))


@dataclass(frozen=True, slots=True)
class _BoundByDPoP:
    """Whether a token is bound to a key: its proof was checked as the token was verified."""

    async def __call__(self, _: HTTPConnection, token: AccessToken) -> None:
        require_dpop_bound(token)


@dataclass(frozen=True, slots=True)
class _OfOrganization:
    """Whether a token was issued for one of some organizations, or for any where none is named."""

    organization_ids: frozenset[str]

    async def __call__(self, _: HTTPConnection, token: AccessToken) -> None:
        if token.organization is None:
            raise _organization_missing(self.organization_ids)
        if self.organization_ids and token.organization not in self.organization_ids:
            raise _organization_mismatch(self.organization_ids)


def _organization_missing(ids: Iterable[str] = ()) -> InsufficientScopeError:
    asked_for = tuple(sorted(ids))
    return InsufficientScopeError("organization_missing", "Log in to an organization first.", asked_for=asked_for)


def _organization_mismatch(ids: Iterable[str] = ()) -> InsufficientScopeError:
    asked_for = tuple(sorted(ids))
    return InsufficientScopeError("organization_mismatch", "This is not for your organization.", asked_for=asked_for)


@dataclass(frozen=True, slots=True)
class _Scopes:
    """Whether a token's `scope` has all of some names, or one of them."""

    names: tuple[str, ...]
    one_suffices: bool = False

    async def __call__(self, _: HTTPConnection, token: AccessToken) -> None:
        require_names(self.names, token.scopes, "scope_missing", one_suffices=self.one_suffices)


@dataclass(frozen=True, slots=True)
class _Permissions:
    """Whether a token's `permissions` have all of some names, or one of them."""

    names: tuple[str, ...]
    one_suffices: bool = False

    async def __call__(self, _: HTTPConnection, token: AccessToken) -> None:
        require_names(self.names, token.permissions, "permission_missing", one_suffices=self.one_suffices)


def _guard_of(check: _Scopes | _Permissions) -> TokenGuard:
    kind: Literal["scope", "permission"] = "scope" if isinstance(check, _Scopes) else "permission"
    return TokenGuard(
        check,
        refusals=(InsufficientScopeError(f"{kind}_missing", DENIED),),
        requirements=(Requirement(kind, check.names, check.one_suffices),),
    )


def _canonical(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names sorted, each once, so that guards which ask for the same are equal."""
    return tuple(sorted(set(scope_tokens(names))))


async def get_management(connection: HTTPConnection, scopes: SecurityScopes) -> ManagementClient:
    """Return the Management API client, whose calls take turns as the caller's.

    It is not a guard: it lets anonymous callers pass, unless `Security` asks for scopes. Raises
    `ManagementNotConfiguredError` where there are no credentials.
    """
    if scopes.scopes:
        require_scopes(await verified_token(connection), scopes)
    management = (await tenant_services_of(connection)).management
    if management is None:
        raise ManagementNotConfiguredError
    token = RequestContext.of(connection.scope).token
    return management if token is None else management.on_behalf_of(token.subject)


async def get_profiles(connection: HTTPConnection) -> Profiles:
    """Return what remembers profiles; raise `ManagementNotConfiguredError` where there are no credentials."""
    profiles = (await tenant_services_of(connection)).profiles
    if profiles is None:
        raise ManagementNotConfiguredError
    return profiles


current_token: Final = TokenGuard()
CurrentToken = Annotated[AccessToken, Depends(current_token)]
"""Any verified access token."""

optional_token: Final = OptionalTokenGuard()
OptionalToken = Annotated[AccessToken | None, Depends(optional_token)]
"""A verified access token, or None for a request without an Authorization header."""

user_token: Final = TokenGuard(check_user, refusals=(no_user(),), requirements=(USER,))
UserToken = Annotated[AccessToken, Depends(user_token)]
"""A verified access token with a user behind it."""

Management = Annotated[ManagementClient, Depends(get_management)]
"""The Management API client, for routes that are guarded by something else."""

UserProfiles = Annotated[Profiles, Depends(get_profiles)]
