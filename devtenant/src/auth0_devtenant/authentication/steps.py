"""A login from step to step: its pages belong to one `Login`, which ends with a response to the application."""

from dataclasses import dataclass
from hmac import compare_digest
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth0_devtenant.authentication import grants, prompts
from auth0_devtenant.authentication.request import MULTI_FACTOR, AuthorizationRequest, parse_request
from auth0_devtenant.authentication.responses import AuthorizationError, UntrustedRequestError, respond
from auth0_devtenant.authentication.session import SESSION_COOKIE, current_session, open_session, set_cookie
from auth0_devtenant.bodies import issuer_of, read_form, tenant_of
from auth0_devtenant.state import Login, Session, Tenant, User, new_secret

LOGIN_LIFETIME: Final = 3600.0
_BROWSER_COOKIE: Final = "auth0-login"
_UNKNOWN_LOGIN: Final = "This login is unknown or already finished. Start again at the application."


@dataclass(frozen=True, slots=True)
class Step:
    """One request in a login."""

    http: Request
    state: str
    """The key of the login."""
    login: Login
    request: AuthorizationRequest
    form: dict[str, str]

    @property
    def tenant(self) -> Tenant:
        """The tenant that serves the request."""
        return tenant_of(self.http)

    @property
    def session(self) -> Session | None:
        """The session of the browser, if the request accepts it."""
        return prompts.usable_session(self.tenant, self.request, self.login, current_session(self.http))

    @property
    def user(self) -> User:
        """The user; raises `UntrustedRequestError` before the first factor."""
        user = prompts.user_of(self.tenant, self.login, self.session)
        if user is None:
            raise UntrustedRequestError(_UNKNOWN_LOGIN)
        return user


def start(http: Request, parameters: dict[str, str]) -> Response:
    """Begin a login, or answer the application at once if the session of the browser is enough."""
    tenant = tenant_of(http)
    request = parse_request(tenant, parameters)
    now = tenant.now()
    login = Login(parameters, issuer_of(http), expires_at=now + LOGIN_LIFETIME)
    step = Step(http, new_secret(), login, request, {})
    page = prompts.next_page(tenant, request, login, current_session(http))
    if page is None:
        return _finish(step)
    if "none" in request.prompt:
        raise prompts.error_without_a_page(request, page)
    tenant.state.logins = {key: each for key, each in tenant.state.logins.items() if each.expires_at > now}
    tenant.state.logins[step.state] = login
    return redirect(step, page)


async def open_step(http: Request) -> Step:
    """Return the step of a request; raise `UntrustedRequestError` for an unknown login or one of another browser.

    The button "Cancel" raises the `AuthorizationError` that brings the user back to the application.
    """
    tenant, state = tenant_of(http), http.query_params.get("state", "")
    login = tenant.state.logins.get(state)
    if login is None or login.expires_at <= tenant.now():
        raise UntrustedRequestError(_UNKNOWN_LOGIN)
    # Without this check a link could continue, in another browser, a login that someone else began (login CSRF).
    if login.browser and not compare_digest(login.browser, http.cookies.get(_BROWSER_COOKIE, "")):
        raise UntrustedRequestError("This login was started in another browser. Start again at the application.")
    form = read_form(await http.body()) if http.method == "POST" else {}
    step = Step(http, state, login, parse_request(tenant, login.parameters), form)
    if form.get("action") == "cancel":
        del tenant.state.logins[state]
        raise step.request.error("access_denied", "User did not authorize the request")
    return step


def authenticated(step: Step, user: User, *amr: str) -> Response:
    """Note that the user passed a factor, and go on."""
    login, session = step.login, step.session
    if session is not None and session.user_id == user.user_id:  # a second factor for a session that has none
        login.organization_id = login.organization_id or session.organization_id
    login.user_id, login.amr = user.user_id, (*login.amr, *amr)
    login.second_factor = login.second_factor or step.form.get("second_factor") == "on"
    return advance(step)


def advance(step: Step) -> Response:
    """Go to the next page of the login, or end it."""
    try:
        page = prompts.next_page(step.tenant, step.request, step.login, current_session(step.http))
    except AuthorizationError:
        del step.tenant.state.logins[step.state]
        raise
    if page is None:
        del step.tenant.state.logins[step.state]
        return _finish(step)
    response = redirect(step, page)
    if step.login.user_id is not None and not step.login.browser:
        step.login.browser = step.http.cookies.get(_BROWSER_COOKIE) or new_secret()
        set_cookie(step.tenant, response, _BROWSER_COOKIE, step.login.browser)
    return response


def redirect(step: Step, page: str, **more: str) -> Response:
    """Redirect to a page of the login."""
    return RedirectResponse(f"{page}?{urlencode({'state': step.state} | more)}", 302, {"Cache-Control": "no-store"})


def _finish(step: Step) -> Response:
    """Answer the application; a user who authenticated in this login gets a session."""
    tenant, login, session, secret = step.tenant, step.login, step.session, ""
    organization_id = prompts.organization_id_of(tenant, step.request, login, session)
    if session is None:
        user = step.user
        tenant.log_in(user)
        acr = MULTI_FACTOR if "mfa" in login.amr else None
        secret = open_session(step.http, user, amr=login.amr, acr=acr)
        session = tenant.state.sessions[secret]
    values = grants.issue(tenant, step.request, session, issuer=login.issuer, organization_id=organization_id)
    response = respond(step.http, step.request.target, values)
    if secret:
        set_cookie(tenant, response, SESSION_COOKIE, secret)
    return response
