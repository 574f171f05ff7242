"""/oauth/token: authorization code with PKCE, refresh token with rotation, client credentials.

Statuses and messages are Auth0's, which differ from RFC 6749 section 5.2 in places.
"""

from collections.abc import Sequence
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant import tokens
from auth0_devtenant.bodies import issuer_of, read_parameters, tenant_of
from auth0_devtenant.errors import OAuthError, token_headers
from auth0_devtenant.jwt import base64url
from auth0_devtenant.oauth.client_authentication import authenticate, basic_credentials
from auth0_devtenant.state import Client, Grant, Json, Tenant, User

_INVALID_REFRESH_TOKEN = "Unknown or invalid refresh token."  # noqa: S105 - the text of an error, not a secret
_NO_CLIENT_GRANT = (
    'Client is not authorized to access "{}". You need to create a "client-grant" associated to this API. '
    "See: https://auth0.com/docs/api/management/v2#!/Client_Grants/post_client_grants"
)


async def issue_token(request: Request) -> Response:
    """Answer a token request."""
    tenant, parameters = tenant_of(request), await read_parameters(request)
    parameters |= basic_credentials(request)
    client = authenticate(tenant, parameters)
    grant_type = parameters.get("grant_type")
    if grant_type is None:
        raise OAuthError(400, "invalid_request", "Missing required parameter: grant_type")
    if grant_type not in {"authorization_code", "refresh_token", "client_credentials"}:
        raise OAuthError(403, "unsupported_grant_type", f"Unsupported grant type: {grant_type}")
    if grant_type not in client.grant_types:
        raise OAuthError(403, "unauthorized_client", f"Grant type '{grant_type}' not allowed for the client.")
    if grant_type == "authorization_code":
        return _redeem_code(tenant, client, parameters)
    if grant_type == "refresh_token":
        return _refresh(tenant, client, parameters)
    return _issue_to_machine(tenant, client, parameters, issuer_of(request))


def _redeem_code(tenant: Tenant, client: Client, parameters: dict[str, str]) -> Response:
    grant = tenant.state.codes.pop(parameters.get("code", ""), None)
    if grant is None or grant.client_id != client.client_id or grant.expires_at <= tenant.now():
        raise OAuthError(403, "invalid_grant", "Invalid authorization code")
    if parameters.get("redirect_uri") != grant.redirect_uri:
        raise OAuthError(403, "invalid_grant", "The redirect URI is wrong.")
    verifier = parameters.get("code_verifier", "").encode("utf-8", "replace")
    if base64url(sha256(verifier).digest()) != grant.code_challenge:
        raise OAuthError(403, "invalid_grant", "Failed to verify code verifier")
    body = _user_tokens(tenant, _user(tenant, grant, missing="Invalid authorization code"), grant)
    if "offline_access" in grant.scope:
        body["refresh_token"] = tenant.issue_refresh_token(grant)
    return _token_response(body, grant.scope, tokens.lifetime(tenant, grant.audience))


def _refresh(tenant: Tenant, client: Client, parameters: dict[str, str]) -> Response:
    """Rotate the refresh token; reuse of an earlier one revokes the family (Auth0: "Refresh token rotation")."""
    token = parameters.get("refresh_token", "")
    family = tenant.refresh_token_family(token)
    if family is None or family.grant.client_id != client.client_id:
        raise OAuthError(403, "invalid_grant", _INVALID_REFRESH_TOKEN)
    if family.current != token:
        tenant.revoke_refresh_tokens(family)
        raise OAuthError(403, "invalid_grant", _INVALID_REFRESH_TOKEN)
    missing = "The refresh_token was generated for a user who doesn't exist anymore."
    user = _user(tenant, family.grant, missing=missing)
    body = _user_tokens(tenant, user, family.grant, gty="refresh_token")
    body["refresh_token"] = tenant.rotate_refresh_token(family)
    return _token_response(body, family.grant.scope, tokens.lifetime(tenant, family.grant.audience))


def _user(tenant: Tenant, grant: Grant, *, missing: str) -> User:
    user = tenant.state.users.get(grant.user_id)
    if user is None:
        raise OAuthError(403, "invalid_grant", missing)
    if user.document.get("blocked"):
        raise OAuthError(403, "unauthorized", "user is blocked")
    return user


def _user_tokens(tenant: Tenant, user: User, grant: Grant, *, gty: str | None = None) -> Json:
    body: Json = {"access_token": tokens.user_token(tenant, user, grant, gty=gty)}
    if "openid" in grant.scope:
        body["id_token"] = tokens.id_token(tenant, user, grant)
    return body


def _issue_to_machine(tenant: Tenant, client: Client, parameters: dict[str, str], issuer: str) -> Response:
    audience = parameters.get("audience")
    if not audience:
        raise OAuthError(403, "access_denied", "Non-global clients are not allowed access to APIv1")
    granted = _granted_scopes(tenant, client, audience)
    requested = parameters.get("scope", "").split() or list(granted)
    missing = [name for name in requested if name not in granted]
    if missing:
        raise OAuthError(403, "access_denied", f"Client has not been granted scopes: {', '.join(missing)}")
    body: Json = {"access_token": tokens.machine_token(tenant, issuer, client.client_id, audience, requested)}
    return _token_response(body, requested, tokens.lifetime(tenant, audience))


def _granted_scopes(tenant: Tenant, client: Client, audience: str) -> tuple[str, ...]:
    """Return the scopes of the client grant for that API (Auth0: "Application access to APIs: client grants")."""
    api = tenant.api(audience)
    if api is None:
        raise OAuthError(403, "access_denied", f"Service not enabled within domain: {audience}")
    for grant in tenant.state.client_grants.values():
        if (grant.client_id, grant.audience) == (client.client_id, api.identifier):
            return grant.scope
    raise OAuthError(403, "access_denied", _NO_CLIENT_GRANT.format(audience))


def _token_response(body: Json, scope: Sequence[str], lifetime: int) -> JSONResponse:
    """Return the response with tokens (RFC 6749 section 5.1)."""
    if scope:
        body["scope"] = " ".join(scope)
    body |= {"expires_in": lifetime, "token_type": "Bearer"}
    return JSONResponse(body, headers=token_headers())
