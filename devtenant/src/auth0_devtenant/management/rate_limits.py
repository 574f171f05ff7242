"""The rate limit of the Management API by plan, as a token bucket (Auth0: "Rate limit policy")."""

from collections.abc import Mapping
from math import ceil
from typing import Final

from auth0_devtenant.errors import ApiError
from auth0_devtenant.state import RateLimitPlan, Tenant

_PLANS: Final[Mapping[RateLimitPlan, tuple[int, float]]] = {"free": (2, 2.0), "enterprise": (50, 16.0)}
"""The size of the bucket, and how many tokens it gets per second."""


def take_token(tenant: Tenant) -> dict[str, str]:
    """Count a request, and return the headers about the limit; raise Auth0's 429 if the bucket is empty.

    Without a plan nothing is counted: the headers are those of an idle tenant of the plan "enterprise".
    """
    plan = tenant.state.rate_limit_plan
    if plan == "off":
        return _headers(50, 49, tenant.now() + 1)
    size, refill = _PLANS[plan]
    bucket, now = tenant.state.rate_limit_bucket, tenant.now()
    # A plan that was switched on, or a clock that was set back.
    if bucket.plan != plan or now < bucket.updated_at:
        bucket.plan, bucket.tokens, bucket.updated_at = plan, size, now
    bucket.tokens = min(size, bucket.tokens + (now - bucket.updated_at) * refill)
    bucket.updated_at = now
    if bucket.tokens < 1:
        headers = _headers(size, 0, now + (1 - bucket.tokens) / refill)
        raise ApiError(429, "Global limit has been reached", "too_many_requests", headers=headers)
    bucket.tokens -= 1
    # The reset is when the next token is added, not when the bucket is full (Auth0: "Rate limit use cases").
    return _headers(size, int(bucket.tokens), now + (1 - bucket.tokens % 1) / refill)


def _headers(limit: int, remaining: int, reset: float) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(ceil(reset)),
    }
