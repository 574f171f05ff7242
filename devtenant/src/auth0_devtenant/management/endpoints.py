"""The table of all endpoints of the Management API v2, and the dispatcher that serves them under /api/v2."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute

from auth0_devtenant.bodies import tenant_of
from auth0_devtenant.errors import ApiError
from auth0_devtenant.management import (
    client_grants,
    clients,
    connections,
    grants,
    invitations,
    logs,
    organization_connections,
    organization_members,
    organizations,
    refresh_tokens,
    resource_servers,
    roles,
    sessions,
    signing_keys,
    tenant_settings,
    tickets,
    user_identities,
    user_roles,
    users,
)
from auth0_devtenant.management.guard import authorize
from auth0_devtenant.management.rate_limits import take_token
from auth0_devtenant.management.routing import Route, find_route, path_segments
from auth0_devtenant.management.unavailable import MISSING_HERE, exists_at_auth0

ENDPOINTS: tuple[Route, ...] = (
    *users.ROUTES,
    *user_identities.ROUTES,
    *user_roles.ROUTES,
    *roles.ROUTES,
    *organizations.ROUTES,
    *organization_members.ROUTES,
    *organization_connections.ROUTES,
    *invitations.ROUTES,
    *clients.ROUTES,
    *client_grants.ROUTES,
    *resource_servers.ROUTES,
    *connections.ROUTES,
    *sessions.ROUTES,
    *refresh_tokens.ROUTES,
    *grants.ROUTES,
    *tickets.ROUTES,
    *logs.ROUTES,
    *tenant_settings.ROUTES,
    *signing_keys.ROUTES,
)
"""All endpoints: method, path after /api/v2, function and scopes."""


async def dispatch(request: Request) -> Response:
    """Serve a request of the Management API."""
    found = find_route(ENDPOINTS, request)
    if found is None:
        raise ApiError(404, MISSING_HERE if exists_at_auth0(path_segments(request)) else "Not Found")
    route, request.scope["path_params"] = found
    tenant = tenant_of(request)
    headers = take_token(tenant)
    request.state.scopes = authorize(tenant, request, route.scopes)
    response = await route.endpoint(request, tenant)
    # Recordings show these in successful responses only, and Auth0's documentation names them for a 429.
    response.headers.update(headers)
    return response


ROUTES = (StarletteRoute("/{path:path}", dispatch, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),)
"""Under /api/v2."""
