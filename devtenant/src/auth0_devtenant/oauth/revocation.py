"""/oauth/revoke: an application revokes a refresh token (RFC 7009, Auth0: "Revoke refresh tokens")."""

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.bodies import tenant_of
from auth0_devtenant.errors import token_headers
from auth0_devtenant.oauth.client_authentication import read_authenticated
from auth0_devtenant.oauth.token_request import required


async def revoke(request: Request) -> Response:
    """Revoke a refresh token with all others of its login.

    The response is the same for a token that is unknown, revoked before or of another client: 200 without a body.
    """
    tenant = tenant_of(request)
    client, parameters = await read_authenticated(request)
    family = tenant.refresh_token_family(required(parameters, "token"))
    if family is not None and family.grant.client_id == client.client_id:
        tenant.revoke_refresh_tokens(family)
    return Response(status_code=200, headers=token_headers(), media_type="application/json")
