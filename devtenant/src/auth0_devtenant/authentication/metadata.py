"""Discovery document and JWK Set (OIDC Discovery section 3, RFC 7517)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.bodies import issuer_of, tenant_of
from auth0_devtenant.oauth.client_assertion import ALGORITHMS

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
            "revocation_endpoint": f"{issuer}oauth/revoke",
            "device_authorization_endpoint": f"{issuer}oauth/device/code",
            "token_endpoint_auth_methods_supported": [
                "client_secret_basic",
                "client_secret_post",
                "private_key_jwt",
                "none",
            ],
            "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
            "claims_supported": ["aud", "email", "email_verified", "exp", "iat", "iss", "name", "nickname", "sub"],
            "request_uri_parameter_supported": False,
            "request_parameter_supported": False,
        },
        headers=_JWKS_CACHE,
    )


async def show_jwks(request: Request) -> Response:
    """Return the JWK Set: the current key, the next one, and previous ones until they are revoked."""
    return JSONResponse({"keys": [key.jwk for key in tenant_of(request).state.keys.published]}, headers=_JWKS_CACHE)
