"""The sessions and refresh tokens of a user (Management API: Users)."""

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.management.guard import require_any_scope
from auth0_devtenant.management.paging import checkpoint_response
from auth0_devtenant.management.parameters import user_of
from auth0_devtenant.state import RefreshTokenFamily, Tenant


@require_any_scope("read:sessions")
async def list_sessions(request: Request, tenant: Tenant) -> Response:
    """List the sessions of a user."""
    user_id = user_of(request, tenant).user_id
    found = [session.document for session in tenant.state.sessions.values() if session.user_id == user_id]
    return checkpoint_response(request, found, "sessions")


@require_any_scope("delete:sessions")
async def delete_sessions(request: Request, tenant: Tenant) -> Response:
    """Delete all sessions of a user; the status is 202 because Auth0 deletes them later."""
    tenant.end_sessions(user_of(request, tenant).user_id)
    return Response(status_code=202)


@require_any_scope("read:refresh_tokens")
async def list_refresh_tokens(request: Request, tenant: Tenant) -> Response:
    """List a user's refresh tokens, one for each login."""
    return checkpoint_response(request, [family.document for family in _families(request, tenant)], "tokens")


@require_any_scope("delete:refresh_tokens")
async def delete_refresh_tokens(request: Request, tenant: Tenant) -> Response:
    """Delete all refresh tokens of a user; the status is 202 because Auth0 deletes them later."""
    for family in _families(request, tenant):
        tenant.revoke_refresh_tokens(family)
    return Response(status_code=202)


def _families(request: Request, tenant: Tenant) -> list[RefreshTokenFamily]:
    user_id = user_of(request, tenant).user_id
    return [family for family in tenant.state.families.values() if family.grant.user_id == user_id]
