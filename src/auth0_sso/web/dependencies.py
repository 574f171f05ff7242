"""Guards for routes: who may pass, said in the route's signature.

Each guard is one async dependency that reads the request itself, since every further dependency costs about a fifth
of a bare request; and each is a FastAPI security scheme, so that OpenAPI tells what the route asks for.
"""

import re
from collections.abc import Awaitable, Callable, Collection
from typing import Annotated

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from auth0_sso.errors import (
    Auth0SsoError,
    CallerError,
    InsufficientScopeError,
    InvalidRequestError,
    InvalidTokenError,
    ManagementNotConfiguredError,
    ManagementRefusedError,
    ManagementUnavailableError,
    RateLimitedError,
    StoreUnavailableError,
)
from auth0_sso.tenant.management import ManagementClient
from auth0_sso.tenant.profiles import Profiles
from auth0_sso.tenant.roles import RoleSource
from auth0_sso.tokens.bearer import read_bearer_token
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.callers import address_of
from auth0_sso.web.openapi import note_for
from auth0_sso.web.request_context import RequestContext
from auth0_sso.web.services import Services

Check = Callable[[Request, AccessToken], Awaitable[None]]

BEARER_MODEL = HTTPBearer(bearerFormat="JWT")
_ROLE_REFUSALS = (InsufficientScopeError, ManagementRefusedError, ManagementUnavailableError)
_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 section 3.3


class TokenGuard(SecurityBase):
    """A dependency that gives the request's access token, once it is verified and the check passed."""

    def __init__(self, check: Check | None = None, *, refusals: Collection[type[Auth0SsoError]] = ()) -> None:
        """Take a further check of request and token, and the errors it refuses with, for the OpenAPI document."""
        self.model = BEARER_MODEL
        self.scheme_name = note_for(*refusals)
        self._check = check

    async def __call__(self, request: Request) -> AccessToken:
        """Return the token; raise the `CallerError` or `TenantError` that says why not."""
        token = await verified_token(request)
        if self._check is not None:
            await self._check(request, token)
        return token


class OptionalTokenGuard(SecurityBase):
    """A dependency that lets a request without any Authorization header pass as anonymous, and no other."""

    def __init__(self) -> None:
        self.model = BEARER_MODEL
        self.scheme_name = note_for(optional=True)

    async def __call__(self, request: Request) -> AccessToken | None:
        """Return the token, or None where there is no Authorization header; a bad token is refused."""
        return await verified_token(request) if "Authorization" in request.headers else None


def require_any_role(*roles: str, stale_ok: bool = False) -> TokenGuard:
    """Return a guard that passes users who have one of `roles` (names). Machines have no roles: 403.

    With `stale_ok` roles known before an outage of the tenant count during it, for as long as
    AUTH0_ROLE_MAX_STALE_SECONDS says: not for guards that protect others from the caller.
    """
    wanted = frozenset(_names(roles))

    async def check(request: Request, token: AccessToken) -> None:
        if wanted.isdisjoint(await _roles(request, token, stale_ok=stale_ok)):
            raise InsufficientScopeError("role_missing", "None of your roles allows this.")

    return TokenGuard(check, refusals=_ROLE_REFUSALS)


def require_all_roles(*roles: str, stale_ok: bool = False) -> TokenGuard:
    """Return a guard that passes users who have each of `roles` (names); `stale_ok` as in `require_any_role`."""
    wanted = frozenset(_names(roles))

    async def check(request: Request, token: AccessToken) -> None:
        if not wanted <= await _roles(request, token, stale_ok=stale_ok):
            raise InsufficientScopeError("role_missing", "Your roles do not allow this.")

    return TokenGuard(check, refusals=_ROLE_REFUSALS)


def require_role(role: str, *, stale_ok: bool = False) -> TokenGuard:
    """Return a guard that passes users who have the role of that name; `stale_ok` as in `require_any_role`."""
    return require_any_role(role, stale_ok=stale_ok)


def require_organization(*organization_ids: str) -> TokenGuard:
    """Return a guard that passes tokens issued for an organization: one of these ids, or any without ids."""

    async def check(_: Request, token: AccessToken) -> None:
        if token.organization is None:
            raise InsufficientScopeError("organization_missing", "Log in to an organization first.")
        if organization_ids and token.organization not in organization_ids:
            raise InsufficientScopeError("organization_mismatch", "This is not for your organization.")

    return TokenGuard(check, refusals=(InsufficientScopeError,))


