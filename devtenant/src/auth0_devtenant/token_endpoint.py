"""/oauth/token: authorization code with PKCE, refresh token with rotation, client credentials.

Statuses and sentences are Auth0's, which differ from RFC 6749 section 5.2 in places.
"""

from base64 import b64decode
from hashlib import sha256
from hmac import compare_digest

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant import jwt, tokens
from auth0_devtenant.answers import OAuthError, token_answer
from auth0_devtenant.bodies import read_parameters, tenant_of
from auth0_devtenant.jwt import base64url
from auth0_devtenant.people import (
    CLIENTS,
    MACHINE_CLIENT_ID,
    MACHINE_SCOPES,
    MANAGEMENT_CLIENT_ID,
    MANAGEMENT_SCOPES,
    Client,
)
from auth0_devtenant.state import Grant, Json, Tenant, User

_BAD_REFRESH_TOKEN = "Unknown or invalid refresh token."  # noqa: S105 - the text of an error, not a secret
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MAX_ASSERTION = 300  # seconds, as Auth0 has it
_NO_GRANT = (
    'Client is not authorized to access "{}". You need to create a "client-grant" associated to this API. '
    "See: https://auth0.com/docs/api/management/v2#!/Client_Grants/post_client_grants"
)


async def issue_token(request: Request) -> Response:
    """Answer a token request."""
    tenant, asked = tenant_of(request), await read_parameters(request)
    asked |= _basic_credentials(request)
    client = _authenticated(tenant, asked)
    grant_type = asked.get("grant_type")
    if grant_type is None:
        raise OAuthError(400, "invalid_request", "Missing required parameter: grant_type")
    if grant_type not in {"authorization_code", "refresh_token", "client_credentials"}:
        raise OAuthError(403, "unsupported_grant_type", f"Unsupported grant type: {grant_type}")
    if grant_type not in client.grant_types:
        raise OAuthError(403, "unauthorized_client", f"Grant type '{grant_type}' not allowed for the client.")
    if grant_type == "authorization_code":
        return _redeem_code(tenant, client, asked)
    if grant_type == "refresh_token":
        return _refresh(tenant, client, asked)
    return _issue_to_machine(tenant, client, asked)


def _basic_credentials(request: Request) -> dict[str, str]:
    """RFC 6749 section 2.3.1."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = b64decode(value, validate=True).decode("utf-8").partition(":")
    except ValueError:
        raise OAuthError(401, "access_denied", "Unauthorized") from None
    return {"client_id": client_id, "client_secret": secret}


def _authenticated(tenant: Tenant, asked: dict[str, str]) -> Client:
    client = CLIENTS.get(asked.get("client_id", ""))
    if client is None:
        raise OAuthError(401, "access_denied", "Unauthorized")
    if asked.get("client_assertion_type") == _ASSERTION_TYPE:
        _require_assertion(tenant, client, asked.get("client_assertion", ""))
        return client
    secret = asked.get("client_secret", "")
    if client.secret is not None and not compare_digest(client.secret.encode(), secret.encode("utf-8", "replace")):
        raise OAuthError(401, "access_denied", "Unauthorized")
    return client


def _require_assertion(tenant: Tenant, client: Client, assertion: str) -> None:
    """RFC 7523 section 3: signed by the client's key, about itself, for this tenant, in its time, and only once."""
    pem = tenant.options.management_public_key if client.client_id == MANAGEMENT_CLIENT_ID else None
    key = None if pem is None else load_pem_public_key(pem.encode())
    try:
        claims = jwt.verify(assertion, key) if isinstance(key, RSAPublicKey) else {}
    except jwt.NotOurTokenError:
        claims = {}
    now, expires_at, jti = tenant.now(), claims.get("exp"), claims.get("jti")
    about_itself = claims.get("iss") == claims.get("sub") == client.client_id
    in_time = isinstance(expires_at, int) and now < expires_at <= now + _MAX_ASSERTION
    once = isinstance(jti, str) and jti not in tenant.assertions_seen
    if not (about_itself and claims.get("aud") == tenant.options.issuer and in_time and once):
        raise OAuthError(401, "invalid_client", "Client authentication failed")
    tenant.assertions_seen.add(str(jti))


