"""The access tokens of the tenant, in Auth0's two formats ("Access token profiles", RFC 9068), and its ID tokens."""

from collections.abc import Sequence
from secrets import token_urlsafe

from auth0_devtenant import jwt
from auth0_devtenant.keys import UnknownKeyError
from auth0_devtenant.models import Grant, Json, User
from auth0_devtenant.state import Tenant

ID_TOKEN_LIFETIME = 36_000
"""Seconds; Auth0's default."""

_PROFILE_CLAIMS = ("nickname", "name", "picture", "updated_at")
_EMAIL_CLAIMS = ("email", "email_verified")


class BadTokenError(Exception):
    """An access token that is not accepted; the text is Auth0's message."""


def machine_token(tenant: Tenant, client_id: str, audience: str, scope: Sequence[str]) -> str:
    """Return an access token for a client (RFC 6749 section 4.4)."""
    claims: Json = {"iss": tenant.options.issuer, "sub": f"{client_id}@clients", "aud": audience}
    claims |= _times(tenant) | ({"scope": " ".join(scope)} if scope else {})
    return _issue(tenant, claims, client_id, permissions=scope, gty="client-credentials", audience=audience)


def user_token(tenant: Tenant, user: User, grant: Grant, *, gty: str | None = None) -> str:
    """Return an access token for the API that the user logged in for; only refreshed ones have `gty`."""
    audience = grant.audience or tenant.options.userinfo_audience
    audiences = [audience, tenant.options.userinfo_audience] if "openid" in grant.scope else audience
    if grant.audience is None:
        audiences = tenant.options.userinfo_audience
    claims: Json = {"iss": tenant.options.issuer, "sub": user.user_id, "aud": audiences}
    claims |= _times(tenant) | {"scope": " ".join(grant.scope)}
    if grant.organization is not None:
        claims["org_id"] = grant.organization.id
    permissions = tenant.permissions_of(user)
    return _issue(tenant, claims, grant.client_id, permissions=permissions, gty=gty, audience=audience)


def id_token(tenant: Tenant, user: User, grant: Grant) -> str:
    """Return an ID token (OIDC Core section 2)."""
    now = int(tenant.now())
    claims = profile(user, grant.scope) | {
        "iss": tenant.options.issuer,
        "aud": grant.client_id,
        "sub": user.user_id,
        "iat": now,
        "exp": now + ID_TOKEN_LIFETIME,
    }
    if grant.nonce is not None:
        claims["nonce"] = grant.nonce
    return jwt.sign(_header(tenant, "JWT"), claims, tenant.keys.current.private)


def profile(user: User, scope: Sequence[str]) -> Json:
    """Return the claims about a user that a scope requests (OIDC Core section 5.4)."""
    names = (_PROFILE_CLAIMS if "profile" in scope else ()) + (_EMAIL_CLAIMS if "email" in scope else ())
    return {name: user.document[name] for name in names}


def accept(tenant: Tenant, token: str, audience: str) -> Json:
    """Return the claims of an access token of this tenant for `audience`; raise `BadTokenError`."""
    try:
        key = tenant.keys.find(jwt.kid_of(token))
        claims = jwt.verify(token, key.private.public_key())
    except jwt.InvalidTokenError:
        raise BadTokenError("Invalid token") from None
    except UnknownKeyError:
        raise BadTokenError("Invalid signature received for JSON Web Token validation") from None
    expires_at = claims.get("exp")
    if not isinstance(expires_at, int) or expires_at <= tenant.now():
        raise BadTokenError("Expired token received for JSON Web Token validation")
    audiences = claims.get("aud")
    if audience not in (audiences if isinstance(audiences, list) else [audiences]):
        raise BadTokenError(f"Bad audience: {audiences if isinstance(audiences, str) else audience}")
    return claims


def _times(tenant: Tenant) -> Json:
    now = int(tenant.now())
    return {"iat": now, "exp": now + tenant.options.access_token_lifetime}


def _issue(
    tenant: Tenant, claims: Json, client_id: str, *, permissions: Sequence[str], gty: str | None, audience: str
) -> str:
    dialect = tenant.options.token_dialect
    if dialect.startswith("rfc9068"):
        claims |= {"jti": token_urlsafe(16), "client_id": client_id}
        typ = "at+jwt"
    else:
        claims |= ({} if gty is None else {"gty": gty}) | {"azp": client_id}
        typ = "JWT"
    if dialect.endswith("_authz") and audience == tenant.options.audience:
        claims["permissions"] = list(permissions)
    return jwt.sign(_header(tenant, typ), claims, tenant.keys.current.private)


def _header(tenant: Tenant, typ: str) -> Json:
    return {"alg": "RS256", "typ": typ, "kid": tenant.keys.current.kid}
