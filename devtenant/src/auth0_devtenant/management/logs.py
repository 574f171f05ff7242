"""The log events of a user (Management API: Users)."""

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.management.guard import require_any_scope
from auth0_devtenant.management.paging import page_response
from auth0_devtenant.management.parameters import user_of
from auth0_devtenant.state import Tenant


@require_any_scope("read:logs", "read:logs_users")
async def list_user_logs(request: Request, tenant: Tenant) -> Response:
    """List the log events of a user, the latest first."""
    user_id = user_of(request, tenant).user_id
    found = [entry for entry in reversed(tenant.state.logs) if entry.get("user_id") == user_id]
    return page_response(request, found, "logs")
