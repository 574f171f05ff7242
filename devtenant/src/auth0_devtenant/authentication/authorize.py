"""/authorize: the authorization code flow with PKCE, and silent login by session (RFC 6749 section 4.1, RFC 7636)."""

import re
from collections.abc import Iterable
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth0_devtenant.bodies import issuer_of, tenant_of
from auth0_devtenant.pages.login import error_page
from auth0_devtenant.state import Grant, Login, Session, Tenant, User, new_secret

SESSION_COOKIE = "auth0"

DEFAULT_SCOPE = "openid profile email"

_CODE_LIFETIME = 600.0
_LOGIN_LIFETIME = 3600.0
_OIDC_SCOPES = ("openid", "profile", "email", "offline_access")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


async def authorize(request: Request) -> Response:
    """Redirect to the login form, or back to the application at once if the browser is logged in."""
    tenant, parameters = tenant_of(request), dict(request.query_params)
    problem = _problem_of_redirect(tenant, parameters)
    if problem is not None:
        return error_page(problem)
    error = _error_of_request(tenant, parameters)
    if error is not None:
        return _redirect(parameters, error)
    issuer = issuer_of(request)
    session = current_session(tenant, request)
    if session is not None and parameters.get("prompt") != "login":
        return redirect_with_code(tenant, parameters, session, issuer=issuer)
    if parameters.get("prompt") == "none":
        return _redirect(parameters, _error("login_required", "Login required"))
    state = new_secret()
    tenant.state.logins[state] = Login(parameters, issuer, expires_at=tenant.now() + _LOGIN_LIFETIME)
    return RedirectResponse(f"/u/login?{urlencode({'state': state})}", 302)


def current_session(tenant: Tenant, request: Request) -> Session | None:
    """Return the session of the browser; None if it has none or the user was deleted."""
    session = tenant.state.sessions.get(request.cookies.get(SESSION_COOKIE, ""))
    return session if session is not None and session.user_id in tenant.state.users else None


def redirect_with_code(
    tenant: Tenant, parameters: dict[str, str], session: Session, *, issuer: str
) -> RedirectResponse:
    """Return to the application with an authorization code; with an error for an organization the user is not in."""
    user, name = tenant.state.users[session.user_id], parameters.get("organization")
    organization = None if name is None else tenant.find_organization(name)
    if name is not None and (organization is None or user.user_id not in organization.members):
        return _redirect(
            parameters, _error("access_denied", f"user {user.user_id} is not part of the {name} organization")
        )
    audience = parameters.get("audience") or tenant.state.default_audience
    organization_id = None if organization is None else organization.id
    code = new_secret()
    tenant.state.codes[code] = Grant(
        client_id=parameters["client_id"],
        user_id=user.user_id,
        scope=granted_scope(tenant, parameters.get("scope", DEFAULT_SCOPE), user, audience, organization_id),
        audience=audience,
        issuer=issuer,
        expires_at=tenant.now() + _CODE_LIFETIME,
        nonce=parameters.get("nonce"),
        redirect_uri=parameters["redirect_uri"],
        code_challenge=parameters["code_challenge"],
        organization_id=organization_id,
        session_id=session.id,
        auth_time=session.auth_time,
        amr=session.amr,
        acr=session.acr,
    )
    return _redirect(parameters, {"code": code})


def granted_scope(
    tenant: Tenant, scope: str, user: User, audience: str | None, organization_id: str | None
) -> tuple[str, ...]:
    """Return the requested scopes that the user's permissions allow (Auth0: "Enable RBAC for APIs")."""
    allowed = {*_OIDC_SCOPES, *_api_scopes(tenant, user, audience or "", organization_id)}
    return tuple(name for name in dict.fromkeys(scope.split()) if name in allowed)


def _api_scopes(tenant: Tenant, user: User, audience: str, organization_id: str | None) -> Iterable[str]:
    api = tenant.api(audience)
    if api is None:
        return ()
    return tenant.permission_names(user, api.identifier, organization_id) if api.enforce_policies else api.permissions


def _problem_of_redirect(tenant: Tenant, parameters: dict[str, str]) -> str | None:
    """Return why the redirect URI cannot be trusted; such a request gets an error page and no redirect.

    RFC 6749 section 4.1.2.1.
    """
    client = tenant.state.clients.get(parameters.get("client_id", ""))
    if client is None:
        return f"Unknown client: {parameters.get('client_id', '')}"
    uri = parameters.get("redirect_uri")
    if uri not in client.callback_urls:
        return f"Callback URL mismatch. {uri or ''} is not in the list of allowed callback URLs"
    return None


def _error_of_request(tenant: Tenant, parameters: dict[str, str]) -> dict[str, str] | None:
    """Return the error to send to the redirect URI (RFC 6749 section 4.1.2.1), None for a good request."""
    if parameters.get("response_type") != "code" or parameters.get("response_mode", "query") != "query":
        return _error("unsupported_response_type", "Only the code flow with response_mode=query is supported here.")
    # Auth0 supports S256 only, although its discovery document also lists plain.
    challenge = parameters.get("code_challenge", "")
    if parameters.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        return _error("invalid_request", "Parameter code_challenge with method S256 is required")
    audience = parameters.get("audience")
    if audience and tenant.api(audience) is None:
        return _error("access_denied", f"Service not found: {audience}")
    return None


def _error(error: str, description: str) -> dict[str, str]:
    return {"error": error, "error_description": description}


def _redirect(parameters: dict[str, str], result: dict[str, str]) -> RedirectResponse:
    state = {"state": parameters["state"]} if "state" in parameters else {}
    uri = parameters["redirect_uri"]
    separator = "&" if urlsplit(uri).query else "?"
    return RedirectResponse(f"{uri}{separator}{urlencode(result | state)}", 302, {"Cache-Control": "no-store"})
