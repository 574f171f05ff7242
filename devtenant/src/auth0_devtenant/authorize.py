"""/authorize: the authorization code flow with PKCE, and silent login by session (RFC 6749 section 4.1, RFC 7636)."""

import re
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth0_devtenant.bodies import tenant_of
from auth0_devtenant.clients import SPA_CLIENT_ID
from auth0_devtenant.models import Grant, User
from auth0_devtenant.pages import error_page
from auth0_devtenant.state import Tenant, new_secret

SESSION_COOKIE = "auth0"

_CODE_LIFETIME = 600.0
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
    user = _logged_in_user(tenant, request)
    if user is not None and parameters.get("prompt") != "login":
        return redirect_with_code(tenant, parameters, user)
    if parameters.get("prompt") == "none":
        return _redirect(parameters, _error("login_required", "Login required"))
    state = new_secret()
    tenant.logins[state] = parameters
    return RedirectResponse(f"/u/login?{urlencode({'state': state})}", 302)


def redirect_with_code(tenant: Tenant, parameters: dict[str, str], user: User) -> RedirectResponse:
    """Return to the application with an authorization code; with an error for an organization the user is not in."""
    name = parameters.get("organization")
    organization = None if name is None else tenant.find_organization(name, user)
    if name is not None and organization is None:
        return _redirect(
            parameters, _error("access_denied", f"user {user.user_id} is not part of the {name} organization")
        )
    code = new_secret()
    tenant.codes[code] = Grant(
        client_id=parameters["client_id"],
        user_id=user.user_id,
        scope=_granted_scope(tenant, parameters.get("scope", "openid profile email"), user),
        audience=parameters.get("audience") or None,
        nonce=parameters.get("nonce"),
        redirect_uri=parameters["redirect_uri"],
        code_challenge=parameters["code_challenge"],
        expires_at=tenant.now() + _CODE_LIFETIME,
        organization=organization,
    )
    return _redirect(parameters, {"code": code})


def _problem_of_redirect(tenant: Tenant, parameters: dict[str, str]) -> str | None:
    """Return why the redirect URI cannot be trusted; such a request gets an error page and no redirect.

    RFC 6749 section 4.1.2.1.
    """
    if parameters.get("client_id") != SPA_CLIENT_ID:
        return f"Unknown client: {parameters.get('client_id', '')}"
    uri = parameters.get("redirect_uri")
    if uri not in tenant.options.callback_urls:
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
    if audience and audience != tenant.options.audience:
        return _error("access_denied", f"Service not found: {audience}")
    return None


def _error(error: str, description: str) -> dict[str, str]:
    return {"error": error, "error_description": description}


def _logged_in_user(tenant: Tenant, request: Request) -> User | None:
    session = tenant.sessions.get(request.cookies.get(SESSION_COOKIE, ""))
    return None if session is None else tenant.users.get(session.user_id)


def _granted_scope(tenant: Tenant, scope: str, user: User) -> tuple[str, ...]:
    """Return the requested scopes that the user's permissions allow (Auth0: "Enable RBAC for APIs")."""
    allowed = {*_OIDC_SCOPES, *tenant.permissions_of(user)}
    return tuple(dict.fromkeys(name for name in scope.split() if name in allowed))


def _redirect(parameters: dict[str, str], result: dict[str, str]) -> RedirectResponse:
    state = {"state": parameters["state"]} if "state" in parameters else {}
    uri = parameters["redirect_uri"]
    separator = "&" if urlsplit(uri).query else "?"
    return RedirectResponse(f"{uri}{separator}{urlencode(result | state)}", 302, {"Cache-Control": "no-store"})
