"""The login form at /u/login, which opens a session, and /v2/logout, which ends it (Auth0: "Universal Login")."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from auth0_devtenant.authentication.authorize import SESSION_COOKIE, redirect_with_code
from auth0_devtenant.bodies import read_form, tenant_of
from auth0_devtenant.pages.login import error_page, login_page

_UNKNOWN_LOGIN = "This login is unknown or already finished. Start again at the application."


async def show_login(request: Request) -> HTMLResponse:
    """Show the login form."""
    if request.query_params.get("state", "") not in tenant_of(request).state.logins:
        return error_page(_UNKNOWN_LOGIN)
    return login_page(tenant_of(request))


async def log_in(request: Request) -> Response:
    """Check the credentials of the form; open a session and redirect to the application with a code."""
    tenant, state = tenant_of(request), request.query_params.get("state", "")
    if state not in tenant.state.logins:
        return error_page(_UNKNOWN_LOGIN)
    form = read_form(await request.body())
    user = tenant.check_password(form.get("username", ""), form.get("password", ""))
    if user is None:
        return login_page(tenant, email=form.get("username", ""), error="Wrong email or password.")
    login = tenant.state.logins.pop(state)
    tenant.log_in(user)
    secret = tenant.start_session(user, amr=("pwd",))
    response = redirect_with_code(tenant, login.parameters, tenant.state.sessions[secret], issuer=login.issuer)
    response.set_cookie(SESSION_COOKIE, secret, httponly=True, samesite="lax", path="/")
    return response


async def log_out(request: Request) -> Response:
    """End the session and redirect to an allowed logout URL (Auth0: "Log users out of Auth0")."""
    tenant = tenant_of(request)
    client_id = request.query_params.get("client_id")
    clients = [client for client in tenant.state.clients.values() if client_id in {None, client.client_id}]
    allowed = [url for client in clients for url in client.logout_urls]
    target = request.query_params.get("returnTo") or (allowed[0] if allowed else "/")
    if target not in allowed:
        return error_page(f"The returnTo parameter is not an allowed logout URL: {target}")
    tenant.state.sessions.pop(request.cookies.get(SESSION_COOKIE, ""), None)
    response = RedirectResponse(target, 302)
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response
