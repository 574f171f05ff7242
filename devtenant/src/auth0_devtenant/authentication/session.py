"""The session of a browser: one cookie for all applications (Auth0: "Session layers", single sign-on)."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.bodies import tenant_of
from auth0_devtenant.state import Session, Tenant, User

SESSION_COOKIE: Final = "auth0"
_LIFETIME: Final = 604_800
"""Seconds from the last authentication; Auth0's default "Require log in after", which use does not extend."""


def current_session(request: Request) -> Session | None:
    """Return the session of the browser; None if it has none, if it ended, and if the user was deleted."""
    tenant = tenant_of(request)
    session = tenant.state.sessions.get(request.cookies.get(SESSION_COOKIE, ""))
    if session is None or session.user_id not in tenant.state.users:
        return None
    return session if tenant.now() - session.auth_time < _LIFETIME else None


def open_session(request: Request, user: User, *, amr: tuple[str, ...], acr: str | None) -> str:
    """Return the secret of the session after a login.

    The same user's session goes on, with its id and applications; that of another user ends.
    """
    tenant, previous = tenant_of(request), current_session(request)
    tenant.state.sessions.pop(request.cookies.get(SESSION_COOKIE, ""), None)
    # A new secret at each login: one that was planted in the browser before is worth nothing after it.
    secret = tenant.start_session(user, amr=amr, acr=acr)
    if previous is not None and previous.user_id == user.user_id:
        session = tenant.state.sessions[secret]
        session.id, session.created_at, session.client_ids = previous.id, previous.created_at, previous.client_ids
    return secret


def end_session(request: Request, response: Response) -> None:
    """End the session of the browser."""
    tenant_of(request).end_session(request.cookies.get(SESSION_COOKIE, ""), "rp-logout")
    response.delete_cookie(SESSION_COOKIE, path="/")


def set_cookie(tenant: Tenant, response: Response, name: str, secret: str) -> None:
    """Set a cookie that scripts cannot read and that requests from other sites do not carry."""
    secure = tenant.options.issuer.startswith("https:")
    response.set_cookie(name, secret, httponly=True, samesite="lax", path="/", secure=secure)
