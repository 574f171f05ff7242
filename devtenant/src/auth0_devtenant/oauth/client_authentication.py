"""How a client authenticates at the token endpoint: secret, HTTP Basic, or a signed assertion.

RFC 6749 section 2.3.1 and RFC 7523.
"""

from base64 import b64decode
from hmac import compare_digest

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.requests import Request

from auth0_devtenant import jwt
from auth0_devtenant.errors import OAuthError
from auth0_devtenant.state import Client, Tenant

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MAX_ASSERTION_LIFETIME = 300  # seconds, as at Auth0


def basic_credentials(request: Request) -> dict[str, str]:
    """Return `client_id` and `client_secret` of HTTP Basic, or nothing; raise `OAuthError` for malformed ones."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = b64decode(value, validate=True).decode("utf-8").partition(":")
    except ValueError:
        raise OAuthError(401, "access_denied", "Unauthorized") from None
    return {"client_id": client_id, "client_secret": secret}


def authenticate(tenant: Tenant, parameters: dict[str, str]) -> Client:
    """Return the client of a token request; raise `OAuthError` if it is unknown or does not prove who it is."""
    client = tenant.state.clients.get(parameters.get("client_id", ""))
    if client is None:
        raise OAuthError(401, "access_denied", "Unauthorized")
    if parameters.get("client_assertion_type") == _ASSERTION_TYPE:
        _require_assertion(tenant, client, parameters.get("client_assertion", ""))
        return client
    secret = parameters.get("client_secret", "")
    expected = client.client_secret.encode()
    if expected and not compare_digest(expected, secret.encode("utf-8", "replace")):
        raise OAuthError(401, "access_denied", "Unauthorized")
    return client


def _require_assertion(tenant: Tenant, client: Client, assertion: str) -> None:
    """Require an assertion signed by the client about itself, for this tenant, not expired and not used before.

    RFC 7523 section 3.
    """
    claims = _signed_claims(client, assertion)
    now, expires_at, jti = tenant.now(), claims.get("exp"), claims.get("jti")
    about_itself = claims.get("iss") == claims.get("sub") == client.client_id
    in_time = isinstance(expires_at, int) and now < expires_at <= now + _MAX_ASSERTION_LIFETIME
    unused = isinstance(jti, str) and jti not in tenant.state.used_assertion_ids
    if not (about_itself and claims.get("aud") in tenant.options.issuers and in_time and unused):
        raise OAuthError(401, "invalid_client", "Client authentication failed")
    tenant.state.used_assertion_ids.add(str(jti))


def _signed_claims(client: Client, assertion: str) -> dict[str, object]:
    """Return the claims that the client's key signed; none for another signature and for a client without a key."""
    key = None if client.public_key is None else load_pem_public_key(client.public_key.encode())
    try:
        return jwt.verify(assertion, key) if isinstance(key, RSAPublicKey) else {}
    except jwt.InvalidTokenError:
        return {}
