"""Access to the Management API: an access token for it, with one of the scopes that the endpoint takes."""

from starlette.requests import Request

from auth0_devtenant import tokens
from auth0_devtenant.errors import ApiError
from auth0_devtenant.state import Tenant


def authorize(tenant: Tenant, request: Request, scopes: tuple[str, ...]) -> frozenset[str]:
    """Return the scopes of the request's access token; raise Auth0's error if it has none of `scopes`."""
    granted = _granted_scopes(tenant, request)
    if granted.isdisjoint(scopes):
        message = f"Insufficient scope, expected any of: {','.join(scopes)}"
        raise ApiError(403, message, "insufficient_scope")
    return granted


def _granted_scopes(tenant: Tenant, request: Request) -> frozenset[str]:
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
    return frozenset(str(claims.get("scope", "")).split())
