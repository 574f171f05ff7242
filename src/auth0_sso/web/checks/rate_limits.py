"""What a counted request is told of its budget, and which requests are not counted."""

from itertools import chain

from auth0_sso.errors import RateLimitedError
from auth0_sso.ratelimit.limiter import RateLimitResult
from auth0_sso.ratelimit.policy import Policy
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.services.services import Services

_NONE: frozenset[str] = frozenset()


def is_exempt(
    token: AccessToken, services: Services, *, permissions: frozenset[str] = _NONE, clients: frozenset[str] = _NONE
) -> bool:
    """Return whether a rate limit does not count a token's bearer.

    Exempt are the clients and permissions of the settings, and those of one limit.
    """
    return (
        token.client_id in clients
        or token.client_id in services.exempt_clients
        or not token.permissions.isdisjoint(permissions)
        or not token.permissions.isdisjoint(services.exempt_permissions)
    )


def require_budget(policy: Policy, result: RateLimitResult, headers: list[tuple[bytes, bytes]]) -> None:
    """Add RateLimit headers to those of the response (draft-ietf-httpapi-ratelimit-headers-10).

    Raises `RateLimitedError` for a request that was not counted, since its budget is spent.
    """
    if result.quotas:
        headers.append((b"ratelimit-policy", policy.header))
        headers.append((b"ratelimit", policy.quota_format % tuple(chain.from_iterable(result.quotas))))
    if result.retry_after:
        error = RateLimitedError(retry_after=result.retry_after)
        error.limit = policy.text
        raise error