def _redeem_code(tenant: Tenant, client: Client, asked: dict[str, str]) -> Response:
    grant = tenant.codes.pop(asked.get("code", ""), None)
    if grant is None or grant.client_id != client.client_id or grant.expires_at <= tenant.now():
        raise OAuthError(403, "invalid_grant", "Invalid authorization code")
    if asked.get("redirect_uri") != grant.redirect_uri:
        raise OAuthError(403, "invalid_grant", "The redirect URI is wrong.")
    verifier = asked.get("code_verifier", "").encode("utf-8", "replace")
    if base64url(sha256(verifier).digest()) != grant.code_challenge:
        raise OAuthError(403, "invalid_grant", "Failed to verify code verifier")
    body = _user_tokens(tenant, _user(tenant, grant, "Invalid authorization code"), grant)
    if "offline_access" in grant.scope:
        body["refresh_token"] = tenant.open_family(grant).living
    return token_answer(body)


def _refresh(tenant: Tenant, client: Client, asked: dict[str, str]) -> Response:
    """Rotate: each refresh token serves once, and a second use ends all its kin (Auth0: "Refresh token rotation")."""
    used = asked.get("refresh_token", "")
    family = tenant.refresh_tokens.get(used)
    if family is None or family.grant.client_id != client.client_id:
        raise OAuthError(403, "invalid_grant", _BAD_REFRESH_TOKEN)
    if family.living != used:
        tenant.end_family(family)
        raise OAuthError(403, "invalid_grant", _BAD_REFRESH_TOKEN)
    user = _user(tenant, family.grant, "The refresh_token was generated for a user who doesn't exist anymore.")
    family.living = tenant.new_secret()
    tenant.refresh_tokens[family.living] = family
    body = _user_tokens(tenant, user, family.grant, gty="refresh_token")
    return token_answer(body | {"refresh_token": family.living})


def _user(tenant: Tenant, grant: Grant, gone: str) -> User:
    user = tenant.users.get(grant.user_id)
    if user is None:
        raise OAuthError(403, "invalid_grant", gone)
    if user.document.get("blocked"):
        raise OAuthError(403, "unauthorized", "user is blocked")
    return user


def _user_tokens(tenant: Tenant, user: User, grant: Grant, *, gty: str | None = None) -> Json:
    body: Json = {"access_token": tokens.user_token(tenant, user, grant, gty=gty)}
    if "openid" in grant.scope:
        body["id_token"] = tokens.id_token(tenant, user, grant)
    return body | _ending(tenant, grant.scope)


def _issue_to_machine(tenant: Tenant, client: Client, asked: dict[str, str]) -> Response:
    audience = asked.get("audience")
    if not audience:
        raise OAuthError(403, "access_denied", "Non-global clients are not allowed access to APIv1")
    granted = _grant_of(tenant, client, audience)
    wanted = asked.get("scope", "").split() or list(granted)
    missing = [name for name in wanted if name not in granted]
    if missing:
        raise OAuthError(403, "access_denied", f"Client has not been granted scopes: {', '.join(missing)}")
    body: Json = {"access_token": tokens.machine_token(tenant, client.client_id, audience, wanted)}
    return token_answer(body | _ending(tenant, wanted))


def _grant_of(tenant: Tenant, client: Client, audience: str) -> tuple[str, ...]:
    options = tenant.options
    if audience not in {options.audience, options.management_audience}:
        raise OAuthError(403, "access_denied", f"Service not enabled within domain: {audience}")
    grants = {
        (MACHINE_CLIENT_ID, options.audience): MACHINE_SCOPES,
        (MANAGEMENT_CLIENT_ID, options.management_audience): MANAGEMENT_SCOPES,
    }
    if (client.client_id, audience) not in grants:
        raise OAuthError(403, "access_denied", _NO_GRANT.format(audience))
    return grants[client.client_id, audience]


def _ending(tenant: Tenant, scope: tuple[str, ...] | list[str]) -> Json:
    return {
        **({"scope": " ".join(scope)} if scope else {}),
        "expires_in": tenant.options.access_token_lifetime,
        "token_type": "Bearer",
    }
