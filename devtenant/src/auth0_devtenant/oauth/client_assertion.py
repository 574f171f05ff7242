"""private_key_jwt: a client authenticates by an assertion that it signs (RFC 7523, Auth0: "Private Key JWT")."""

from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from auth0_devtenant import jwt
from auth0_devtenant.errors import OAuthError
from auth0_devtenant.state import Client, Tenant

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

ALGORITHMS: Final = ("RS256", "RS384", "PS256")
"""`token_endpoint_auth_signing_alg_values_supported` of Auth0's discovery document."""

_MAX_LIFETIME = 300  # seconds, as at Auth0


def require_assertion(tenant: Tenant, client: Client, assertion: str) -> None:
    """Require an assertion signed by the client about itself, for this tenant, not expired and not used before.

    RFC 7523 section 3. Raises `OAuthError`; the status and the message are unverified.
    """
    claims = _signed_claims(client, assertion)
    now, expires_at, jti = tenant.now(), claims.get("exp"), claims.get("jti")
    about_itself = claims.get("iss") == claims.get("sub") == client.client_id
    in_time = isinstance(expires_at, int | float) and now < expires_at <= now + _MAX_LIFETIME
    unused = isinstance(jti, str) and jti not in tenant.state.used_assertion_ids
    if not (about_itself and claims.get("aud") in _audiences(tenant) and in_time and unused):
        raise OAuthError(401, "invalid_client", "Client authentication failed")
    tenant.state.used_assertion_ids.add(str(jti))


def unverified_subject(parameters: dict[str, str]) -> str:
    """Return the client id in an assertion, for a request without `client_id` (RFC 7521 section 4.2); "" for none."""
    try:
        return str(jwt.unverified_claims(parameters.get("client_assertion", "")).get("sub", ""))
    except jwt.InvalidTokenError:
        return ""


def _audiences(tenant: Tenant) -> tuple[str, ...]:
    """Return the values of `aud` for this tenant, all strings: SDKs of Auth0 send no list."""
    issuers = tenant.options.issuers
    return (*issuers, *(f"{issuer}oauth/token" for issuer in issuers))


def _signed_claims(client: Client, assertion: str) -> dict[str, object]:
    """Return the claims that the client's key signed; none for another signature and for a client without a key."""
    key = None if client.public_key is None else load_pem_public_key(client.public_key.encode())
    try:
        return jwt.verify(assertion, key, ALGORITHMS) if isinstance(key, RSAPublicKey) else {}
    except jwt.InvalidTokenError:
        return {}
