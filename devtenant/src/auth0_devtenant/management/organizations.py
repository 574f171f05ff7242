"""The organizations of a user and the roles in them (Management API: Organizations, Users)."""

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management.guard import require_any_scope
from auth0_devtenant.management.paging import page_response
from auth0_devtenant.management.parameters import path_id, user_of
from auth0_devtenant.state import Tenant


@require_any_scope("read:organizations")
async def list_user_organizations(request: Request, tenant: Tenant) -> Response:
    """List the organizations of a user."""
    user_id = user_of(request, tenant).user_id
    found = [each.document for each in tenant.state.organizations.values() if user_id in each.members]
    return page_response(request, found, "organizations")


@require_any_scope("read:organization_member_roles")
async def list_member_roles(request: Request, tenant: Tenant) -> Response:
    """List the roles of a member in an organization."""
    organization = tenant.state.organizations.get(path_id(request, 1))
    if organization is None:
        raise ApiError(404, "No organization found by that id or name.", "inexistent_organization")
    ids = organization.members.get(path_id(request, 3), ())
    return page_response(request, [role.document for role in tenant.state.roles.values() if role.id in ids], "roles")
