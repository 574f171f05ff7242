"""Access to the Management API: an access token for it, with one of the scopes that the endpoint takes."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant import tokens
from auth0_devtenant.bodies import tenant_of
from auth0_devtenant.errors import ApiError
from auth0_devtenant.state import Tenant

Endpoint: TypeAlias = Callable[[Request, Tenant], Awaitable[Response]]

_RATE_LIMIT = 50


def require_any_scope(*scopes: str) -> Callable[[Endpoint], Callable[[Request], Awaitable[Response]]]:
    """Require a token with any of `scopes` for an endpoint, and add the rate limit headers to its responses."""

    def decorate(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        @wraps(endpoint)
        async def guarded(request: Request) -> Response:
            tenant = tenant_of(request)
            _authorize(tenant, request, scopes)
            response = await endpoint(request, tenant)
            # Recordings show these in successful responses only.
            response.headers["x-ratelimit-limit"] = str(_RATE_LIMIT)
            response.headers["x-ratelimit-remaining"] = str(_RATE_LIMIT - 1)
            response.headers["x-ratelimit-reset"] = str(int(tenant.now()) + 1)
            return response

        return guarded

    return decorate


def _authorize(tenant: Tenant, request: Request, scopes: tuple[str, ...]) -> None:
    authorization = request.headers.get("Authorization")
    if authorization is None:
        raise ApiError(401, "Missing authentication")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or token.count(".") != 2:
        raise ApiError(400, "Bad HTTP authentication header format", "Bearer")
    try:
        claims = tokens.accept(tenant, token, *tenant.management_audiences)
    except tokens.BadTokenError as error:
        raise ApiError(401, str(error), attributes={"error": str(error)}) from None
    if set(scopes).isdisjoint(str(claims.get("scope", "")).split()):
        message = f"Insufficient scope, expected any of: {','.join(scopes)}"
        raise ApiError(403, message, "insufficient_scope")
