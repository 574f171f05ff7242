"""The grant client_credentials, for machines (RFC 6749 section 4.4, Auth0: "Application access to APIs")."""

from starlette.responses import Response

from auth0_devtenant import tokens
from auth0_devtenant.errors import OAuthError
from auth0_devtenant.oauth.sender_constraining import binding
from auth0_devtenant.oauth.token_request import TokenRequest, token_response
from auth0_devtenant.state import ClientGrant, Organization

_NO_CLIENT_GRANT = (
    'Client is not authorized to access "{}". You need to create a "client-grant" associated to this API. '
    "See: https://auth0.com/docs/api/management/v2#!/Client_Grants/post_client_grants"
)


def issue_to_machine(request: TokenRequest) -> Response:
    """Return an access token for the client itself, with the scopes of its client grant or those it requests."""
    audience = request.tenant.requested_audience(request.parameters)
    if not audience:
        raise OAuthError(403, "access_denied", "Non-global clients are not allowed access to APIv1")
    grant = client_grant(request, audience)
    scope = request.parameters.get("scope", "").split() or list(grant.scope)
    missing = [name for name in scope if name not in grant.scope]
    if missing:
        raise OAuthError(403, "access_denied", f"Client has not been granted scopes: {', '.join(missing)}")
    bound_to = binding(request.tenant, request.client, audience, request.thumbprint)
    token = tokens.machine_token(
        request.tenant,
        request.issuer,
        request.client.client_id,
        audience,
        scope,
        organization=_organization(request, grant),
        jkt=bound_to,
    )
    lifetime = tokens.lifetime(request.tenant, audience)
    return token_response({"access_token": token}, scope, lifetime, bound_to=bound_to)


def client_grant(request: TokenRequest, audience: str) -> ClientGrant:
    """Return the client's grant for that API; raise `OAuthError`."""
    api = request.tenant.api(audience)
    if api is None:
        raise OAuthError(403, "access_denied", f"Service not enabled within domain: {audience}")
    for grant in request.tenant.state.client_grants.values():
        if (grant.client_id, grant.audience) == (request.client.client_id, api.identifier):
            return grant
    raise OAuthError(403, "access_denied", _NO_CLIENT_GRANT.format(audience))


def _organization(request: TokenRequest, grant: ClientGrant) -> Organization | None:
    """Return the organization of the request, by id or name (Auth0: "Machine-to-Machine Access for Organizations").

    Raises `OAuthError` if the client grant requires another one, or none; these messages are unverified.
    """
    name = request.parameters.get("organization")
    if not name:
        if grant.organization_usage == "require":
            raise OAuthError(400, "invalid_request", "The parameter organization is required for this client grant.")
        return None
    organization = request.tenant.find_organization(name)
    if organization is None:
        raise OAuthError(400, "invalid_request", f"The organization {name} does not exist.")
    allowed = grant.allow_any_organization or organization.id in grant.organization_ids
    if grant.organization_usage == "deny" or not allowed:
        raise OAuthError(403, "access_denied", f"The client grant does not allow the organization {name}.")
    return organization
