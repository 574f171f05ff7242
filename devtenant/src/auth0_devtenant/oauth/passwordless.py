"""Passwordless login by a code in an email: /passwordless/start, and the grant passwordless/otp.

Auth0: "Using Passwordless APIs". Links (`send=link`) and text messages are not supported.
"""

from hmac import compare_digest
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.bodies import tenant_of
from auth0_devtenant.errors import OAuthError
from auth0_devtenant.mailbox import new_code, send
from auth0_devtenant.oauth.client_authentication import read_authenticated
from auth0_devtenant.oauth.token_request import TokenRequest, audience_of, require_not_blocked, user_response
from auth0_devtenant.scopes import DEFAULT_SCOPE, granted_scope
from auth0_devtenant.seed.models import derived_id
from auth0_devtenant.state import Client, Grant, PasswordlessCode, Tenant, User

PASSWORDLESS_OTP: Final = "http://auth0.com/oauth/grant-type/passwordless/otp"

_LIFETIME = 180.0
_MAX_ATTEMPTS = 3
_EXPIRED = "The verification code has expired. Please try to login again."
_TOO_MANY = "You've reached the maximum number of attempts. Please try to login again."
_WRONG = "Wrong email or verification code."


async def start_passwordless(request: Request) -> Response:
    """Send a code to an email address, which need not be known."""
    tenant = tenant_of(request)
    client, parameters = await read_authenticated(request)
    connection = _connection(tenant, parameters)
    email = parameters.get("email", "").strip().lower()
    if "@" not in email.strip("@"):
        raise OAuthError(400, "bad.email", f"error in email - email format validation failed: {email}")
    if parameters.get("send") != "code":
        # Auth0 sends a link by default.
        raise OAuthError(400, "bad.send", "The development tenant sends codes only: use send=code")
    _send_code(tenant, client, email)
    user = tenant.find_by_email(email, connection)
    verified = user is not None and bool(user.document.get("email_verified"))
    return JSONResponse({"_id": _identity(email), "email": email, "email_verified": verified})


def issue_for_code(request: TokenRequest) -> Response:
    """Return the tokens of the user with that email, who is created at the first login."""
    tenant, email = request.tenant, request.required("username").strip().lower()
    connection = _connection(tenant, {"connection": request.required("realm")})
    audience = audience_of(request, refusal=f"Service not found: {request.parameters.get('audience')}")
    _require_code(request, email, request.required("otp"))
    user = tenant.find_by_email(email, connection) or _new_user(tenant, email, connection)
    require_not_blocked(user)
    user.document["email_verified"] = True
    tenant.log_in(user)
    requested = request.parameters.get("scope", DEFAULT_SCOPE)
    grant = Grant(
        client_id=request.client.client_id,
        user_id=user.user_id,
        scope=granted_scope(tenant, requested, user, audience),
        audience=audience,
        issuer=request.issuer,
        auth_time=int(tenant.now()),
    )
    return user_response(request, user, grant)


def _connection(tenant: Tenant, parameters: dict[str, str]) -> str:
    """Return the name of the connection; raise `OAuthError` for another kind (the words are unverified)."""
    connection = tenant.connection(parameters.get("connection", ""))
    if connection is None or connection.strategy != "email":
        raise OAuthError(400, "bad.connection", "Connection does not exist")
    return connection.name


def _send_code(tenant: Tenant, client: Client, email: str) -> None:
    """Send a code, which replaces the one before."""
    code = new_code()
    tenant.state.passwordless_codes[email] = PasswordlessCode(code, client.client_id, tenant.now() + _LIFETIME)
    send(tenant, email, f"Welcome to {client.name}", f"Your verification code is: {code}", code=code)
    tenant.log("cls", "Passwordless login code has been sent", client_id=client.client_id)


def _require_code(request: TokenRequest, email: str, code: str) -> None:
    """Require the code that was sent; it is valid once, and three wrong ones end it."""
    codes = request.tenant.state.passwordless_codes
    sent = codes.get(email)
    if sent is None or sent.client_id != request.client.client_id:
        raise OAuthError(403, "invalid_grant", _WRONG)
    if sent.expires_at <= request.tenant.now():
        raise OAuthError(403, "invalid_grant", _EXPIRED)
    if sent.attempts >= _MAX_ATTEMPTS:
        raise OAuthError(403, "invalid_grant", _TOO_MANY)
    if not compare_digest(sent.code.encode(), code.encode("utf-8", "replace")):
        sent.attempts += 1
        raise OAuthError(403, "invalid_grant", _WRONG)
    del codes[email]


def _new_user(tenant: Tenant, email: str, connection: str) -> User:
    return tenant.add_user(f"email|{_identity(email)}", email, "", connection=connection, email_verified=True)


def _identity(email: str) -> str:
    """Return the id of the identity with that email."""
    return derived_id("", 24, "passwordless", email)
