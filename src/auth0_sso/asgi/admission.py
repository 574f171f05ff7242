"""Whether a request passes its rule: with the checks, errors and counts of the FastAPI guards."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.types import Scope

from auth0_sso.asgi.rule import Rule
from auth0_sso.errors import CallerError
from auth0_sso.ratelimit.policy import Policy
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.checks.authentication import authenticate
from auth0_sso.web.checks.binding import require_dpop_bound
from auth0_sso.web.checks.callers import caller_of
from auth0_sso.web.checks.rate_limits import is_exempt, require_budget
from auth0_sso.web.checks.scopes import require_names
from auth0_sso.web.services.services import Services

Headers = list[tuple[bytes, bytes]]
"""Headers as ASGI has them."""

_TOKEN: Final = "auth0_sso.token"  # noqa: S105 - a key of the scope
_REFUSED_CALLER: Final = "auth0_sso.refused_caller"


def token_of(scope: Mapping[str, Any]) -> AccessToken:
    """Return the verified access token of a request or WebSocket, given its ASGI scope.

    Raises `RuntimeError` where there is none: no `Auth0Guard` is in front of the app, or the rule is public.
    """
    token = scope.get(_TOKEN)
    if not isinstance(token, AccessToken):
        raise RuntimeError("there is no access token: no Auth0Guard is in front of this app, or its rule is public")
    return token


def refused_caller(scope: Mapping[str, Any]) -> AccessToken | None:
    """Return the verified token of a request that `admit` has refused; None where it had none."""
    caller = scope.get(_REFUSED_CALLER)
    return caller if isinstance(caller, AccessToken) else None


async def admit(
    scope: Scope, rule: Rule, services: Services, credentials: Sequence[bytes], headers: Headers
) -> AccessToken | None:
    """Put the verified token into the scope and return it; None where the rule is public.

    `credentials` are the values of all Authorization headers. RateLimit headers and a DPoP nonce are added to
    `headers`, those of the response. Raises the `CallerError`, `TenantError` or `TemporaryError` that says why the
    request does not pass.
    """
    scope.pop(_TOKEN, None)  # of an outer guard, or of a request that an app sends on to itself
    scope.pop(_REFUSED_CALLER, None)
    token = None if rule.public else await authenticate(scope, services, credentials, headers)
    if token is not None:
        services = services.of(token)
    try:
        if rule.dpop and token is not None:
            require_dpop_bound(token)
        if rule.policy is not None:
            await _count(scope, rule, rule.policy, services, token, headers)
        if token is None:
            return None
        if rule.scopes:
            require_names(rule.scopes, token.scopes, "scope_missing")
        if rule.permissions:
            require_names(rule.permissions, token.permissions, "permission_missing")
        if rule.required_login is not None:
            rule.required_login.require(services, token)
        if rule.required_roles is not None:
            await rule.required_roles.require(services, token, {})
    except CallerError:
        scope[_REFUSED_CALLER] = token
        raise
    scope[_TOKEN] = token
    return token


async def _count(
    scope: Scope,
    rule: Rule,
    policy: Policy,
    services: Services,
    token: AccessToken | None,
    headers: Headers,
) -> None:
    if token is not None and is_exempt(token, services):
        return
    result = await services.counts.hit(policy, f"rule {rule.name}", caller_of(scope, token, services.tenant))
    require_budget(policy, result, headers)
