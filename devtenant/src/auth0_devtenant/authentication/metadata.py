"""Discovery document and JWK Set, with ETags (OIDC Discovery section 3, RFC 7517, RFC 9110 section 8.8.3)."""

import json
from hashlib import sha256
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from auth0_devtenant import dpop
from auth0_devtenant.authentication.request import MULTI_FACTOR
from auth0_devtenant.authentication.responses import RESPONSE_MODES
from auth0_devtenant.bodies import issuer_of, tenant_of
from auth0_devtenant.oauth.client_assertion import ALGORITHMS
from auth0_devtenant.state import Json

_CACHE_CONTROL: Final = "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400"

_ISSUER_IN_RESPONSES: Final = "authorization_response_iss_parameter_supported"  # RFC 9207 section 3

_ENDPOINTS: Final = {
    "authorization_endpoint": "authorize",
    "token_endpoint": "oauth/token",
    "device_authorization_endpoint": "oauth/device/code",
    "userinfo_endpoint": "userinfo",
    "jwks_uri": ".well-known/jwks.json",
    "registration_endpoint": "oidc/register",
    "revocation_endpoint": "oauth/revoke",
    "end_session_endpoint": "oidc/logout",
    "pushed_authorization_request_endpoint": "oauth/par",
}

_CAPABILITIES: Final = {
    "scopes_supported": ["openid", "profile", "offline_access", "email"],
    "response_types_supported": [
        "code",
        "token",
        "id_token",
        "code token",
        "code id_token",
        "token id_token",
        "code token id_token",
    ],
    "response_modes_supported": list(RESPONSE_MODES),
    "code_challenge_methods_supported": ["S256"],
    "subject_types_supported": ["public"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
    "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
    "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
    "acr_values_supported": [MULTI_FACTOR],
    "claims_supported": [
        *("acr", "amr", "aud", "auth_time", "email", "email_verified", "exp", "iat", "iss", "name", "nickname"),
        *("nonce", "org_id", "org_name", "picture", "sid", "sub", "updated_at"),
    ],
    "backchannel_logout_supported": True,
    "backchannel_logout_session_supported": True,
    "claims_parameter_supported": False,
    "request_parameter_supported": False,
    "request_uri_parameter_supported": False,
    "require_pushed_authorization_requests": False,
}


async def show_discovery(request: Request) -> Response:
    """Return the discovery document; it lists the endpoints that exist."""
    issuer = issuer_of(request)
    paths = {route.path for route in request.app.routes if isinstance(route, Route)}
    endpoints = {name: f"{issuer}{path}" for name, path in _ENDPOINTS.items() if f"/{path}" in paths}
    # Unverified: whether Auth0's document says false where responses do not name the issuer.
    with_issuer = {_ISSUER_IN_RESPONSES: True} if tenant_of(request).identifies_issuer else {}
    return _cacheable(request, {"issuer": issuer} | endpoints | _CAPABILITIES | with_issuer)


async def show_jwks(request: Request) -> Response:
    """Return the JWK Set: the current key, the next one, and previous ones until they are revoked."""
    return _cacheable(request, {"keys": [key.jwk for key in tenant_of(request).state.keys.published]})


def _cacheable(request: Request, document: Json) -> Response:
    """Return a document with its ETag; 304 if the client has it already."""
    body = json.dumps(document, separators=(",", ":")).encode()
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"Cache-Control": _CACHE_CONTROL, "ETag": etag}
    known = {each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")}
    if known & {etag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")
