"""The roles and permissions of a user (Management API: Users)."""

from typing import Annotated

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management.lookup import find_role, user_of
from auth0_devtenant.management.paging import checkpoint_response, page_response
from auth0_devtenant.management.permissions import (
    PermissionsBody,
    find_permissions,
    merge,
    permission_document,
)
from auth0_devtenant.management.routing import Route
from auth0_devtenant.management.validation import Body, read_body
from auth0_devtenant.state import Json, Permission, Tenant, User

_MAX_ROLES = 50
_READ_ROLES = ("read:users", "read:roles", "read:role_members")


class RolesBody(Body):
    """The ids of roles."""

    roles: Annotated[list[Annotated[str, StringConstraints(min_length=1)]], Field(min_length=1)]


async def list_user_roles(request: Request, tenant: Tenant) -> Response:
    """List the roles assigned to a user."""
    return page_response(request, [role.document for role in tenant.roles_of(user_of(request, tenant))], "roles")


async def list_effective_roles(request: Request, tenant: Tenant) -> Response:
    """List a user's roles with their sources; the tenant has no groups, so all are assigned directly."""
    roles = tenant.roles_of(user_of(request, tenant))
    return checkpoint_response(request, [role.document | {"sources": ["direct"]} for role in roles], "roles")


async def assign_roles(request: Request, tenant: Tenant) -> Response:
    """Assign roles to a user."""
    user, added = user_of(request, tenant), await read_roles(request, tenant)
    role_ids = list(dict.fromkeys([*user.role_ids, *added]))
    if len(role_ids) > _MAX_ROLES:
        raise ApiError(400, "The user has reached the maximum number of roles.", "max_roles")
    user.role_ids = role_ids
    return Response(status_code=204)


async def remove_roles(request: Request, tenant: Tenant) -> Response:
    """Remove roles from a user."""
    user, removed = user_of(request, tenant), await read_roles(request, tenant)
    user.role_ids = [role_id for role_id in user.role_ids if role_id not in removed]
    return Response(status_code=204)


async def list_user_permissions(request: Request, tenant: Tenant) -> Response:
    """List the permissions of a user, assigned directly or by a role."""
    user = user_of(request, tenant)
    documents = [
        permission_document(tenant, permission) | {"sources": _sources(tenant, user, permission)}
        for permission in tenant.permissions_of(user)
    ]
    return page_response(request, documents, "permissions")


async def assign_permissions(request: Request, tenant: Tenant) -> Response:
    """Assign permissions to a user directly."""
    user, body = user_of(request, tenant), await read_body(request, PermissionsBody)
    user.permissions = merge(user.permissions, find_permissions(tenant, body))
    return JSONResponse({}, 201)


async def remove_permissions(request: Request, tenant: Tenant) -> Response:
    """Remove permissions that were assigned to a user directly."""
    user, body = user_of(request, tenant), await read_body(request, PermissionsBody)
    removed = find_permissions(tenant, body)
    user.permissions = tuple(each for each in user.permissions if each not in removed)
    return Response(status_code=204)


async def read_roles(request: Request, tenant: Tenant) -> list[str]:
    """Return the ids of existing roles in a body."""
    body = await read_body(request, RolesBody)
    return [find_role(tenant, role_id).id for role_id in body.roles]


def _sources(tenant: Tenant, user: User, permission: Permission) -> list[Json]:
    direct = [{"source_id": "", "source_name": "", "source_type": "DIRECT"}] if permission in user.permissions else []
    roles = [role for role in tenant.roles_of(user) if permission in role.permissions]
    return direct + [{"source_id": role.id, "source_name": role.name, "source_type": "ROLE"} for role in roles]


ROUTES = (
    Route("GET", "/users/{id}/roles", list_user_roles, _READ_ROLES),
    Route("POST", "/users/{id}/roles", assign_roles, ("update:users", "create:role_members")),
    Route("DELETE", "/users/{id}/roles", remove_roles, ("update:users", "delete:role_members")),
    Route("GET", "/users/{id}/effective-roles", list_effective_roles, (*_READ_ROLES, "read:user_effective_roles")),
    Route("GET", "/users/{id}/permissions", list_user_permissions, ("read:users",)),
    Route("POST", "/users/{id}/permissions", assign_permissions, ("update:users",)),
    Route("DELETE", "/users/{id}/permissions", remove_permissions, ("update:users",)),
)
