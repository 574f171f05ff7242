"""Refresh tokens, one for each login (Management API: Refresh tokens, Users)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management import cascade
from auth0_devtenant.management.lookup import find_user, user_of
from auth0_devtenant.management.paging import checkpoint_response
from auth0_devtenant.management.parameters import required
from auth0_devtenant.management.routing import Route
from auth0_devtenant.management.validation import Body, invalid_body, read_body
from auth0_devtenant.state import RefreshTokenFamily, Tenant


class RevokeRefreshTokens(Body):
    """Which refresh tokens to revoke: those of `ids`, or those that all other members describe."""

    ids: list[str] | None = None
    user_id: str | None = None
    client_id: str | None = None
    audience: str | None = None


async def list_user_refresh_tokens(request: Request, tenant: Tenant) -> Response:
    """List the refresh tokens of a user."""
    found = _of_user(tenant, user_of(request, tenant).user_id)
    return checkpoint_response(request, [family.document for family in found], "tokens")


async def delete_user_refresh_tokens(request: Request, tenant: Tenant) -> Response:
    """Delete all refresh tokens of a user; the status is 202 because Auth0 deletes them later."""
    cascade.revoke(tenant, _of_user(tenant, user_of(request, tenant).user_id))
    return Response(status_code=202)


async def list_refresh_tokens(request: Request, tenant: Tenant) -> Response:
    """List the refresh tokens of a user, for one client if `client_id` is given."""
    found = _of_user(tenant, find_user(tenant, required(request, "user_id")).user_id)
    client_id = request.query_params.get("client_id")
    documents = [each.document for each in found if client_id in {None, each.grant.client_id}]
    return checkpoint_response(request, documents, "refresh_tokens", select=True)


async def get_refresh_token(request: Request, tenant: Tenant) -> Response:
    """Return what is known of a refresh token, without the token."""
    return JSONResponse(_family(request, tenant).document)


async def delete_refresh_token(request: Request, tenant: Tenant) -> Response:
    """Revoke a refresh token."""
    tenant.revoke_refresh_tokens(_family(request, tenant))
    return Response(status_code=202)


async def revoke_refresh_tokens(request: Request, tenant: Tenant) -> Response:
    """Revoke refresh tokens by ids, or by user, client and audience."""
    body = await read_body(request, RevokeRefreshTokens)
    if not body.given:
        raise invalid_body("Too few properties defined (0), minimum 1")
    families = list(tenant.state.families.values())
    if body.ids is not None:
        cascade.revoke(tenant, [each for each in families if each.id in body.ids])
    else:
        cascade.revoke(tenant, [each for each in families if _is_described(each, body)])
    return Response(status_code=202)


def _is_described(family: RefreshTokenFamily, body: RevokeRefreshTokens) -> bool:
    names = ("user_id", "client_id", "audience")
    return all(getattr(body, name) in {None, getattr(family.grant, name)} for name in names)


def _of_user(tenant: Tenant, user_id: str) -> list[RefreshTokenFamily]:
    return [family for family in tenant.state.families.values() if family.grant.user_id == user_id]


def _family(request: Request, tenant: Tenant) -> RefreshTokenFamily:
    """Return the refresh tokens of an id, unless their user was deleted; the words of the error are unverified."""
    family = tenant.state.families.get(request.path_params["id"])
    if family is None or family.grant.user_id not in tenant.state.users:
        raise ApiError(404, "The refresh token does not exist.", "inexistent_refresh_token")
    return family


ROUTES = (
    Route("GET", "/users/{id}/refresh-tokens", list_user_refresh_tokens, ("read:refresh_tokens",)),
    Route("DELETE", "/users/{id}/refresh-tokens", delete_user_refresh_tokens, ("delete:refresh_tokens",)),
    Route("GET", "/refresh-tokens", list_refresh_tokens, ("read:refresh_tokens",)),
    Route("POST", "/refresh-tokens/revoke", revoke_refresh_tokens, ("delete:refresh_tokens",)),
    Route("GET", "/refresh-tokens/{id}", get_refresh_token, ("read:refresh_tokens",)),
    Route("DELETE", "/refresh-tokens/{id}", delete_refresh_token, ("delete:refresh_tokens",)),
)
