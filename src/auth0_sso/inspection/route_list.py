"""The routes of an app, with what guards them: those of its routers and of mounted apps too, and of an `Auth0Guard`.

What a guard asks for is what it says itself (`Guard.requirements_with`, `Rule.requirements`).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from fastapi import FastAPI, routing
from fastapi.dependencies.models import Dependant
from fastapi.security.base import SecurityBase
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Host, Mount, Route, WebSocketRoute

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
    """One route: its methods, its whole path, and what it asks for."""

    methods: tuple[str, ...]
    """HTTP methods, `WEBSOCKET`, or `*` for an app that is mounted and not known here."""
    path: str
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
    def names(self) -> tuple[str, ...]:
        """`METHOD /path` for each of its methods."""
        return tuple(f"{method} {self.path}" for method in self.methods)


def list_routes(app: object, *, public: Collection[str] = ()) -> list[ListedRoute]:
    """Return the routes of an ASGI app in the order in which it looks for them.

    Those named by `public`, as `/path` or `METHOD /path`, are public on purpose.
    """
    return [_marked(route, public) for route in _routes_of(app, "", _Rules())]


def unguarded_routes(app: object, *, public: Collection[str] = ()) -> list[str]:
    """Return the routes of an app that ask for no token, as `METHOD /path`.

    Those that say so on purpose are not among them: `public_route`, a public `Rule`, `OptionalToken`, FastAPI's own
    documentation pages, and those named by `public`, as `/path` or `METHOD /path`. A rate limit alone is no guard.
    """
    return [
        name
        for route in list_routes(app)
        if route.access == "UNGUARDED" and route.path not in public
        for name in route.names
        if name not in public
    ]


def _marked(route: ListedRoute, public: Collection[str]) -> ListedRoute:
    named = route.path in public or all(name in public for name in route.names)
    return ListedRoute(route.methods, route.path, route.requirements, is_public=True) if named else route


@dataclass(frozen=True, slots=True)
class _Rules:
    """The rules of all `Auth0Guard`s in front of an app, each with the prefix of the app that it guards."""

    tables: tuple[tuple[RuleTable, str], ...] = ()

    def below(self, table: RuleTable, prefix: str) -> "_Rules":
        return _Rules((*self.tables, (table, prefix)))

    def of(self, method: str, path: str) -> list[Rule]:
        asked = None if method in {WEBSOCKET, ANY} else method
        return [table.rule_for(asked, path[len(prefix) :]) for table, prefix in self.tables]


def _routes_of(app: object, prefix: str, rules: _Rules) -> Iterator[ListedRoute]:
    """Yield the routes of an app that is served below `prefix`, through any middleware in front of it."""
    for each in apps_below(app):
        if isinstance(each, Auth0Guard):
            rules = rules.below(each.rules, prefix)
        if hasattr(each, "routes"):
            rules = _rules_of_middleware(each, prefix, rules)
            for route in _all_routes(each):
                yield from _listed(route, each, prefix, rules)
            return
    yield from _unknown_app(prefix, rules)


def _rules_of_middleware(app: object, prefix: str, rules: _Rules) -> _Rules:
    for middleware in app.user_middleware if isinstance(app, Starlette) else ():
        kind: object = middleware.cls
        if kind is Auth0Guard:
            table = RuleTable([rule for rule in middleware.args if isinstance(rule, Rule)])
            rules = rules.below(table, prefix)
    return rules


def _all_routes(app: Any) -> Iterator[Any]:  # noqa: ANN401 - routes of FastAPI and Starlette, and FastAPI's views of them
    """Yield the routes of an app or router; those of included routers as they are included, with the whole path.

    FastAPI since 0.137 keeps included routers as a tree and has a function that walks it; before, it copied routes.
    """
    walk = getattr(routing, "iter_route_contexts", iter)
    yield from walk(app.routes)
    for group in getattr(getattr(app, "router", app), "_low_priority_routes", ()):  # app.frontend()
        yield from walk([group])


def _listed(route: Any, app: object, prefix: str, rules: _Rules) -> Iterator[ListedRoute]:  # noqa: ANN401 - as above
    kind: BaseRoute = getattr(route, "original_route", route)
    path: str = prefix + (getattr(route, "path", None) or "")
    if isinstance(kind, Mount):
        yield from _routes_of(kind.app, path, rules)
    elif isinstance(kind, Host):
        yield from _routes_of(kind.app, f"//{kind.host}{prefix}", rules)
    elif isinstance(kind, Route | WebSocketRoute):
        methods = _methods(kind, getattr(route, "methods", None))
        endpoint, dependant = getattr(route, "endpoint", None), getattr(route, "dependant", None)
        known = is_public(endpoint) or _is_documentation(kind, app)
        yield _with_rules(ListedRoute(methods, path, _requirements_of(dependant), known), rules)
    else:  # static files of `app.frontend`, or a kind of route that another package defines
        asked = _requirements_of(getattr(route, "dependant", None))
        for each in getattr(kind, "routes", [kind]):
            below = f"{prefix}{getattr(each, 'path', '')}".rstrip("/")
            yield _with_rules(ListedRoute((ANY,), f"{below}/{ANY}", asked), rules)


def _methods(route: BaseRoute, methods: Collection[str] | None) -> tuple[str, ...]:
    if isinstance(route, WebSocketRoute):
        return (WEBSOCKET,)
    if not methods:
        return (ANY,)
    without_head = set(methods) - {"HEAD"} if "GET" in methods else methods  # Starlette adds it to GET
    return tuple(sorted(without_head))


def _is_documentation(route: BaseRoute, app: object) -> bool:
    """Return whether this is a page of FastAPI itself, which no guard of the app is for."""
    if not isinstance(app, FastAPI) or isinstance(route, routing.APIRoute):
        return False
    pages = {app.openapi_url, app.docs_url, app.redoc_url, app.swagger_ui_oauth2_redirect_url}
    return getattr(route, "path", None) in pages


def _unknown_app(prefix: str, rules: _Rules) -> Iterator[ListedRoute]:
    """Yield what is known of an app that is not Starlette's: the rules in front of it."""
    if not rules.tables:
        yield ListedRoute((ANY,), f"{prefix}/{ANY}")
        return
    table, base = rules.tables[-1]
    for rule in table.rules:
        path = f"{base}{rule.path.rstrip('/')}/{ANY}"
        if path.startswith(prefix):
            yield ListedRoute(tuple(rule.methods) or (ANY,), path, rule.requirements, rule.public)


def _with_rules(route: ListedRoute, rules: _Rules) -> ListedRoute:
    found = [rule for method in route.methods for rule in rules.of(method, route.path)]
    asked = [each for rule in dict.fromkeys(found) for each in rule.requirements]
    is_marked = route.is_public or (bool(found) and all(rule.public for rule in found))
    return ListedRoute(route.methods, route.path, _once(*asked, *route.requirements), is_marked)


def _requirements_of(dependant: Dependant | None) -> tuple[Requirement, ...]:
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
    "role",
    "permission",
    "scope",
    "check",
    "rate limit",
    "security scheme",
)
