"""/authorize with PKCE, the login form behind it, and /v2/logout (RFC 6749 section 4.1, RFC 7636)."""

import re
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from auth0_devtenant.bodies import read_form, tenant_of
from auth0_devtenant.pages import error_page, login_page
from auth0_devtenant.people import SPA_CLIENT_ID
from auth0_devtenant.state import Grant, Tenant, User

_CODE_LIFETIME = 600.0
_SESSION_COOKIE = "auth0"
_OIDC_SCOPES = ("openid", "profile", "email", "offline_access")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


async def authorize(request: Request) -> Response:
    """Begin a login, or finish it at once for a browser that is logged in already."""
    tenant, asked = tenant_of(request), dict(request.query_params)
    fault = _unanswerable(tenant, asked)
    if fault is not None:
        return error_page(fault)
    refusal = _refusal(tenant, asked)
    if refusal is not None:
        return _redirect(asked, refusal)
    user = _logged_in(tenant, request)
    if user is not None and asked.get("prompt") != "login":
        return _finish(tenant, asked, user)
    if asked.get("prompt") == "none":
        return _redirect(asked, _error("login_required", "Login required"))
    ticket = tenant.new_secret()
    tenant.tickets[ticket] = asked
    return RedirectResponse(f"/u/login?{urlencode({'state': ticket})}", 302)


async def show_login(request: Request) -> HTMLResponse:
    """Show the form for a login that was begun."""
    if request.query_params.get("state", "") not in tenant_of(request).tickets:
        return error_page("There is no such login; start again at the application.")
    return login_page()


async def log_in(request: Request) -> Response:
    """Take the form; on good credentials open a session and go back to the application with a code."""
    tenant, ticket = tenant_of(request), request.query_params.get("state", "")
    if ticket not in tenant.tickets:
        return error_page("There is no such login; start again at the application.")
    form = read_form(await request.body())
    user = tenant.log_in(form.get("username", ""), form.get("password", ""))
    if user is None:
        return login_page(email=form.get("username", ""), fault="Wrong email or password.")
    response = _finish(tenant, tenant.tickets.pop(ticket), user)
    response.set_cookie(_SESSION_COOKIE, tenant.open_session(user), httponly=True, samesite="lax", path="/")
    return response


async def log_out(request: Request) -> Response:
    """End the session and go to an address that was agreed on (Auth0: "Log users out of Auth0")."""
    tenant = tenant_of(request)
    allowed = tenant.options.logout_urls
    target = request.query_params.get("returnTo") or (allowed[0] if allowed else "/")
    if target not in allowed:
        return error_page(f"The returnTo parameter is not an allowed logout URL: {target}")
    tenant.sessions.pop(request.cookies.get(_SESSION_COOKIE, ""), None)
    response = RedirectResponse(target, 302)
    response.delete_cookie(_SESSION_COOKIE, path="/")
    return response


def _unanswerable(tenant: Tenant, asked: dict[str, str]) -> str | None:
    """Say what makes the redirect address untrustworthy: such a request is answered by a page, never a redirect."""
    if asked.get("client_id") != SPA_CLIENT_ID:
        return f"Unknown client: {asked.get('client_id', '')}"
    if asked.get("redirect_uri") not in tenant.options.callback_urls:
        return f"Callback URL mismatch. {asked.get('redirect_uri', '')} is not in the list of allowed callback URLs"
    return None


def _refusal(tenant: Tenant, asked: dict[str, str]) -> dict[str, str] | None:
    """Return the error the application is told of, at its redirect address (RFC 6749 section 4.1.2.1)."""
    if asked.get("response_type") != "code" or asked.get("response_mode", "query") != "query":
        return _error("unsupported_response_type", "Only the code flow with response_mode=query is offered here.")
    # Auth0 supports S256 alone, whatever its discovery document lists.
    if asked.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(asked.get("code_challenge", "")):
        return _error("invalid_request", "Parameter code_challenge with method S256 is required")
    audience = asked.get("audience")
    if audience and audience != tenant.options.audience:
        return _error("access_denied", f"Service not found: {audience}")
    return None


def _error(error: str, description: str) -> dict[str, str]:
    return {"error": error, "error_description": description}


def _logged_in(tenant: Tenant, request: Request) -> User | None:
    session = tenant.sessions.get(request.cookies.get(_SESSION_COOKIE, ""))
    return None if session is None else tenant.users.get(session.user_id)


def _finish(tenant: Tenant, asked: dict[str, str], user: User) -> RedirectResponse:
    organization = tenant.organization_of(asked["organization"], user) if "organization" in asked else None
    if "organization" in asked and organization is None:
        fault = f"user {user.user_id} is not part of the {asked['organization']} organization"
        return _redirect(asked, _error("access_denied", fault))
    code = tenant.new_secret()
    tenant.codes[code] = Grant(
        client_id=asked["client_id"],
        user_id=user.user_id,
        scope=_granted(tenant, asked.get("scope", "openid profile email"), user),
        audience=asked.get("audience") or None,
        nonce=asked.get("nonce"),
        redirect_uri=asked["redirect_uri"],
        code_challenge=asked["code_challenge"],
        expires_at=tenant.now() + _CODE_LIFETIME,
        organization=organization,
    )
    return _redirect(asked, {"code": code})


def _granted(tenant: Tenant, scope: str, user: User) -> tuple[str, ...]:
    """With RBAC on, what was asked and the user's permissions have in common (Auth0: "Enable RBAC for APIs")."""
    permitted = {*_OIDC_SCOPES, *tenant.permissions_of(user)}
    return tuple(dict.fromkeys(name for name in scope.split() if name in permitted))


def _redirect(asked: dict[str, str], parameters: dict[str, str]) -> RedirectResponse:
    state = {"state": asked["state"]} if "state" in asked else {}
    target = asked["redirect_uri"]
    mark = "&" if urlsplit(target).query else "?"
    return RedirectResponse(f"{target}{mark}{urlencode(parameters | state)}", 302, {"Cache-Control": "no-store"})
