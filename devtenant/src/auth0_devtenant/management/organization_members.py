"""The members of an organization and their roles in it (Management API: Organizations)."""

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management.lookup import find_organization, find_role, find_user
from auth0_devtenant.management.paging import checkpoint_response, page_response
from auth0_devtenant.management.roles import member_document
from auth0_devtenant.management.routing import Route
from auth0_devtenant.management.user_roles import read_roles
from auth0_devtenant.management.validation import Body, read_body
from auth0_devtenant.state import Json, Organization, Role, Tenant


class MembersBody(Body):
    """The ids of users."""

    members: Annotated[list[str], Field(min_length=1)]


async def list_members(request: Request, tenant: Tenant) -> Response:
    """List the members of an organization; `fields=roles` adds their roles in it."""
    organization = _organization(request, tenant)
    with_roles = "roles" in request.query_params.get("fields", "").split(",")
    found = []
    for user_id, role_ids in organization.members.items():
        document = member_document(find_user(tenant, user_id))
        if with_roles:
            document["roles"] = [{"id": role.id, "name": role.name} for role in _roles(tenant, role_ids)]
        found.append(document)
    return page_response(request, found, "members", checkpoint=True, select=True)


async def add_members(request: Request, tenant: Tenant) -> Response:
    """Add users to an organization."""
    organization, body = _organization(request, tenant), await read_body(request, MembersBody)
    for user in [find_user(tenant, user_id) for user_id in body.members]:
        organization.members.setdefault(user.user_id, ())
    return Response(status_code=204)


async def remove_members(request: Request, tenant: Tenant) -> Response:
    """Remove users from an organization, with their roles in it."""
    organization, body = _organization(request, tenant), await read_body(request, MembersBody)
    for user_id in body.members:
        if organization.members.pop(user_id, None) is not None:
            tenant.emit("organization.member.deleted", _membership(organization, user_id))
    return Response(status_code=204)


async def list_member_roles(request: Request, tenant: Tenant) -> Response:
    """List the roles of a member in an organization."""
    role_ids = _organization(request, tenant).members.get(request.path_params["user_id"], ())
    return page_response(request, [role.document for role in _roles(tenant, role_ids)], "roles")


async def assign_member_roles(request: Request, tenant: Tenant) -> Response:
    """Assign roles to a member in an organization."""
    organization, user_id = _member(request, tenant)
    added = await read_roles(request, tenant)
    organization.members[user_id] = tuple(dict.fromkeys((*organization.members[user_id], *added)))
    return Response(status_code=204)


async def remove_member_roles(request: Request, tenant: Tenant) -> Response:
    """Remove roles from a member in an organization."""
    organization, user_id = _member(request, tenant)
    removed = await read_roles(request, tenant)
    kept = (role_id for role_id in organization.members[user_id] if role_id not in removed)
    before, organization.members[user_id] = organization.members[user_id], tuple(kept)
    for role in _roles(tenant, tuple(role_id for role_id in before if role_id in removed)):
        named = {"role": {"id": role.id, "name": role.name}}
        tenant.emit("organization.member.role.deleted", _membership(organization, user_id) | named)
    return Response(status_code=204)


async def list_members_with_role(request: Request, tenant: Tenant) -> Response:
    """List the members that have a role in an organization."""
    organization = _organization(request, tenant)
    role = find_role(tenant, request.path_params["role_id"])
    user_ids = [user_id for user_id, role_ids in organization.members.items() if role.id in role_ids]
    found = [member_document(find_user(tenant, user_id)) for user_id in user_ids]
    return checkpoint_response(request, found, "members", select=True)


def _organization(request: Request, tenant: Tenant) -> Organization:
    return find_organization(tenant, request.path_params["id"])


def _member(request: Request, tenant: Tenant) -> tuple[Organization, str]:
    """Return the organization and the id of its member; the words of the error for others are unverified."""
    organization, user_id = _organization(request, tenant), request.path_params["user_id"]
    if user_id not in organization.members:
        raise ApiError(404, "The user is not a member of the organization.", "inexistent_user")
    return organization, user_id


def _membership(organization: Organization, user_id: str) -> Json:
    """Return the object of an event about a member."""
    return {"organization": {"id": organization.id, "name": organization.name}, "user": {"user_id": user_id}}


def _roles(tenant: Tenant, role_ids: tuple[str, ...]) -> list[Role]:
    return [role for role in tenant.state.roles.values() if role.id in role_ids]


ROUTES = (
    Route("GET", "/organizations/{id}/members", list_members, ("read:organization_members",)),
    Route("POST", "/organizations/{id}/members", add_members, ("create:organization_members",)),
    Route("DELETE", "/organizations/{id}/members", remove_members, ("delete:organization_members",)),
    Route(
        "GET", "/organizations/{id}/members/{user_id}/roles", list_member_roles, ("read:organization_member_roles",)
    ),
    Route(
        "POST",
        "/organizations/{id}/members/{user_id}/roles",
        assign_member_roles,
        ("create:organization_member_roles",),
    ),
    Route(
        "DELETE",
        "/organizations/{id}/members/{user_id}/roles",
        remove_member_roles,
        ("delete:organization_member_roles",),
    ),
    Route(
        "GET",
        "/organizations/{id}/roles/{role_id}/members",
        list_members_with_role,
        ("read:roles", "read:organization_members"),
    ),
)
