"""Tickets: URLs that verify an email or change a password (Management API: Tickets). No e-mail is sent."""

from secrets import token_urlsafe
from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.bodies import issuer_of
from auth0_devtenant.errors import ApiError
from auth0_devtenant.management.lookup import find_client, find_connection, find_organization, find_user
from auth0_devtenant.management.routing import Route
from auth0_devtenant.management.user_bodies import Email
from auth0_devtenant.management.validation import Body, invalid_body, read_body
from auth0_devtenant.state import Tenant, Ticket, User

VERIFICATION_PATH = "/u/email-verification"
PASSWORD_PATH = "/u/reset-verify"  # noqa: S105 - a path, not a password

_LIFETIME = 432_000
"""Five days, Auth0's default."""


class CreateTicket(Body):
    """A new ticket."""

    user_id: str | None = None
    result_url: str | None = None
    client_id: str | None = None
    organization_id: str | None = None
    ttl_sec: int = Field(0, ge=0)
    includeEmailInRedirect: bool = False  # noqa: N815 - Auth0's name
    identity: dict[str, Any] | None = None


class CreateVerificationTicket(CreateTicket):
    """A new ticket to verify an email."""

    user_id: str


class CreatePasswordTicket(CreateTicket):
    """A new ticket to change a password: of a user by id, or by connection and email."""

    connection_id: str | None = None
    email: Email | None = None
    mark_email_as_verified: bool = False


async def create_verification_ticket(request: Request, tenant: Tenant) -> Response:
    """Return a URL that marks the email of a user as verified."""
    body = await read_body(request, CreateVerificationTicket)
    user = find_user(tenant, body.user_id)
    if not user.document.get("email"):
        raise ApiError(400, "The user does not have an email address.", "operation_not_supported")  # unverified
    return _respond(request, tenant, body, Ticket("email-verification", user.user_id, 0), VERIFICATION_PATH)


async def create_password_ticket(request: Request, tenant: Tenant) -> Response:
    """Return a URL at which the user of a database connection can choose a new password."""
    body = await read_body(request, CreatePasswordTicket)
    user = _owner(tenant, body)
    connection = tenant.connection(user.connection)
    if connection is None or connection.strategy != "auth0":  # unverified: the words
        raise ApiError(400, "The user is not in a database connection.", "operation_not_supported")
    ticket = Ticket("password-change", user.user_id, 0, mark_email_as_verified=body.mark_email_as_verified)
    return _respond(request, tenant, body, ticket, PASSWORD_PATH)


def _owner(tenant: Tenant, body: CreatePasswordTicket) -> User:
    if body.user_id is not None:
        return find_user(tenant, body.user_id)
    if body.connection_id is None or body.email is None:
        raise invalid_body("Missing required property: user_id")
    user = tenant.find_by_email(body.email, find_connection(tenant, body.connection_id).name)
    return find_user(tenant, "" if user is None else user.user_id)


def _respond(request: Request, tenant: Tenant, body: CreateTicket, ticket: Ticket, path: str) -> Response:
    """Store a ticket, and return its URL with the status 201."""
    if body.client_id is not None:
        find_client(tenant, body.client_id)
    if body.organization_id is not None:
        find_organization(tenant, body.organization_id)
    ticket.result_url = body.result_url
    ticket.expires_at = tenant.now() + (body.ttl_sec or _LIFETIME)
    secret = token_urlsafe(24)
    tenant.state.tickets[secret] = ticket
    return JSONResponse({"ticket": f"{issuer_of(request)}{path[1:]}?ticket={secret}#"}, 201)


ROUTES = (
    Route("POST", "/tickets/email-verification", create_verification_ticket, ("create:user_tickets",)),
    Route("POST", "/tickets/password-change", create_password_ticket, ("create:user_tickets",)),
)
