"""Routing of the paths with the id of a user, a role or an organization, by the raw path: an id may hold slashes."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management import logs, organizations, roles, sessions, users
from auth0_devtenant.management.parameters import path_segments

_ENDPOINTS: Mapping[tuple[str, str, str], Callable[[Request], Awaitable[Response]]] = {
    ("GET", "users", ""): users.get_user,
    ("PATCH", "users", ""): users.update_user,
    ("DELETE", "users", ""): users.delete_user,
    ("GET", "users", "roles"): roles.list_user_roles,
    ("POST", "users", "roles"): roles.assign_roles,
    ("DELETE", "users", "roles"): roles.remove_roles,
    ("GET", "users", "permissions"): roles.list_user_permissions,
    ("GET", "users", "effective-roles"): roles.list_effective_roles,
    ("GET", "users", "organizations"): organizations.list_user_organizations,
    ("GET", "users", "sessions"): sessions.list_sessions,
    ("DELETE", "users", "sessions"): sessions.delete_sessions,
    ("GET", "users", "refresh-tokens"): sessions.list_refresh_tokens,
    ("DELETE", "users", "refresh-tokens"): sessions.delete_refresh_tokens,
    ("GET", "users", "logs"): logs.list_user_logs,
    ("GET", "roles", ""): roles.get_role,
    ("GET", "roles", "users"): roles.list_role_users,
}


async def dispatch(request: Request) -> Response:
    """Serve /api/v2/{users|roles|organizations}/{id} and the paths below."""
    kind, _, *rest = path_segments(request)
    if request.method == "GET" and kind == "organizations" and rest[:1] == ["members"] and rest[2:] == ["roles"]:
        return await organizations.list_member_roles(request)
    endpoint = _ENDPOINTS.get((request.method, kind, "/".join(rest)))
    if endpoint is None:
        raise ApiError(404, "Not Found")
    return await endpoint(request)


ROUTES = tuple(
    Route(f"/{kind}/{{path:path}}", dispatch, methods=["GET", "POST", "PATCH", "DELETE"])
    for kind in ("users", "roles", "organizations")
)
