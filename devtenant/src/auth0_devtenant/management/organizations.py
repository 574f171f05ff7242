"""Organizations, as a user sees them (Management API: Organizations, Users)."""

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.answers import ApiError
from auth0_devtenant.management.guard import needs, page_of, segment, user_of
from auth0_devtenant.people import ORGANIZATIONS
from auth0_devtenant.state import Json, Tenant


@needs("read:organizations")
async def list_user_organizations(request: Request, tenant: Tenant) -> Response:
    """List the organizations a user belongs to."""
    user_id = user_of(request, tenant).user_id
    found: list[Json] = [dict(each.document) for each in ORGANIZATIONS if user_id in each.members]
    return page_of(request, found, "organizations")


@needs("read:organization_member_roles")
async def list_member_roles(request: Request, tenant: Tenant) -> Response:
    """List the roles a user has as a member."""
    organization = next((each for each in ORGANIZATIONS if each.id == segment(request, 1)), None)
    if organization is None:
        raise ApiError(404, "No organization found by that id or name.", "inexistent_organization")
    names = organization.members.get(segment(request, 3), ())
    return page_of(request, [role.document for role in tenant.roles.values() if role.name in names], "roles")