def require_scope(*scopes: str) -> TokenGuard:
    """Return a guard that passes tokens which carry all of `scopes` (RFC 6749 section 3.3)."""
    needed = _scope_tokens(scopes)

    async def check(_: Request, token: AccessToken) -> None:
        _require_all(needed, token.scopes, "scope_missing")

    return TokenGuard(check, refusals=(InsufficientScopeError,))


def require_permission(*permissions: str) -> TokenGuard:
    """Return a guard that passes tokens which carry all of `permissions` (Auth0: RBAC for APIs)."""
    needed = _scope_tokens(permissions)

    async def check(_: Request, token: AccessToken) -> None:
        _require_all(needed, token.permissions, "permission_missing")

    return TokenGuard(check, refusals=(InsufficientScopeError,))


async def services_of(request: Request) -> Services:
    """Return what the app works with."""
    services = getattr(request.app.state, "auth0_sso", None)
    if not isinstance(services, Services):
        raise RuntimeError("this app has no guards yet: call auth0_sso.protect(app), and run the app's lifespan")
    return services


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


async def roles_source_of(request: Request) -> RoleSource:
    """Return where roles come from; raise `ManagementNotConfiguredError` where there are no credentials."""
    roles = (await services_of(request)).roles
    if roles is None:
        raise ManagementNotConfiguredError
    return roles


async def roles_of_user(request: Request) -> frozenset[str]:
    """Return the names of the roles of the request's user; raise what the guards raise."""
    return await _roles(request, await verified_token(request))


async def verified_token(request: Request) -> AccessToken:
    """Return the request's access token; a failure counts against the address it came from."""
    context = RequestContext.of(request.scope)
    if context.token is None:
        headers = [value for name, value in request.scope["headers"] if name == b"authorization"]
        services = await services_of(request)
        try:
            context.token = await services.verifier.verify(read_bearer_token(headers))
        except (InvalidRequestError, InvalidTokenError) as error:
            await _count_failure(request, services, error)
            raise
    return context.token


async def _count_failure(request: Request, services: Services, error: CallerError) -> None:
    """Answer 429 instead of 401 where an address fails too often. It refuses nobody who does not fail.

    An expired token was a good one: its client must hear that, to renew it, whatever its neighbours do.
    """
    if services.auth_failure_limit is None or error.reason == "expired":
        return
    try:
        verdict = await services.counts.take(
            services.auth_failure_limit, "failed authentications", address_of(request.scope)
        )
    except StoreUnavailableError:
        return  # the failure is the caller's, and is answered as such
    if not verdict.allowed:
        raise RateLimitedError(retry_after=verdict.retry_after, reason="authentication_failures") from error


async def _roles(request: Request, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:
    await _require_user(request, token)
    context = RequestContext.of(request.scope)
    if context.roles is not None:
        return context.roles
    source = await roles_source_of(request)
    if stale_ok:
        return await source.roles_of(token, stale_ok=True)  # not noted: the next guard may want fresh ones
    context.roles = await source.roles_of(token)
    return context.roles


async def _require_user(_: Request, token: AccessToken) -> None:
    if token.is_machine:
        raise InsufficientScopeError("no_user", "This needs the token of a user; a machine's stands for none.")


def _scope_tokens(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names or not all(_SCOPE_TOKEN.fullmatch(name) for name in names):
        raise ValueError("a guard needs one or more scope names as RFC 6749 section 3.3 spells them")
    return names


def _names(roles: tuple[str, ...]) -> tuple[str, ...]:
    if not roles or not all(roles):
        raise ValueError("a guard needs the name of one or more roles")
    return roles


def _require_all(needed: tuple[str, ...], granted: frozenset[str], reason: str) -> None:
    missing = tuple(name for name in needed if name not in granted)
    if missing:
        raise InsufficientScopeError(reason, "The access token does not allow this.", scopes=missing)


CurrentToken = Annotated[AccessToken, Depends(TokenGuard())]
"""Any verified access token."""

OptionalToken = Annotated[AccessToken | None, Depends(OptionalTokenGuard())]
"""A verified access token, or None for a request without an Authorization header."""

UserToken = Annotated[AccessToken, Depends(TokenGuard(_require_user, refusals=(InsufficientScopeError,)))]
"""A verified access token with a user behind it."""

CurrentRoles = Annotated[frozenset[str], Depends(roles_of_user)]
"""The role names of the user; looked up once for a request, whatever guards it has."""

Management = Annotated[ManagementClient, Depends(management_of)]
Roles = Annotated[RoleSource, Depends(roles_source_of)]
UserProfiles = Annotated[Profiles, Depends(profiles_of)]
