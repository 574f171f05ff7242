"""Roles, their users and their permissions (Management API: Roles, Users)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from auth0_devtenant.bodies import invalid_body, read_document
from auth0_devtenant.errors import ApiError
from auth0_devtenant.management.guard import require_any_scope
from auth0_devtenant.management.paging import checkpoint_response, page_response
from auth0_devtenant.management.parameters import path_id, user_of
from auth0_devtenant.state import Json, Permission, Role, Tenant, User

_MAX_ROLES = 50


@require_any_scope("read:roles")
async def list_roles(request: Request, tenant: Tenant) -> Response:
    """List the tenant's roles; with `name_filter` those whose name contains it."""
    part = request.query_params.get("name_filter", "")
    found = [role.document for role in tenant.state.roles.values() if part in role.name]
    return page_response(request, found, "roles")


@require_any_scope("read:roles")
async def get_role(request: Request, tenant: Tenant) -> Response:
    """Return a role."""
    return JSONResponse(_role(tenant, path_id(request, 1)).document)


@require_any_scope("read:users", "read:roles")
async def list_role_users(request: Request, tenant: Tenant) -> Response:
    """List the users with a role."""
    role = _role(tenant, path_id(request, 1))
    found = [user.document for user in tenant.state.users.values() if role.id in user.role_ids]
    members = [{name: user[name] for name in ("user_id", "email", "name", "picture")} for user in found]
    return page_response(request, members, "users", checkpoint=True)


@require_any_scope("read:users", "read:roles", "read:role_members")
async def list_user_roles(request: Request, tenant: Tenant) -> Response:
    """List the roles assigned to a user."""
    return page_response(request, [role.document for role in tenant.roles_of(user_of(request, tenant))], "roles")


@require_any_scope("read:users", "read:roles", "read:role_members")
async def list_effective_roles(request: Request, tenant: Tenant) -> Response:
    """List a user's roles with their sources; the tenant has no groups, so all are assigned directly."""
    roles = tenant.roles_of(user_of(request, tenant))
    return checkpoint_response(request, [role.document | {"sources": ["direct"]} for role in roles], "roles")


@require_any_scope("update:users", "create:role_members")
async def assign_roles(request: Request, tenant: Tenant) -> Response:
    """Assign roles to a user."""
    user, added = user_of(request, tenant), await _role_ids(request, tenant)
    role_ids = list(dict.fromkeys([*user.role_ids, *added]))
    if len(role_ids) > _MAX_ROLES:
        raise ApiError(400, "The user has reached the maximum number of roles.", "max_roles")
    user.role_ids = role_ids
    return Response(status_code=204)


@require_any_scope("update:users", "delete:role_members")
async def remove_roles(request: Request, tenant: Tenant) -> Response:
    """Remove roles from a user."""
    user, removed = user_of(request, tenant), await _role_ids(request, tenant)
    user.role_ids = [role_id for role_id in user.role_ids if role_id not in removed]
    return Response(status_code=204)


@require_any_scope("read:users")
async def list_user_permissions(request: Request, tenant: Tenant) -> Response:
    """List the permissions of a user's roles."""
    user = user_of(request, tenant)
    documents = [_permission(tenant, user, permission) for permission in tenant.permissions_of(user)]
    return page_response(request, documents, "permissions")


def _permission(tenant: Tenant, user: User, permission: Permission) -> Json:
    roles = (role for role in tenant.roles_of(user) if permission in role.permissions)
    sources = [{"source_type": "ROLE", "source_id": role.id, "source_name": role.name} for role in roles]
    if permission in user.permissions:
        sources.insert(0, {"source_type": "DIRECT", "source_id": "", "source_name": ""})
    return {
        "permission_name": permission.name,
        "resource_server_identifier": permission.audience,
        "resource_server_name": tenant.state.apis[permission.audience].name,
        "sources": sources,
    }


async def _role_ids(request: Request, tenant: Tenant) -> list[str]:
    role_ids = (await read_document(request, "roles")).get("roles")
    if not isinstance(role_ids, list) or not role_ids or not all(isinstance(each, str) and each for each in role_ids):
        raise invalid_body("Expected a non-empty array of strings on property roles")
    return [_role(tenant, role_id).id for role_id in role_ids]


def _role(tenant: Tenant, role_id: str) -> Role:
    if role_id not in tenant.state.roles:
        raise ApiError(404, "The role does not exist.")
    return tenant.state.roles[role_id]


ROUTES = (Route("/roles", list_roles, methods=["GET"]),)
