"""Roles, their permissions and their users (Management API: Roles)."""

from secrets import token_urlsafe
from typing import Annotated

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management import cascade
from auth0_devtenant.management.lookup import find_role, find_user
from auth0_devtenant.management.paging import page_response
from auth0_devtenant.management.permissions import (
    PermissionsBody,
    find_permissions,
    merge,
    permission_document,
)
from auth0_devtenant.management.routing import Route
from auth0_devtenant.management.validation import Body, read_body
from auth0_devtenant.state import Json, Role, Tenant, User

_MAX_ROLES = 1000
_MEMBER = ("user_id", "email", "picture", "name")


class CreateRole(Body):
    """A new role."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=50)]
    description: Annotated[str, StringConstraints(max_length=255)] = ""


class UpdateRole(Body):
    """Changes of a role."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=50)] | None = None
    description: Annotated[str, StringConstraints(max_length=255)] | None = None


class AssignUsers(Body):
    """The users that get a role."""

    users: Annotated[list[str], Field(min_length=1)]


async def list_roles(request: Request, tenant: Tenant) -> Response:
    """List the tenant's roles; with `name_filter` those whose name contains it, in any case."""
    part = request.query_params.get("name_filter", "").lower()
    found = [role.document for role in tenant.state.roles.values() if part in role.name.lower()]
    return page_response(request, found, "roles")


async def create_role(request: Request, tenant: Tenant) -> Response:
    """Create a role; its name must be new."""
    body = await read_body(request, CreateRole)
    _require_free_name(tenant, body.name, None)
    if len(tenant.state.roles) >= _MAX_ROLES:  # unverified: the words
        raise ApiError(400, "The tenant has reached the maximum number of roles.", "max_roles")
    role = Role(f"rol_{token_urlsafe(12)}", body.name, body.description)
    tenant.state.roles[role.id] = role
    return JSONResponse(role.document)


async def get_role(request: Request, tenant: Tenant) -> Response:
    """Return a role."""
    return JSONResponse(_role(request, tenant).document)


async def update_role(request: Request, tenant: Tenant) -> Response:
    """Change the name or the description of a role."""
    role, body = _role(request, tenant), await read_body(request, UpdateRole)
    if body.name is not None:
        _require_free_name(tenant, body.name, role)
        role.name = body.name
    if body.description is not None:
        role.description = body.description
    return JSONResponse(role.document)


async def delete_role(request: Request, tenant: Tenant) -> Response:
    """Delete a role, and take it from its users."""
    cascade.delete_role(tenant, _role(request, tenant))
    return JSONResponse({})


async def list_role_permissions(request: Request, tenant: Tenant) -> Response:
    """List the permissions of a role."""
    found = [permission_document(tenant, each) for each in _role(request, tenant).permissions]
    return page_response(request, found, "permissions")


async def add_role_permissions(request: Request, tenant: Tenant) -> Response:
    """Add permissions to a role."""
    role, body = _role(request, tenant), await read_body(request, PermissionsBody)
    role.permissions = merge(role.permissions, find_permissions(tenant, body))
    return JSONResponse({}, 201)


async def remove_role_permissions(request: Request, tenant: Tenant) -> Response:
    """Remove permissions from a role."""
    role, body = _role(request, tenant), await read_body(request, PermissionsBody)
    removed = find_permissions(tenant, body)
    role.permissions = tuple(each for each in role.permissions if each not in removed)
    return Response(status_code=204)


async def list_role_users(request: Request, tenant: Tenant) -> Response:
    """List the users with a role."""
    role = _role(request, tenant)
    found = [member_document(user) for user in tenant.state.users.values() if role.id in user.role_ids]
    return page_response(request, found, "users", checkpoint=True)


async def assign_users(request: Request, tenant: Tenant) -> Response:
    """Assign a role to users."""
    role, body = _role(request, tenant), await read_body(request, AssignUsers)
    for user in [find_user(tenant, user_id) for user_id in body.users]:
        user.role_ids = list(dict.fromkeys([*user.role_ids, role.id]))
    return JSONResponse({})


def member_document(user: User) -> Json:
    """Return what lists of members show of a user."""
    return {name: user.document[name] for name in _MEMBER if name in user.document}


def _role(request: Request, tenant: Tenant) -> Role:
    return find_role(tenant, request.path_params["id"])


def _require_free_name(tenant: Tenant, name: str, own: Role | None) -> None:
    if any(role.name == name and role is not own for role in tenant.state.roles.values()):
        raise ApiError(409, f"A role with the name {name} already exists.", "role_conflict")  # unverified: the words


ROUTES = (
    Route("GET", "/roles", list_roles, ("read:roles",)),
    Route("POST", "/roles", create_role, ("create:roles",)),
    Route("GET", "/roles/{id}", get_role, ("read:roles",)),
    Route("PATCH", "/roles/{id}", update_role, ("update:roles",)),
    Route("DELETE", "/roles/{id}", delete_role, ("delete:roles",)),
    Route("GET", "/roles/{id}/permissions", list_role_permissions, ("read:roles",)),
    Route("POST", "/roles/{id}/permissions", add_role_permissions, ("update:roles",)),
    Route("DELETE", "/roles/{id}/permissions", remove_role_permissions, ("update:roles",)),
    Route("GET", "/roles/{id}/users", list_role_users, ("read:users", "read:roles", "read:role_members")),
    Route("POST", "/roles/{id}/users", assign_users, ("update:roles", "create:role_members")),
)
