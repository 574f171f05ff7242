"""The routes under one user or role, told apart by the raw path: a decoded id may hold slashes."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from auth0_sso.devtenant.answers import ApiError
from auth0_sso.devtenant.management import roles, users

_ENDPOINTS: Mapping[tuple[str, str, str], Callable[[Request], Awaitable[Response]]] = {
    ("GET", "users", ""): users.get_user,
    ("PATCH", "users", ""): users.update_user,
    ("DELETE", "users", ""): users.delete_user,
    ("GET", "users", "roles"): roles.list_user_roles,
    ("POST", "users", "roles"): roles.assign_roles,
    ("DELETE", "users", "roles"): roles.remove_roles,
    ("GET", "users", "permissions"): roles.list_user_permissions,
    ("GET", "roles", ""): roles.get_role,
    ("GET", "roles", "users"): roles.list_role_users,
}


async def dispatch(request: Request) -> Response:
    """Serve /api/v2/{users|roles}/{id} and what is under it."""
    raw = request.scope["raw_path"].decode("ascii", "replace").partition("?")[0]
    kind, _, *rest = raw.split("/")[3:]
    endpoint = _ENDPOINTS.get((request.method, kind, "/".join(rest)))
    if endpoint is None:
        raise ApiError(404, "Not Found")
    return await endpoint(request)


ROUTES = tuple(
    Route(f"/{kind}/{{path:path}}", dispatch, methods=["GET", "POST", "PATCH", "DELETE"])
    for kind in ("users", "roles")
)
