"""Invitations to organizations (Management API: Organizations). No e-mail is sent: the URL is in the response."""

import datetime as dt
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode, urlsplit

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management.lookup import find_client, find_connection, find_organization, find_role
from auth0_devtenant.management.paging import page_response
from auth0_devtenant.management.parameters import invalid_query
from auth0_devtenant.management.routing import Route
from auth0_devtenant.management.search import USERS, QueryError, sort_documents
from auth0_devtenant.management.selection import select_fields
from auth0_devtenant.management.user_bodies import Email, Text
from auth0_devtenant.management.validation import Body, read_body
from auth0_devtenant.state import Client, Invitation, Json, Organization, Tenant

_MAX_LIFETIME = 2_592_000


class Inviter(Body):
    """Who invites."""

    name: Text


class Invitee(Body):
    """Who is invited."""

    email: Email


class CreateInvitation(Body):
    """A new invitation."""

    inviter: Inviter
    invitee: Invitee
    client_id: str
    connection_id: str | None = None
    app_metadata: dict[str, Any] | None = None
    user_metadata: dict[str, Any] | None = None
    ttl_sec: int = Field(604_800, ge=1, le=_MAX_LIFETIME)
    roles: list[str] = Field(default_factory=list)
    send_invitation_email: bool = True


async def list_invitations(request: Request, tenant: Tenant) -> Response:
    """List the invitations to an organization that have not expired."""
    organization = _organization(request, tenant)
    found = [each.document for each in tenant.state.invitations.values() if _is_open(tenant, each, organization)]
    try:
        found = sort_documents(found, request.query_params.get("sort", "created_at:-1"), USERS)
    except QueryError as error:
        raise invalid_query(str(error)) from None
    return page_response(request, found, "invitations", select=True)


async def create_invitation(request: Request, tenant: Tenant) -> Response:
    """Invite a person to log in to an application as a member of an organization."""
    organization, body = _organization(request, tenant), await read_body(request, CreateInvitation)
    client, ticket = find_client(tenant, body.client_id), token_urlsafe(24)
    if body.connection_id is not None:
        find_connection(tenant, body.connection_id)
    given = body.given
    for name in ("ttl_sec", "send_invitation_email"):
        given.pop(name, None)
    document: Json = {
        "id": f"uinv_{token_urlsafe(12)}",
        "organization_id": organization.id,
        **given,
        "roles": [find_role(tenant, role_id).id for role_id in body.roles],
        "invitation_url": _url(client, organization, ticket),
        "ticket_id": ticket,
        "created_at": tenant.timestamp(),
        "expires_at": _timestamp(tenant.now() + body.ttl_sec),
    }
    tenant.state.invitations[document["id"]] = Invitation(
        ticket, organization.id, document, tenant.now() + body.ttl_sec
    )
    return JSONResponse(document, 201)


async def get_invitation(request: Request, tenant: Tenant) -> Response:
    """Return an invitation."""
    return JSONResponse(select_fields(request, _invitation(request, tenant).document))


async def delete_invitation(request: Request, tenant: Tenant) -> Response:
    """Withdraw an invitation."""
    del tenant.state.invitations[_invitation(request, tenant).document["id"]]
    return Response(status_code=204)


def _organization(request: Request, tenant: Tenant) -> Organization:
    return find_organization(tenant, request.path_params["id"])


def _invitation(request: Request, tenant: Tenant) -> Invitation:
    organization = _organization(request, tenant)
    invitation = tenant.state.invitations.get(request.path_params["invitation_id"])
    if invitation is None or not _is_open(tenant, invitation, organization):  # unverified: the words
        raise ApiError(404, "The invitation does not exist.", "inexistent_organization_invitation")
    return invitation


def _is_open(tenant: Tenant, invitation: Invitation, organization: Organization) -> bool:
    return invitation.organization_id == organization.id and tenant.now() < invitation.expires_at


def _url(client: Client, organization: Organization, ticket: str) -> str:
    """Return the application's login URI with the invitation: `initiate_login_uri`, else its first callback's origin.

    Auth0 requires a login URI; the words of its error are unverified.
    """
    callback = urlsplit(client.callback_urls[0]) if client.callback_urls else None
    default = "" if callback is None else f"{callback.scheme}://{callback.netloc}/"
    uri = client.settings.get("initiate_login_uri") or default
    if not uri:
        message = "A default login route is required to generate the invitation url."
        raise ApiError(400, message, "invalid_body")
    query = {"invitation": ticket, "organization": organization.id, "organization_name": organization.name}
    return f"{uri}{'&' if urlsplit(uri).query else '?'}{urlencode(query)}"


def _timestamp(moment: float) -> str:
    return dt.datetime.fromtimestamp(moment, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_PATH = "/organizations/{id}/invitations"

ROUTES = (
    Route("GET", _PATH, list_invitations, ("read:organization_invitations",)),
    Route("POST", _PATH, create_invitation, ("create:organization_invitations",)),
    Route("GET", _PATH + "/{invitation_id}", get_invitation, ("read:organization_invitations",)),
    Route("DELETE", _PATH + "/{invitation_id}", delete_invitation, ("delete:organization_invitations",)),
)
