"""The grant authorization_code, with PKCE (RFC 6749 section 4.1.3, RFC 7636)."""

from hashlib import sha256

from starlette.responses import Response

from auth0_devtenant.errors import OAuthError
from auth0_devtenant.jwt import base64url
from auth0_devtenant.oauth.token_request import TokenRequest, user_of, user_response
from auth0_devtenant.state import Client, Grant

_INVALID_CODE = "Invalid authorization code"


def redeem_code(request: TokenRequest) -> Response:
    """Return the tokens of an authorization code, which is valid once."""
    tenant, parameters = request.tenant, request.parameters
    grant = tenant.state.codes.pop(request.required("code"), None)
    if grant is None or grant.client_id != request.client.client_id or grant.expires_at <= tenant.now():
        raise OAuthError(403, "invalid_grant", _INVALID_CODE)
    if parameters.get("redirect_uri") != grant.redirect_uri:
        raise OAuthError(403, "invalid_grant", "The redirect URI is wrong.")
    _require_verifier(request.client, grant, parameters.get("code_verifier"))
    return user_response(request, user_of(tenant, grant.user_id, missing=_INVALID_CODE), grant)


def _require_verifier(client: Client, grant: Grant, verifier: str | None) -> None:
    """Require the verifier of the challenge; without a challenge, a client that has authenticated.

    Then a verifier is refused, as RFC 9700 section 4.8.2 wants it; what Auth0 does is unverified.
    """
    if grant.code_challenge is None and client.is_public:
        raise OAuthError(401, "access_denied", "Unauthorized")
    if grant.code_challenge is None and verifier is None:
        return
    hashed = base64url(sha256((verifier or "").encode("utf-8", "replace")).digest())
    if hashed != grant.code_challenge:
        raise OAuthError(403, "invalid_grant", "Failed to verify code verifier")
