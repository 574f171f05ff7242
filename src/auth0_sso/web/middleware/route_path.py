"""The path of the route that serves a request, as it is declared: `/users/{user_id}`."""

from starlette.types import Scope


def route_path(scope: Scope) -> str | None:
    """Return the path with the prefixes of its routers, but not that of a mounted app; None before routing.

    A route in `include_router(router, prefix="/v1")` has a path without that prefix. FastAPI keeps the whole path
    only in the scope, under a name that it does not document.
    """
    route = scope.get("route")
    included = scope.get("fastapi", {}).get("effective_route_context")
    if included is not None and included.original_route is route:
        route = included
    path = getattr(route, "path", None)
    return path if isinstance(path, str) else None
