"""/dbconnections: sign-up and password reset of database connections (Auth0: Authentication API, "Database").

The bodies of these errors differ from those of OAuth; which parameters Auth0 checks first is unverified.
"""

from secrets import token_hex

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from auth0_devtenant.bodies import issuer_of, read_members, tenant_of
from auth0_devtenant.errors import OAuthError
from auth0_devtenant.mailbox import send
from auth0_devtenant.management.tickets import PASSWORD_PATH
from auth0_devtenant.passwords import is_strong, strength_error
from auth0_devtenant.state import Connection, Json, Tenant, Ticket, new_secret

_TICKET_LIFETIME = 432_000.0
_PROFILE = ("given_name", "family_name", "name", "nickname", "picture", "username")


async def sign_up(request: Request) -> Response:
    """Create a user with an email and a password."""
    tenant, members = tenant_of(request), await read_members(request)
    connection = _connection(tenant, members)
    email, password = _text(members, "email").strip().lower(), _text(members, "password")
    if "@" not in email.strip("@") or tenant.find_by_email(email, connection.name) is not None:
        # Auth0 does not say whether the email is taken.
        return _error("BadRequestError", "invalid_signup", "Invalid sign up")
    if not is_strong(connection, password):
        return JSONResponse(strength_error(connection, password), 400)
    user = tenant.add_user(f"auth0|{token_hex(12)}", email, password, connection=connection.name)
    profile = {name: members[name] for name in _PROFILE if isinstance(members.get(name), str)}
    metadata = members.get("user_metadata")
    user.document |= profile | ({"user_metadata": metadata} if isinstance(metadata, dict) and metadata else {})
    tenant.log("ss", "Successful signup", user, client_id=_text(members, "client_id"))
    shown = {"_id": user.user_id.partition("|")[2], "email_verified": False, "email": email}
    return JSONResponse(shown | profile | {"app_metadata": {}, "user_metadata": metadata or {}})


async def change_password(request: Request) -> Response:
    """Send an email about a new password; the response is the same for an email that is not known."""
    tenant, members = tenant_of(request), await read_members(request)
    connection, email = _connection(tenant, members), _text(members, "email").strip().lower()
    user = tenant.find_by_email(email, connection.name)
    if user is not None:
        ticket = new_secret()
        tenant.state.tickets[ticket] = Ticket("password-change", user.user_id, tenant.now() + _TICKET_LIFETIME)
        url = f"{issuer_of(request)}{PASSWORD_PATH[1:]}?ticket={ticket}#"
        send(tenant, email, "Reset your password", f"Set a new password at {url}")
        tenant.log("scpr", "Change password request", user, client_id=_text(members, "client_id"))
    return HTMLResponse("We've just sent you an email to reset your password.")


def _connection(tenant: Tenant, members: Json) -> Connection:
    """Return the database connection; raise `OAuthError` for another one and for an unknown client."""
    if _text(members, "client_id") not in tenant.state.clients:
        raise OAuthError(400, "invalid_request", "Client not found")
    for name in ("email", "connection"):
        if not _text(members, name):
            raise OAuthError(400, "invalid_request", f"Missing required parameter: {name}")
    connection = tenant.connection(members["connection"])
    if connection is None or connection.strategy != "auth0":
        raise OAuthError(400, "invalid_request", "the connection was not found")
    return connection


def _text(members: Json, name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""


def _error(name: str, code: str, description: str) -> JSONResponse:
    return JSONResponse({"name": name, "code": code, "description": description, "statusCode": 400}, 400)
