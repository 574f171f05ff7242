"""The grant refresh_token, with rotation (RFC 6749 section 6, Auth0: "Refresh token rotation")."""

from dataclasses import replace

from starlette.responses import Response

from auth0_devtenant import tokens
from auth0_devtenant.errors import OAuthError
from auth0_devtenant.oauth.sender_constraining import binding
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
    _require_same_key(request, family)
    user = user_of(tenant, family.grant.user_id, missing=_NO_USER)
    requested = _requested_scope(family, request.parameters.get("scope", ""))
    scope = granted_scope(tenant, requested, user, family.grant.audience, family.grant.organization_id)
    bound_to = binding(tenant, request.client, family.grant.audience, request.thumbprint)
    grant = replace(family.grant, scope=scope, jkt=bound_to)
    body = user_tokens(tenant, user, grant, gty="refresh_token")
    body["refresh_token"] = tenant.rotate_refresh_token(family)
    return token_response(body, scope, tokens.lifetime(tenant, grant.audience), bound_to=bound_to)


def _require_same_key(request: TokenRequest, family: RefreshTokenFamily) -> None:
    """Require of a public client the key that its refresh token is bound to (RFC 9449 section 5).

    A confidential client proves that the token is its own by its credentials, and may use a new key. The status and
    the words are unverified.
    """
    bound_to = family.grant.jkt
    if request.client.is_public and bound_to is not None and request.thumbprint != bound_to:
        raise OAuthError(400, "invalid_dpop_proof", "The proof is not of the key that the refresh token is bound to.")


def _requested_scope(family: RefreshTokenFamily, scope: str) -> str:
    """Return the requested part of what the user granted, by default all of it; offline_access stays."""
    wanted = {*scope.split(), "offline_access"} if scope.strip() else {*family.grant.scope}
    return " ".join(name for name in family.grant.scope if name in wanted)
