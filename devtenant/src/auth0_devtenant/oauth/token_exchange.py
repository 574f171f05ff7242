"""The grant token-exchange: an API gets a token for another API on behalf of the user who called it.

RFC 8693; Auth0: "On-Behalf-Of Token Exchange". Words that no page of Auth0 shows are unverified.
"""

from typing import Final

from starlette.responses import Response

from auth0_devtenant import tokens
from auth0_devtenant.errors import OAuthError
from auth0_devtenant.oauth.client_credentials import client_grant
from auth0_devtenant.oauth.sender_constraining import binding
from auth0_devtenant.oauth.token_request import TokenRequest, token_response, user_of
from auth0_devtenant.scopes import granted_scope
from auth0_devtenant.state import Grant, Json, User

TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - a grant type, not a secret
_ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a token type, not a secret
_MAX_DEPTH: Final = 4
_TOO_DEEP: Final = f"Delegation chain (`act` claim) depth exceeds the maximum allowed limit of {_MAX_DEPTH}"


def exchange(request: TokenRequest) -> Response:
    """Return an access token of the same user for another API, with the client as its `act`.

    The binding of the subject token to a key is not verified, as at Auth0; the new token is bound only if the request
    has a DPoP proof.
    """
    for name in ("subject_token_type", "requested_token_type"):
        if request.required(name) != _ACCESS_TOKEN:
            raise OAuthError(400, "invalid_request", f"Unsupported {name}")
    subject = _subject(request)
    audience = request.required("audience")
    allowed = client_grant(request, audience)
    user = user_of(request.tenant, str(subject["sub"]), missing="Invalid subject_token")
    requested = request.parameters.get("scope", "").split() or list(allowed.scope)
    organization_id = subject.get("org_id")
    wanted = " ".join(name for name in requested if name in allowed.scope)
    _require_consent(request, user, audience)
    bound_to = binding(request.tenant, request.client, audience, request.thumbprint)
    grant = Grant(
        client_id=request.client.client_id,
        user_id=user.user_id,
        scope=granted_scope(request.tenant, wanted, user, audience, organization_id),
        audience=audience,
        issuer=request.issuer,
        organization_id=organization_id,
        jkt=bound_to,
    )
    token = tokens.user_token(request.tenant, user, grant, act=_actor(request, subject))
    body: Json = {"access_token": token, "issued_token_type": _ACCESS_TOKEN}
    return token_response(body, grant.scope, tokens.lifetime(request.tenant, audience), bound_to=bound_to)


def _subject(request: TokenRequest) -> Json:
    """Return the claims of the subject token, which must be a user's for the API that the client belongs to."""
    api = request.client.resource_server_identifier
    if request.client.app_type != "resource_server" or not api:
        raise OAuthError(403, "unauthorized_client", "The client is not a Custom API Client.")
    try:
        claims = tokens.accept(request.tenant, request.required("subject_token"), api)
    except tokens.BadTokenError:
        raise OAuthError(401, "invalid_request", "Invalid subject_token") from None
    if str(claims.get("sub", "")).endswith("@clients"):
        raise OAuthError(401, "invalid_request", "Invalid subject_token")
    return claims


def _require_consent(request: TokenRequest, user: User, audience: str) -> None:
    """Raise `OAuthError` where a third-party client acts without the user's consent; the status is unverified."""
    if request.client.is_first_party:
        return
    wanted = request.client.client_id, user.user_id, audience
    given = request.tenant.state.consents.values()
    if not any((each.client_id, each.user_id, each.audience) == wanted for each in given):
        raise OAuthError(403, "consent_required", "Consent required")


def _actor(request: TokenRequest, subject: Json) -> Json:
    """Return the claim `act`: this client, and in it those before (RFC 8693 section 4.1)."""
    previous, depth = subject.get("act"), 0
    act = previous
    while isinstance(act, dict):
        act, depth = act.get("act"), depth + 1
    if depth >= _MAX_DEPTH:
        raise OAuthError(400, "invalid_request", _TOO_DEEP)
    actor: Json = {"sub": request.client.client_id}
    return actor if previous is None else actor | {"act": previous}
