"""The path of the route that serves a request, as it is declared: `/users/{user_id}`."""

from starlette.types import Scope


def route_path(scope: Scope) -> str | None:
    """Return the path with the prefixes of its routers, but not that of a mounted app; None before routing."""
    path = getattr(effective_route(scope), "path", None)
    return path if isinstance(path, str) else None


def effective_route(scope: Scope) -> object:
    """Return the route with what its routers add to it; None before routing.

    A route in `include_router(router, prefix="/v1")` has neither that prefix nor the router's dependencies. FastAPI
    keeps both only in the scope, under a name that it does not document.
    """
    route: object = scope.get("route")
    included = scope.get("fastapi", {}).get("effective_route_context")
    return included if included is not None and included.original_route is route else route
