"""What lets a user in and what became of it: sessions, refresh tokens, logs (Management API: Users)."""

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.management.guard import checkpoint_of, needs, page_of, user_of
from auth0_devtenant.state import Family, Tenant


@needs("read:sessions")
async def list_sessions(request: Request, tenant: Tenant) -> Response:
    """List the browsers a user is logged in with."""
    user_id = user_of(request, tenant).user_id
    found = [session.document for session in tenant.sessions.values() if session.user_id == user_id]
    return checkpoint_of(request, found, "sessions")


@needs("delete:sessions")
async def end_sessions(request: Request, tenant: Tenant) -> Response:
    """End them all; Auth0 does so soon, and says 202."""
    user_id = user_of(request, tenant).user_id
    tenant.sessions = {secret: session for secret, session in tenant.sessions.items() if session.user_id != user_id}
    return Response(status_code=202)


@needs("read:refresh_tokens")
async def list_refresh_tokens(request: Request, tenant: Tenant) -> Response:
    """List a user's refresh tokens, one for each login."""
    return checkpoint_of(request, [family.document for family in _families(request, tenant)], "tokens")


@needs("delete:refresh_tokens")
async def end_refresh_tokens(request: Request, tenant: Tenant) -> Response:
    """End them all; Auth0 does so soon, and says 202."""
    for family in _families(request, tenant):
        tenant.end_family(family)
    return Response(status_code=202)


@needs("read:logs", "read:logs_users")
async def list_logs(request: Request, tenant: Tenant) -> Response:
    """List what happened to a user, the latest first."""
    user_id = user_of(request, tenant).user_id
    return page_of(request, [entry for entry in reversed(tenant.logs) if entry["user_id"] == user_id], "logs")


def _families(request: Request, tenant: Tenant) -> list[Family]:
    user_id = user_of(request, tenant).user_id
    families = {family.id: family for family in tenant.refresh_tokens.values()}
    return [family for family in families.values() if family.grant.user_id == user_id]
