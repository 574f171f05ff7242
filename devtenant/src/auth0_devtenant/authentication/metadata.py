"""Discovery document, JWK Set and /userinfo (OIDC Discovery section 3, RFC 7517, OIDC Core section 5.3)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from auth0_devtenant import tokens
from auth0_devtenant.bodies import issuer_of, tenant_of

_JWKS_CACHE = {"Cache-Control": "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400"}


async def show_discovery(request: Request) -> Response:
    """Return the discovery document."""
    issuer = issuer_of(request)
    return JSONResponse(
        {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}authorize",
            "token_endpoint": f"{issuer}oauth/token",
            "userinfo_endpoint": f"{issuer}userinfo",
            "jwks_uri": f"{issuer}.well-known/jwks.json",
            "scopes_supported": ["openid", "profile", "offline_access", "email"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "code_challenge_methods_supported": ["S256"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "claims_supported": ["aud", "email", "email_verified", "exp", "iat", "iss", "name", "nickname", "sub"],
            "request_uri_parameter_supported": False,
            "request_parameter_supported": False,
        },
        headers=_JWKS_CACHE,
    )


async def show_jwks(request: Request) -> Response:
    """Return the JWK Set: the current key, the next one, and previous ones until they are revoked."""
    return JSONResponse({"keys": [key.jwk for key in tenant_of(request).state.keys.published]}, headers=_JWKS_CACHE)


async def show_userinfo(request: Request) -> Response:
    """Return the claims about the user of an access token with the scope `openid`."""
    tenant = tenant_of(request)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    audiences = [f"{issuer}userinfo" for issuer in tenant.options.issuers]
    try:
        claims = tokens.accept(tenant, token if scheme.lower() == "bearer" else "", *audiences)
    except tokens.BadTokenError as error:
        return _unauthorized(str(error))
    user = tenant.state.users.get(str(claims["sub"]))
    if user is None:
        return _unauthorized("The user does not exist.")
    scope = str(claims.get("scope", "")).split()
    return JSONResponse({"sub": user.user_id, **tokens.profile(user, scope)})


def _unauthorized(description: str) -> Response:
    challenge = f'Bearer realm="Users", error="invalid_token", error_description="{description}"'
    return PlainTextResponse("Unauthorized", 401, {"WWW-Authenticate": challenge})
