"""What the grants share: the request, the user that it is about, and the response with tokens."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.responses import JSONResponse, Response

from auth0_devtenant import tokens
from auth0_devtenant.errors import OAuthError, token_headers
from auth0_devtenant.oauth.sender_constraining import binding
from auth0_devtenant.state import Client, Grant, Json, Tenant, User


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request of the token endpoint, from a client that has authenticated and has this grant type."""

    tenant: Tenant
    client: Client
    parameters: dict[str, str]
    issuer: str
    thumbprint: str | None = None
    """Of the key of the request's DPoP proof (RFC 9449)."""

    def required(self, name: str) -> str:
        """Return a parameter; raise `OAuthError` if it is missing or empty."""
        return required(self.parameters, name)


def required(parameters: dict[str, str], name: str) -> str:
    """Return a parameter; raise `OAuthError` if it is missing or empty."""
    value = parameters.get(name)
    if not value:
        raise OAuthError(400, "invalid_request", f"Missing required parameter: {name}")
    return value


def require_grant_type(client: Client, grant_type: str) -> None:
    """Raise `OAuthError` if the client does not have that grant type."""
    if grant_type not in client.grant_types:
        raise OAuthError(403, "unauthorized_client", f"Grant type '{grant_type}' not allowed for the client.")


def audience_of(request: TokenRequest, *, refusal: str) -> str | None:
    """Return the requested or the default audience, None for a token for /userinfo.

    Raises `OAuthError` with the message `refusal` for an unknown one.
    """
    audience = request.tenant.requested_audience(request.parameters) or request.tenant.state.default_audience
    if audience is None or audience in {f"{issuer}userinfo" for issuer in request.tenant.options.issuers}:
        return None
    if request.tenant.api(audience) is None:
        raise OAuthError(400, "invalid_request", refusal)
    return audience


def user_of(tenant: Tenant, user_id: str, *, missing: str) -> User:
    """Return the user of a grant; raise `OAuthError`, with the message `missing` if there is no such user."""
    user = tenant.state.users.get(user_id)
    if user is None:
        raise OAuthError(403, "invalid_grant", missing)
    require_not_blocked(user)
    return user


def require_not_blocked(user: User) -> None:
    """Raise `OAuthError` for a blocked user; two emulators agree on the words, Auth0's are unverified."""
    if user.document.get("blocked"):
        raise OAuthError(403, "unauthorized", "user is blocked")


def user_response(request: TokenRequest, user: User, grant: Grant, *, gty: str | None = None) -> Response:
    """Return the tokens of a login, with a refresh token for `offline_access` if the client has that grant type."""
    bound_to = binding(request.tenant, request.client, grant.audience, request.thumbprint)
    grant = replace(grant, jkt=bound_to)
    body = user_tokens(request.tenant, user, grant, gty=gty)
    if "offline_access" in grant.scope and "refresh_token" in request.client.grant_types:
        body["refresh_token"] = request.tenant.issue_refresh_token(grant)
    return token_response(body, grant.scope, tokens.lifetime(request.tenant, grant.audience), bound_to=bound_to)


def user_tokens(tenant: Tenant, user: User, grant: Grant, *, gty: str | None = None) -> Json:
    """Return the members `access_token` and, with the scope `openid`, `id_token`."""
    body: Json = {"access_token": tokens.user_token(tenant, user, grant, gty=gty)}
    if "openid" in grant.scope:
        body["id_token"] = tokens.id_token(tenant, user, grant)
    return body


def token_response(body: Json, scope: Sequence[str], lifetime: int, *, bound_to: str | None = None) -> JSONResponse:
    """Return the response with tokens (RFC 6749 section 5.1); `lifetime` in seconds.

    The access token's type is DPoP if it is bound to a key (RFC 9449 section 5).
    """
    if scope:
        body["scope"] = " ".join(scope)
    body |= {"expires_in": lifetime, "token_type": "Bearer" if bound_to is None else "DPoP"}
    return JSONResponse(body, headers=token_headers())
