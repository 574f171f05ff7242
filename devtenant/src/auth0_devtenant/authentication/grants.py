"""What an application gets after the login: an authorization code, and tokens in the implicit and hybrid flows.

RFC 6749 section 4.1.2, OIDC Core sections 3.2.2.5 and 3.3.2.5.
"""

from dataclasses import replace
from hashlib import sha256
from typing import Final

from auth0_devtenant import tokens
from auth0_devtenant.authentication.request import AuthorizationRequest
from auth0_devtenant.errors import OAuthError
from auth0_devtenant.jwt import base64url
from auth0_devtenant.oauth.sender_constraining import binding
from auth0_devtenant.scopes import granted_scope
from auth0_devtenant.state import Grant, Session, Tenant, User, new_secret

_CODE_LIFETIME: Final = 600.0


def issue(
    tenant: Tenant, request: AuthorizationRequest, session: Session, *, issuer: str, organization_id: str | None
) -> dict[str, str]:
    """Return the parameters of a successful authorization response, without the state."""
    user = tenant.state.users[session.user_id]
    if user.document.get("blocked"):
        raise request.error("unauthorized", "user is blocked")
    if request.client_id not in session.client_ids:
        session.client_ids.append(request.client_id)
    session.issuer = issuer
    session.organization_id = organization_id or session.organization_id
    grant = Grant(
        client_id=request.client_id,
        user_id=user.user_id,
        scope=granted_scope(tenant, request.scope, user, request.audience, organization_id),
        audience=request.audience,
        issuer=issuer,
        nonce=request.nonce,
        organization_id=organization_id,
        session_id=session.id,
        auth_time=session.auth_time,
        amr=session.amr,
        acr=session.acr,
    )
    values = _code(tenant, request, grant) if "code" in request.response_type else {}
    if "token" in request.response_type:
        _require_no_binding(tenant, request)
        values |= _access_token(tenant, user, grant)
    if "id_token" in request.response_type:
        hashes = {"c_hash": _half_hash(values.get("code")), "at_hash": _half_hash(values.get("access_token"))}
        values["id_token"] = tokens.id_token(tenant, user, grant, hashes=hashes)
    return values


def _code(tenant: Tenant, request: AuthorizationRequest, grant: Grant) -> dict[str, str]:
    code = new_secret()
    tenant.state.codes[code] = replace(
        grant,
        expires_at=tenant.now() + _CODE_LIFETIME,
        redirect_uri=request.target.redirect_uri,
        code_challenge=request.code_challenge,
    )
    return {"code": code}


def _access_token(tenant: Tenant, user: User, grant: Grant) -> dict[str, str]:
    lifetime = tokens.lifetime(tenant, grant.audience)
    values = {"access_token": tokens.user_token(tenant, user, grant), "expires_in": str(lifetime)}
    return values | {"token_type": "Bearer", "scope": " ".join(grant.scope)}


def _require_no_binding(tenant: Tenant, request: AuthorizationRequest) -> None:
    """Refuse a token in the authorization response, which has no proof, where tokens must be bound (unverified)."""
    try:
        binding(tenant, tenant.state.clients[request.client_id], request.audience, None)
    except OAuthError as error:
        raise request.error("invalid_request", str(error)) from None


def _half_hash(value: str | None) -> str | None:
    """Return the left half of the hash of a code or token (OIDC Core section 3.3.2.11)."""
    return None if value is None else base64url(sha256(value.encode("ascii")).digest()[:16])
