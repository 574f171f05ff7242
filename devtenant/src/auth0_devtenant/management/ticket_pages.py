"""What the URL of a ticket does in a browser: it verifies an email, or asks for a new password."""

from typing import Literal
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from auth0_devtenant.bodies import read_form, tenant_of
from auth0_devtenant.errors import ApiError
from auth0_devtenant.management.tickets import PASSWORD_PATH, VERIFICATION_PATH
from auth0_devtenant.pages.tickets import password_page, result_page
from auth0_devtenant.passwords import require_strong_password
from auth0_devtenant.state import Tenant, Ticket, User

_VERIFIED = "Your email was verified. You can continue using the application."
_CHANGED = "Your password has been changed successfully."


async def verify_email(request: Request) -> Response:
    """Mark the email of the ticket's user as verified, once."""
    tenant = tenant_of(request)
    ticket, user = _open(request, tenant, "email-verification")
    if ticket is None or user is None:
        return _unusable()
    user.document |= {"email_verified": True, "updated_at": tenant.timestamp()}
    tenant.log("sv", _VERIFIED, user)
    return _finish(request, tenant, ticket, user, "Email verified", _VERIFIED)


async def show_password_form(request: Request) -> Response:
    """Ask for a new password."""
    _, user = _open(request, tenant_of(request), "password-change")
    return _unusable() if user is None else password_page(email=str(user.document.get("email", user.user_id)))


async def change_password(request: Request) -> Response:
    """Change the password of the ticket's user, once."""
    tenant, form = tenant_of(request), read_form(await request.body())
    ticket, user = _open(request, tenant, "password-change")
    if ticket is None or user is None:
        return _unusable()
    error = _problem(tenant, user, form)
    if error:
        return password_page(email=str(user.document.get("email", user.user_id)), error=error)
    user.password = form["password"]
    tenant.end_sessions(user.user_id, "password-changed")
    user.document |= {"last_password_reset": tenant.timestamp(), "updated_at": tenant.timestamp()}
    user.document |= {"email_verified": True} if ticket.mark_email_as_verified else {}
    tenant.log("scp", _CHANGED, user)
    return _finish(request, tenant, ticket, user, "Password changed", _CHANGED)


def _open(
    request: Request, tenant: Tenant, kind: Literal["email-verification", "password-change"]
) -> tuple[Ticket, User] | tuple[None, None]:
    """Return an unused ticket that has not expired, with its user."""
    ticket = tenant.state.tickets.get(request.query_params.get("ticket", ""))
    if ticket is None or ticket.kind != kind or ticket.expires_at <= tenant.now():
        return None, None
    return ticket, tenant.state.users[ticket.user_id]


def _problem(tenant: Tenant, user: User, form: dict[str, str]) -> str:
    if form.get("password") != form.get("again"):
        return "The passwords are different."
    connection = tenant.connection(user.connection)
    if connection is None:
        return "The user's connection does not exist."
    try:
        require_strong_password(connection, form.get("password", ""))
    except ApiError as error:
        return str(error).removeprefix("PasswordStrengthError: ")
    return ""


def _finish(request: Request, tenant: Tenant, ticket: Ticket, user: User, title: str, message: str) -> Response:
    """Use up the ticket; go to its result_url with the parameters that Auth0 adds, or show the result."""
    del tenant.state.tickets[request.query_params["ticket"]]
    if ticket.result_url is None:
        return result_page(title, message)
    result = {"email": str(user.document.get("email", "")), "success": "true", "message": message}
    separator = "&" if urlsplit(ticket.result_url).query else "?"
    return RedirectResponse(f"{ticket.result_url}{separator}{urlencode(result)}", 302)


def _unusable() -> Response:
    message = "This URL is unknown, has expired or was used before."
    return result_page("Access expired", message, status=400)


ROUTES = (
    Route(VERIFICATION_PATH, verify_email, methods=["GET"]),
    Route(PASSWORD_PATH, show_password_form, methods=["GET"]),
    Route(PASSWORD_PATH, change_password, methods=["POST"]),
)
"""Outside of /api/v2: the tickets themselves are the credentials."""
