"""The grant refresh_token, with rotation (RFC 6749 section 6, Auth0: "Refresh token rotation")."""

from dataclasses import replace

from starlette.responses import Response

from auth0_devtenant import tokens
from auth0_devtenant.errors import OAuthError
from auth0_devtenant.oauth.token_request import TokenRequest, token_response, user_of, user_tokens
from auth0_devtenant.scopes import granted_scope
from auth0_devtenant.state import RefreshTokenFamily

_INVALID = "Unknown or invalid refresh token."
_NO_USER = "The refresh_token was generated for a user who doesn't exist anymore."


def refresh(request: TokenRequest) -> Response:
    """Rotate the refresh token; the reuse of an earlier one revokes the family, at once: the leeway is 0 seconds."""
    tenant, token = request.tenant, request.required("refresh_token")
    family = tenant.refresh_token_family(token)
    if family is None or family.grant.client_id != request.client.client_id:
        raise OAuthError(403, "invalid_grant", _INVALID)
    if family.current != token:
        tenant.revoke_refresh_tokens(family)
        raise OAuthError(403, "invalid_grant", _INVALID)
    user = user_of(tenant, family.grant.user_id, missing=_NO_USER)
    requested = _requested_scope(family, request.parameters.get("scope", ""))
    scope = granted_scope(tenant, requested, user, family.grant.audience, family.grant.organization_id)
    grant = replace(family.grant, scope=scope)
    body = user_tokens(tenant, user, grant, gty="refresh_token")
    body["refresh_token"] = tenant.rotate_refresh_token(family)
    return token_response(body, scope, tokens.lifetime(tenant, grant.audience))


def _requested_scope(family: RefreshTokenFamily, scope: str) -> str:
    """Return the requested part of what the user granted, by default all of it; offline_access stays."""
    wanted = {*scope.split(), "offline_access"} if scope.strip() else {*family.grant.scope}
    return " ".join(name for name in family.grant.scope if name in wanted)
