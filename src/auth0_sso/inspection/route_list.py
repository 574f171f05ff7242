"""The routes of an app, with what guards them: those of its routers and of mounted apps too, and of an `Auth0Guard`.

What a guard asks for is what it says itself (`Guard.requirements_with`, `Rule.requirements`).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from fastapi import FastAPI, routing
from fastapi.dependencies.models import Dependant
from fastapi.security.base import SecurityBase
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Host, Mount, Route, Router, WebSocketRoute

from auth0_sso.asgi.guard import Auth0Guard
from auth0_sso.asgi.rule import Rule
from auth0_sso.asgi.rules import RuleTable
from auth0_sso.web.checks.requirements import OPTIONAL_TOKEN, Requirement
from auth0_sso.web.guards.guard import Guard
from auth0_sso.web.guards.public_routes import is_public
from auth0_sso.web.services.protection import apps_below

Access = Literal["guarded", "optional token", "public", "UNGUARDED"]

WEBSOCKET: Final = "WEBSOCKET"
ANY: Final = "*"
"""The method of a route that serves all, and the end of the path of one that serves all below it."""


@dataclass(frozen=True, slots=True)
class ListedRoute:
    """One method of one route, with what it asks for."""

    method: str
    """An HTTP method, `WEBSOCKET`, or `*` for all methods that have no line of their own."""
    path: str
    """The whole path, as it is declared; it ends in `/*` for an app that is mounted and not known here."""
    requirements: tuple[Requirement, ...] = ()
    is_public: bool = False
    """It says itself that it is public on purpose."""

    @property
    def access(self) -> Access:
        """Who passes."""
        if any(each.needs_token for each in self.requirements):
            return "guarded"
        if OPTIONAL_TOKEN in self.requirements:
            return "optional token"
        return "public" if self.is_public else "UNGUARDED"

    @property
    def name(self) -> str:
        """`METHOD /path`."""
        return f"{self.method} {self.path}"


def list_routes(app: object, *, public: Collection[str] = ()) -> list[ListedRoute]:
    """Return the routes of an ASGI app in the order in which it looks for them.

    Those named by `public`, as `/path` or `METHOD /path`, are public on purpose.
    """
    return [
        replace(route, is_public=route.is_public or route.path in public or route.name in public)
        for route in _routes_of(app, "", _Rules())
    ]


def unguarded_routes(app: object, *, public: Collection[str] = ()) -> list[str]:
    """Return the routes of an app that ask for no token, as `METHOD /path`.

    Those that say so on purpose are not among them: `public_route`, a public `Rule`, `OptionalToken`, FastAPI's own
    documentation pages, and those named by `public`, as `/path` or `METHOD /path`. A rate limit alone is no guard.
    """
    return [route.name for route in list_routes(app, public=public) if route.access == "UNGUARDED"]


@dataclass(frozen=True, slots=True)
class _Rules:
    """The rules of all `Auth0Guard`s in front of an app, each with the prefix of the app that it guards."""

    tables: tuple[tuple[RuleTable, str], ...] = ()

    def below(self, table: RuleTable, prefix: str) -> "_Rules":
        return _Rules((*self.tables, (table, prefix)))

    def apply(self, route: ListedRoute) -> Iterator[ListedRoute]:
        """Yield a route with what the rules for its path ask for; for `*` also each method with a rule of its own."""
        methods = [route.method]
        if route.method == ANY:
            methods += dict.fromkeys(
                method
                for table, prefix in self.tables
                for method in table.methods_with_rules(route.path[len(prefix) :])
            )
        for method in methods:
            asked = None if method in {WEBSOCKET, ANY} else method
            found = [table.rule_for(asked, route.path[len(prefix) :]) for table, prefix in self.tables]
            requirements = _once(*(each for rule in found for each in rule.requirements), *route.requirements)
            is_public = route.is_public or (bool(found) and all(rule.public for rule in found))
            yield ListedRoute(method, route.path, requirements, is_public)

    def paths_below(self, prefix: str) -> list[str]:
        """Return the paths below a prefix that have rules of their own, and the prefix."""
        paths = [f"{base}{rule.path.rstrip('/')}" for table, base in self.tables for rule in table.rules]
        return list(dict.fromkeys([*(path for path in paths if path.startswith(f"{prefix}/")), prefix]))


def _routes_of(app: object, prefix: str, rules: _Rules) -> Iterator[ListedRoute]:
    """Yield the routes of an app that is served below `prefix`, through any middleware in front of it."""
    for each in apps_below(app):
        if isinstance(each, Auth0Guard):
            rules = rules.below(each.rules, prefix)
        if isinstance(each, Starlette | Router):
            rules = _with_middleware(each, prefix, rules)
            for route in _all_routes(each):
                yield from _listed(route, each, prefix, rules)
            return
    for path in rules.paths_below(prefix):  # of an app that is not Starlette's, no more is known
        yield from rules.apply(ListedRoute(ANY, f"{path}/{ANY}"))


def _with_middleware(app: Starlette | Router, prefix: str, rules: _Rules) -> _Rules:
    for middleware in app.user_middleware if isinstance(app, Starlette) else ():
        kind: object = middleware.cls
        if isinstance(kind, type) and issubclass(kind, Auth0Guard):
            rules = rules.below(RuleTable(each for each in middleware.args if isinstance(each, Rule)), prefix)
    return rules


def _all_routes(app: Any) -> Iterator[Any]:  # noqa: ANN401 - routes of FastAPI and Starlette, and FastAPI's views of them
    """Yield the routes of an app or router; those of included routers as they are included, with the whole path.

    FastAPI since 0.137 keeps included routers as a tree and has a function that walks it; before, it copied routes.
    The static files of `app.frontend()` are kept apart, since all other routes go before them.
    """
    walk = getattr(routing, "iter_route_contexts", iter)
    yield from walk(app.routes)
    yield from getattr(getattr(app, "router", app), "_low_priority_routes", ())
    for route in app.routes:
        yield from getattr(route, "effective_low_priority_routes", tuple)()


def _listed(route: Any, app: object, prefix: str, rules: _Rules) -> Iterator[ListedRoute]:  # noqa: ANN401 - as above
    kind: BaseRoute = getattr(route, "original_route", route)
    path: str = prefix + (getattr(route, "path", None) or "")
    asked = requirements_of(getattr(route, "dependant", None))
    if isinstance(kind, Mount):
        yield from _routes_of(kind.app, path, rules)
    elif isinstance(kind, Host):
        for each in _routes_of(kind.app, prefix, rules):
            yield replace(each, path=f"//{kind.host}{each.path}")
    elif isinstance(kind, Route | WebSocketRoute):
        known = is_public(getattr(route, "endpoint", None)) or _is_documentation(kind, app)
        for method in _methods(kind, getattr(route, "methods", None)):
            yield from rules.apply(ListedRoute(method, path, asked, known))
    else:  # static files of `app.frontend()`, or a kind of route that another package defines
        start = prefix + getattr(route, "frontend_prefix", "")
        for each in getattr(kind, "routes", [kind]):
            below = f"{start}{getattr(each, 'path', '')}".rstrip("/")
            yield from rules.apply(ListedRoute(ANY, f"{below}/{ANY}", asked))


def _methods(route: BaseRoute, methods: Collection[str] | None) -> list[str]:
    if isinstance(route, WebSocketRoute):
        return [WEBSOCKET]
    if not methods:
        return [ANY]
    return sorted(set(methods) - {"HEAD"} if "GET" in methods else methods)  # Starlette adds HEAD to GET


def _is_documentation(route: BaseRoute, app: object) -> bool:
    """Return whether this is a page of FastAPI itself, which no guard of the app is for."""
    if not isinstance(app, FastAPI) or isinstance(route, routing.APIRoute):
        return False
    pages = {app.openapi_url, app.docs_url, app.redoc_url, app.swagger_ui_oauth2_redirect_url}
    return getattr(route, "path", None) in pages


def requirements_of(dependant: Dependant | None) -> tuple[Requirement, ...]:
    """Return what the guards among the dependencies of a FastAPI route ask for; nothing for another kind of route."""
    return () if dependant is None else _once(*_walk(dependant))


def _walk(dependant: Dependant) -> Iterator[Requirement]:
    """Yield what the guards among all dependencies of a route ask for, those inside other dependencies included."""
    for each in dependant.dependencies:
        yield from _walk(each)
        call: object = each.call
        if isinstance(call, Guard):
            yield from call.requirements_with([*(each.parent_oauth_scopes or ()), *(each.own_oauth_scopes or ())])
        elif isinstance(call, SecurityBase):
            yield Requirement("security scheme", (call.scheme_name,))


def _once(*requirements: Requirement) -> tuple[Requirement, ...]:
    """Return each once, `token` first; an optional token beside a needed one says nothing."""
    found = dict.fromkeys(requirements)
    if any(each.needs_token for each in found):
        found.pop(OPTIONAL_TOKEN, None)
    return tuple(sorted(found, key=_place))


def _place(requirement: Requirement) -> int:
    return _ORDER.index(requirement.kind)


_ORDER: Final[tuple[str, ...]] = (
    "token",
    "optional token",
    "user",
    "organization",
    "email domain",
    "network",
    "role",
    "permission",
    "scope",
    "check",
    "rate limit",
    "security scheme",
)
