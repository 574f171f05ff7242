"""Whether a request passes its rule: with the checks, errors and counts of the FastAPI guards."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from starlette.types import Scope

from auth0_sso.asgi.rule import Rule
from auth0_sso.errors import (
    InsufficientScopeError,
    InvalidRequestError,
    InvalidTokenError,
    ManagementNotConfiguredError,
    RateLimitedError,
    StoreUnavailableError,
)
from auth0_sso.ratelimit.limiter import Quota
from auth0_sso.ratelimit.policy import Policy
from auth0_sso.tokens.bearer import read_bearer_token
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.guards.callers import address_of, caller_of
from auth0_sso.web.services.services import Services

Headers = list[tuple[bytes, bytes]]
"""Headers as ASGI has them."""

_TOKEN: Final = "auth0_sso.token"  # noqa: S105 - a key of the scope


def token_of(scope: Mapping[str, Any]) -> AccessToken:
    """Return the verified access token of a request or WebSocket, given its ASGI scope.

    Raises `RuntimeError` where there is none: no `Auth0Guard` is in front of the app, or the rule is public.
    """
    token = scope.get(_TOKEN)
    if not isinstance(token, AccessToken):
        raise RuntimeError("there is no access token: no Auth0Guard is in front of this app, or its rule is public")
    return token


async def admit(
    scope: Scope, rule: Rule, services: Services, credentials: Sequence[bytes], headers: Headers
) -> AccessToken | None:
    """Put the verified token into the scope and return it; None where the rule is public.

    `credentials` are the values of all Authorization headers. RateLimit headers are added to `headers`, those of the
    response. Raises the `CallerError`, `TenantError` or `TemporaryError` that says why the request does not pass.
    """
    scope.pop(_TOKEN, None)  # of an outer guard, or of a request that an app sends on to itself
    token = None
    if not rule.public:
        try:
            token = await services.verifier.verify(read_bearer_token(credentials))
        except (InvalidRequestError, InvalidTokenError) as error:
            await _count_failure(scope, services, error)
            raise
    if rule.policy is not None:
        await _count(scope, rule, rule.policy, services, token, headers)
    if token is not None:
        if rule.scopes:
            _require(rule.scopes, token.scopes, "scope_missing")
        if rule.permissions:
            _require(rule.permissions, token.permissions, "permission_missing")
        if rule.any_role:
            await _require_role(rule, services, token)
        scope[_TOKEN] = token
    return token


async def _count_failure(scope: Scope, services: Services, error: InvalidRequestError | InvalidTokenError) -> None:
    """Raise `RateLimitedError` where an address fails too often; an expired token is no failure."""
    if services.auth_failure_limit is None or error.reason == "expired":
        return
    try:
        result = await services.counts.hit(services.auth_failure_limit, "failed authentications", address_of(scope))
    except StoreUnavailableError:
        return  # the failure is the caller's, and is answered as such
    if not result.allowed:
        raise RateLimitedError(retry_after=result.retry_after, reason="authentication_failures") from error


async def _count(
    scope: Scope,
    rule: Rule,
    policy: Policy,
    services: Services,
    token: AccessToken | None,
    headers: Headers,
) -> None:
    if token is not None and _is_exempt(token, services):
        return
    result = await services.counts.hit(policy, f"rule {rule.name}", caller_of(scope, token))
    headers += _rate_limit_headers(policy, result.quotas)
    if not result.allowed:
        raise RateLimitedError(retry_after=result.retry_after)


def _is_exempt(token: AccessToken, services: Services) -> bool:
    return token.client_id in services.exempt_clients or not token.permissions.isdisjoint(services.exempt_permissions)


def _rate_limit_headers(policy: Policy, quotas: Sequence[Quota]) -> Headers:
    """Return headers with each limit and what is left of it (draft-ietf-httpapi-ratelimit-headers-10)."""
    if not quotas:
        return []
    policies = ", ".join([f'"{limit.name}";q={limit.amount};w={limit.window}' for limit in policy.limits])
    states = ", ".join(
        [f'"{limit.name}";r={quota[-2]};t={quota[-1]}' for limit, quota in zip(policy.limits, quotas, strict=True)]
    )
    return [(b"ratelimit-policy", policies.encode("ascii")), (b"ratelimit", states.encode("ascii"))]


def _require(needed: Collection[str], granted: frozenset[str], reason: str) -> None:
    if missing := tuple([name for name in needed if name not in granted]):
        raise InsufficientScopeError(reason, "The access token does not allow this.", scopes=missing)


async def _require_role(rule: Rule, services: Services, token: AccessToken) -> None:
    if token.is_machine:
        raise InsufficientScopeError("no_user", "This needs the token of a user; a machine's stands for none.")
    if services.roles is None:
        raise ManagementNotConfiguredError
    held = await services.roles.roles_of(token, stale_ok=rule.stale_ok)
    if rule.within_organization and held.isdisjoint(rule.any_role):  # else the look-up of the member is saved
        held |= await services.roles.organization_roles_of(token, stale_ok=rule.stale_ok)
    if held.isdisjoint(rule.any_role):
        raise InsufficientScopeError("role_missing", "Your roles do not allow this.")
