"""The access tokens of the tenant, in Auth0's two formats ("Access token profiles", RFC 9068), and its ID tokens."""

import string
from collections.abc import Sequence
from secrets import choice, token_urlsafe

from auth0_devtenant import jwt
from auth0_devtenant.keys import UnknownKeyError
from auth0_devtenant.session_claims import session_claims
from auth0_devtenant.state import Grant, Json, OpaqueToken, Organization, Tenant, User

ID_TOKEN_LIFETIME = 36_000
"""Seconds; Auth0's default."""

USERINFO_TOKEN_LIFETIME = 86_400
"""Seconds; of an access token without an API."""

_PROFILE_CLAIMS = ("nickname", "name", "picture", "updated_at")
_EMAIL_CLAIMS = ("email", "email_verified")


class BadTokenError(Exception):
    """An access token that is not accepted; the text is Auth0's message."""


def machine_token(
    tenant: Tenant,
    issuer: str,
    client_id: str,
    audience: str,
    scope: Sequence[str],
    *,
    organization: Organization | None = None,
    jkt: str | None = None,
) -> str:
    """Return an access token for a client (RFC 6749 section 4.4), bound to a key if `jkt` is its thumbprint."""
    claims: Json = {"iss": issuer, "sub": f"{client_id}@clients", "aud": audience}
    claims |= _times(tenant, audience) | ({"scope": " ".join(scope)} if scope else {})
    claims |= {} if organization is None else {"org_id": organization.id, "org_name": organization.name}
    claims |= _confirmation(jkt)
    return _issue(tenant, claims, client_id, permissions=scope, gty="client-credentials", audience=audience)


def user_token(tenant: Tenant, user: User, grant: Grant, *, gty: str | None = None, act: Json | None = None) -> str:
    """Return an access token for the API that the user logged in for, an opaque one if there is none.

    `gty` is in tokens by refresh token and by password only, `act` in those of a token exchange.
    """
    audience = grant.audience
    if audience is None:
        return _opaque_token(tenant, grant)
    audiences = [audience, f"{grant.issuer}userinfo"] if "openid" in grant.scope else audience
    claims: Json = {"iss": grant.issuer, "sub": user.user_id, "aud": audiences}
    claims |= _times(tenant, audience) | ({"scope": " ".join(grant.scope)} if grant.scope else {})
    claims |= _organization_claims(tenant, grant) | _confirmation(grant.jkt)
    claims |= {} if act is None else {"act": act}
    api = tenant.api(audience)
    claims |= {} if api is None else session_claims(tenant, api, user, grant)
    permissions = tenant.permission_names(user, audience, grant.organization_id)
    return _issue(tenant, claims, grant.client_id, permissions=permissions, gty=gty, audience=audience)


def id_token(tenant: Tenant, user: User, grant: Grant, *, hashes: Json | None = None) -> str:
    """Return an ID token (OIDC Core section 2); `hashes` are its `c_hash` and `at_hash` in a hybrid flow."""
    now = int(tenant.now())
    claims = profile(user, grant.scope) | {
        "iss": grant.issuer,
        "aud": grant.client_id,
        "sub": user.user_id,
        "iat": now,
        "exp": now + ID_TOKEN_LIFETIME,
    }
    claims |= _organization_claims(tenant, grant)
    more = (hashes or {}) | {
        "nonce": grant.nonce,
        "sid": grant.session_id,
        "auth_time": grant.auth_time,
        "amr": list(grant.amr) or None,
        "acr": grant.acr,
    }
    claims |= {name: value for name, value in more.items() if value is not None}
    return jwt.sign(_header(tenant, "JWT"), claims, tenant.state.keys.current.private)


def profile(user: User, scope: Sequence[str]) -> Json:
    """Return the claims about a user that a scope requests (OIDC Core section 5.4)."""
    names = (_PROFILE_CLAIMS if "profile" in scope else ()) + (_EMAIL_CLAIMS if "email" in scope else ())
    return {name: user.document[name] for name in names if name in user.document}


