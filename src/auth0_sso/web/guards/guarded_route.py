"""A route whose guards run before its body is read.

FastAPI reads and parses a body before it runs the first dependency. A malformed body of an anonymous caller is then
answered 422, and an endless one keeps a connection busy before anything asks for a token.
"""

from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response, routing
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import SecurityScopes
from starlette.routing import Match

from auth0_sso.web.guards.guard import Guard

if TYPE_CHECKING:
    from fastapi.routing import RouteContext

_Overrides = Mapping[Callable[..., Any], Callable[..., Any]]

# Before 0.137.2 FastAPI includes a copy of the route, which has the dependencies of the routers above it.
_iter_route_contexts: Callable[..., Iterable["RouteContext"]] = getattr(routing, "iter_route_contexts", lambda _: ())


class GuardedRoute(APIRoute):
    """A route that runs its guards before it reads its body, those of its routers and of the app included.

    `APIRouter(route_class=GuardedRoute)`, or `app.router.route_class = GuardedRoute` before the first route. The
    guards run in their order and before all other dependencies. FastAPI runs them again for their values, which
    costs no second verification, look-up or count. A guard in `dependency_overrides` does not run early.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler behind the guards: one for each place where the route is included."""
        serve = super().get_route_handler()
        early: _EarlyGuards | None = None

        async def guard_and_serve(request: Request) -> Response:
            nonlocal early
            if early is None:  # only a request tells in which app and under which routers this is
                early = _EarlyGuards(_place_of(self, request))
            await early.run(request)
            return await serve(request)

        return guard_and_serve


class _EarlyGuards:
    """The guards of one route at one place; none where there is no body to read."""

    def __init__(self, place: "APIRoute | RouteContext") -> None:
        self._dependant: Dependant = place.dependant
        self._app: object = place.dependency_overrides_provider
        self._guards = () if place.body_field is None else tuple(_guards(self._dependant, {}))

    async def run(self, request: Request) -> None:
        overrides: _Overrides = getattr(self._app, "dependency_overrides", {})
        guards = tuple(_guards(self._dependant, overrides)) if self._guards and overrides else self._guards
        for guard, scopes in guards:
            await guard(request, scopes)


def _place_of(route: APIRoute, request: Request) -> "APIRoute | RouteContext":
    """Return the route as it is included, with the dependencies of the routers above it."""
    for context in _iter_route_contexts(request.app.routes):
        if context.original_route is route and context.matches(request.scope)[0] is Match.FULL:
            return context
    return route  # under a Mount, whose routes have no routers above them


def _guards(dependant: Dependant, overrides: _Overrides) -> Iterator[tuple[Guard, SecurityScopes]]:
    """Yield the guards below a dependant and the scopes asked of each, in the order in which FastAPI runs them."""
    for each in dependant.dependencies:
        if each.call in overrides:
            continue
        yield from _guards(each, overrides)
        if isinstance(each.call, Guard):
            yield each.call, SecurityScopes([*(each.parent_oauth_scopes or ()), *(each.own_oauth_scopes or ())])
