"""A route whose guards run before FastAPI solves its dependencies, and before its body is read.

FastAPI reads and parses a body before it runs the first dependency. A malformed body of an anonymous caller is then
answered 422, and an endless one keeps a connection busy before anything asks for a token. And it reads the headers,
cookies and query of a request again for each dependency, which takes longer than a guard does.
"""

from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import replace
from functools import wraps
from inspect import signature
from typing import Any, Final, NamedTuple, cast

from fastapi import Request, Response, routing
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import SecurityScopes

from auth0_sso.web.guards.guard import Guard
from auth0_sso.web.middleware.request_context import RequestContext

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_Call = Callable[..., Any]

_CONNECTION: Final = "auth0_sso_connection"
_PARAMETERS: Final = ["connection", "scopes"]


class GuardedRoute(APIRoute):
    """A route that runs its guards first, those of its routers and of the app included.

    `APIRouter(route_class=GuardedRoute)`, or `app.router.route_class = GuardedRoute` before the first route. The
    guards run in their order, before all other dependencies and before the body is read, and FastAPI does not run
    them again. Only a guard inside another dependency runs as in any other route too, which costs no second
    verification, look-up or count; and while an app has `dependency_overrides` all do.
    """

    def get_route_handler(self) -> _Handler:
        """Return FastAPI's handler behind the guards: FastAPI asks for one for each place where the route is."""
        place = _place_of(self)
        dependant, app = place.dependant, place.dependency_overrides_provider
        reads_body = place.body_field is not None
        guards = _early_guards(dependant, {}, nested=reads_body)
        serve_plainly = super().get_route_handler()
        place.dependant = _without_guards(dependant)
        try:
            serve = super().get_route_handler()
        finally:
            place.dependant = dependant

        async def guard_and_serve(request: Request) -> Response:
            early, serve_after = guards, serve
            if overrides := getattr(app, "dependency_overrides", None):
                early = _early_guards(dependant, overrides, nested=True) if reads_body else []
                serve_after = serve_plainly
            RequestContext.of(request.scope).given = given = {}
            for guard, scopes, parameters in early:
                value = await guard(request, scopes)
                for parameter in parameters:
                    given[parameter] = value
            return await serve_after(request)

        return guard_and_serve if guards else serve_plainly


class _EarlyGuard(NamedTuple):
    """A guard of a route, the scopes asked of it, and the parameters of the route's function that take its value."""

    guard: Guard
    scopes: SecurityScopes
    parameters: list[str]


def _place_of(route: APIRoute) -> APIRoute:
    """Return the route as it is included, with the dependencies of the routers above it.

    FastAPI hides that from `get_route_handler` since 0.137, and before that it makes a copy of the route for each
    place. Should it hide it elsewhere, it runs the guards of routers itself, as for any route.
    """
    context = getattr(routing, "_effective_route_context_var", None)
    place = None if context is None else context.get()
    return place if place is not None and place.original_route is route else route


def _early_guards(dependant: Dependant, overrides: Mapping[_Call, _Call], *, nested: bool) -> list[_EarlyGuard]:
    """Return the guards that are not overridden, in the order in which FastAPI runs them, equal ones once."""
    found: dict[tuple[Guard, frozenset[str]], _EarlyGuard] = {}
    for each, is_nested in _walk(dependant, overrides, nested=nested):
        guard = cast("Guard", each.call)
        scopes = [*(each.parent_oauth_scopes or ()), *(each.own_oauth_scopes or ())]
        early = found.setdefault((guard, frozenset(scopes)), _EarlyGuard(guard, SecurityScopes(scopes), []))
        if each.name is not None and not is_nested:
            early.parameters.append(each.name)
    return list(found.values())


def _walk(
    dependant: Dependant, overrides: Mapping[_Call, _Call], *, nested: bool, is_nested: bool = False
) -> Iterator[tuple[Dependant, bool]]:
    """Yield the guards below a dependant, and whether each is in another dependency; such ones only for `nested`."""
    for each in dependant.dependencies:
        if each.call in overrides:
            continue
        if nested:
            yield from _walk(each, overrides, nested=True, is_nested=True)
        if _runs_early(each):
            yield each, is_nested


def _runs_early(dependant: Dependant) -> bool:
    """Return whether this is a guard that asks for what all do: a subclass may have dependencies of its own."""
    return (
        isinstance(dependant.call, Guard)
        and list(signature(dependant.call).parameters) == _PARAMETERS
        and getattr(dependant, "concurrency", None) is None
    )


def _without_guards(dependant: Dependant) -> Dependant:
    """Return the dependant of a route whose function gets what the guards gave from the context of the request."""
    others = [each for each in dependant.dependencies if not _runs_early(each)]
    if not any(each.name for each in dependant.dependencies if _runs_early(each)):
        return replace(dependant, dependencies=others)
    connection = dependant.http_connection_param_name or _CONNECTION
    call = _with_given(cast("_Call", dependant.call), connection)
    return replace(dependant, dependencies=others, call=call, http_connection_param_name=connection)


def _with_given(call: _Call, connection: str) -> _Call:
    """Return the function of a route, called with what the guards gave too. FastAPI unwraps it to see what it is."""

    def call_with_given(**values: Any) -> object:  # noqa: ANN401 - whatever the parameters of the function are
        context = RequestContext.of(values[connection].scope)
        if connection is _CONNECTION:
            del values[connection]
        return call(**values, **context.given)

    wrapped = wraps(call)(call_with_given)
    # FastAPI's errors say where a route is, and unwrap nothing for that; it remembers places by the id of a function.
    places: dict[int, object] = getattr(routing, "_endpoint_context_cache", {})
    place_of: Callable[[_Call], Mapping[str, object]] = getattr(routing, "_extract_endpoint_context", lambda _: {})
    places[id(wrapped)] = {**place_of(call)}
    return wrapped