def accept(tenant: Tenant, token: str, *audiences: str) -> Json:
    """Return the claims of an access token of this tenant for any of `audiences`; raise `BadTokenError`."""
    try:
        key = tenant.state.keys.find(jwt.kid_of(token))
        claims = jwt.verify(token, key.private.public_key())
    except jwt.InvalidTokenError:
        raise BadTokenError("Invalid token") from None
    except UnknownKeyError:
        raise BadTokenError("Invalid signature received for JSON Web Token validation") from None
    expires_at = claims.get("exp")
    if not isinstance(expires_at, int) or expires_at <= tenant.now():
        raise BadTokenError("Expired token received for JSON Web Token validation")
    found = claims.get("aud")
    if not {*audiences} & {*(found if isinstance(found, list) else [found])}:
        raise BadTokenError(f"Bad audience: {found if isinstance(found, str) else audiences[0]}")
    return claims


def accept_for_userinfo(tenant: Tenant, token: str) -> OpaqueToken:
    """Return what an access token for /userinfo, opaque or JWT, says; raise `BadTokenError`."""
    opaque = tenant.state.opaque_tokens.get(token)
    if opaque is not None and opaque.expires_at > tenant.now():
        return opaque
    claims = accept(tenant, token, *(f"{issuer}userinfo" for issuer in tenant.options.issuers))
    scope, jkt = tuple(str(claims.get("scope", "")).split()), claims.get("cnf", {}).get("jkt")
    client_id = claims.get("azp") or claims.get("client_id")
    return OpaqueToken(str(claims["sub"]), str(client_id), scope, claims["exp"], jkt)


def lifetime(tenant: Tenant, audience: str | None) -> int:
    """Return for how many seconds an access token for an API is valid."""
    api = tenant.api(audience or "")
    return USERINFO_TOKEN_LIFETIME if api is None else api.token_lifetime


def _opaque_token(tenant: Tenant, grant: Grant) -> str:
    """Return a new token of 32 letters and digits, as recorded at Auth0; newer tenants have encrypted JWTs."""
    token = "".join(choice(string.ascii_letters + string.digits) for _ in range(32))
    expires_at = tenant.now() + USERINFO_TOKEN_LIFETIME
    tenant.state.opaque_tokens[token] = OpaqueToken(
        grant.user_id, grant.client_id, grant.scope, expires_at, grant.jkt
    )
    return token


def _confirmation(jkt: str | None) -> Json:
    """Return the claim that binds a token to a key (RFC 9449 section 6.1)."""
    return {} if jkt is None else {"cnf": {"jkt": jkt}}


def _times(tenant: Tenant, audience: str) -> Json:
    now = int(tenant.now())
    return {"iat": now, "exp": now + lifetime(tenant, audience)}


def _organization_claims(tenant: Tenant, grant: Grant) -> Json:
    organization = tenant.state.organizations.get(grant.organization_id or "")
    return {} if organization is None else {"org_id": organization.id, "org_name": organization.name}


def _issue(
    tenant: Tenant, claims: Json, client_id: str, *, permissions: Sequence[str], gty: str | None, audience: str
) -> str:
    api = tenant.api(audience)
    dialect = "access_token" if api is None else api.token_dialect
    if dialect.startswith("rfc9068"):
        claims |= {"jti": token_urlsafe(16), "client_id": client_id}
        typ = "at+jwt"
    else:
        claims |= ({} if gty is None else {"gty": gty}) | {"azp": client_id}
        typ = "JWT"
    if dialect.endswith("_authz"):
        claims["permissions"] = list(permissions)
    return jwt.sign(_header(tenant, typ), claims, tenant.state.keys.current.private)


def _header(tenant: Tenant, typ: str) -> Json:
    return {"alg": "RS256", "typ": typ, "kid": tenant.state.keys.current.kid}
