"""Which routes a list has, and what each of them asks for."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Security, WebSocket
from fastapi.routing import APIRoute
from fastapi.security import HTTPBasic
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from auth0_sso import (
    AccessToken,
    CurrentOrganizationRoles,
    CurrentRoles,
    CurrentToken,
    GuardedRoute,
    LimitedToken,
    OptionalToken,
    UserToken,
    add_docs,
    current_token,
    harden,
    optional_token,
    protect,
    public_route,
    rate_limit,
    require,
    require_all_roles,
    require_any_permission,
    require_any_role,
    require_any_scope,
    require_email_domain,
    require_network,
    require_organization,
    require_permission,
    require_role,
    require_scope,
)
from auth0_sso.asgi import Auth0Guard, Rule
from auth0_sso.inspection.route_list import ListedRoute, list_routes, unguarded_routes
from auth0_sso.testing import settings
from support.guarded_asgi_app import ask


def page(_: Request) -> PlainTextResponse:
    return PlainTextResponse("")


def of_our_domain(_: AccessToken) -> bool:
    return True


class OfTheHouse:
    async def __call__(self, _: AccessToken) -> bool:
        return True


GUARDS: dict[str, tuple[Any, str, str]] = {
    "token": (current_token, "guarded", "token"),
    "permission": (require_permission("b", "a"), "guarded", "token, permission a and b"),
    "any-permission": (require_any_permission("a", "b"), "guarded", "token, permission a or b"),
    "scope": (require_scope("read:a"), "guarded", "token, scope read:a"),
    "any-scope": (require_any_scope("a", "b"), "guarded", "token, scope a or b"),
    "role": (require_role("admin"), "guarded", "token, role admin"),
    "any-role": (require_any_role("a", "b"), "guarded", "token, role a or b"),
    "all-roles": (
        require_all_roles("a", "b", stale_ok=True),
        "guarded",
        "token, role a and b (stale ones during an outage)",
    ),
    "member-role": (
        require_role("a", within_organization=True),
        "guarded",
        "token, role a (also within the organization)",
    ),
    "organization": (require_organization(), "guarded", "token, organization"),
    "organizations": (require_organization("org_b", "org_a"), "guarded", "token, organization org_a or org_b"),
    "email-domain": (
        require_email_domain("example.org", "example.com"),
        "guarded",
        "token, email domain example.com or example.org",
    ),
    "network": (require_network("10.0.0.0/8"), "guarded", "token, network 10.0.0.0/8"),
    "check": (require(of_our_domain), "guarded", "token, check of_our_domain"),
    "check-object": (require(OfTheHouse()), "guarded", "token, check OfTheHouse"),
    "limit": (rate_limit("10/minute;200/hour"), "UNGUARDED", "rate limit 10/minute;200/hour"),
    "limit-by-setting": (rate_limit(cost=3), "UNGUARDED", "rate limit RATE_LIMIT (cost 3)"),
    "optional": (optional_token, "optional token", "optional token"),
    "basic": (HTTPBasic(), "UNGUARDED", "security scheme HTTPBasic"),
}


def said(route: ListedRoute) -> str:
    return ", ".join(map(str, route.requirements))


def own_routes(app: object) -> dict[str, str]:
    """Return access and requirements of each route by its name, without FastAPI's pages."""
    return {
        route.name: f"{route.access}: {said(route)}"
        for route in list_routes(app)
        if not route.is_public or route.requirements
    }


def bare() -> FastAPI:
    return FastAPI(openapi_url=None)


@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_says_itself_what_it_asks_for(name: str) -> None:
    guard, access, words = GUARDS[name]
    app = bare()
    app.get("/x", dependencies=[Depends(guard)])(lambda: None)
    [route] = list_routes(app)
    assert (route.method, route.path, route.access, said(route)) == ("GET", "/x", access, words)


@pytest.mark.parametrize("name", ["token", "permission", "limit", "optional"])
def test_scopes_of_security_need_a_token(name: str) -> None:
    app = bare()
    app.get("/x", dependencies=[Security(GUARDS[name][0], scopes=["read:x", "read:y"])])(lambda: None)
    [route] = list_routes(app)
    assert route.access == "guarded"
    assert "scope read:x and read:y" in said(route)
    assert "optional" not in said(route)


def test_dependencies_in_the_signature_count() -> None:
    app = bare()

    @app.get("/token")
    async def of_token(token: CurrentToken) -> None: ...

    @app.get("/user")
    async def of_user(token: UserToken) -> None: ...

    @app.get("/roles")
    async def of_roles(roles: CurrentRoles, own: CurrentOrganizationRoles) -> None: ...

    @app.get("/limited")
    async def of_limit(token: LimitedToken) -> None: ...

    @app.get("/both")
    async def of_both(token: CurrentToken, optional: OptionalToken) -> None: ...

    assert own_routes(app) == {
        "GET /token": "guarded: token",
        "GET /user": "guarded: token, user",
        "GET /roles": "guarded: token, user",
        "GET /limited": "guarded: token, rate limit RATE_LIMIT",
        "GET /both": "guarded: token",
    }


def test_a_guard_inside_another_dependency_counts() -> None:
    async def find_account(token: CurrentToken) -> str:
        return token.subject

    app = bare()

    @app.get("/account", dependencies=[Depends(find_account)])
    async def show() -> None: ...

    assert own_routes(app) == {"GET /account": "guarded: token"}


@pytest.mark.parametrize("route_class", [GuardedRoute, APIRoute])
async def test_routers_are_listed_with_their_prefixes_and_guards(route_class: type[APIRoute]) -> None:
    app = FastAPI(openapi_url=None, dependencies=[Depends(rate_limit("9/minute"))])
    outer = APIRouter(prefix="/outer", dependencies=[Depends(require_role("admin"))], route_class=route_class)
    inner = APIRouter(prefix="/inner", route_class=route_class)

    @inner.put("/{name}")
    async def change(name: str) -> None: ...

    @inner.websocket("/socket")
    async def talk(socket: WebSocket) -> None: ...

    inner.mount("/files", Starlette(routes=[Route("/{name}", page)]))
    outer.include_router(inner, dependencies=[Depends(require_permission("change"))])
    app.include_router(outer, prefix="/v1")
    app.include_router(inner)
    guards = "token, role admin, permission change, rate limit 9/minute"
    found = own_routes(app)
    assert found.pop("PUT /v1/outer/inner/{name}") == f"guarded: {guards}"
    assert found.pop("WEBSOCKET /v1/outer/inner/socket") == f"guarded: {guards}"
    assert found.pop("PUT /inner/{name}") == "UNGUARDED: rate limit 9/minute"
    assert found.pop("WEBSOCKET /inner/socket") == "UNGUARDED: rate limit 9/minute"
    # A mounted app has the prefix of `include_router` alone, and no guard. FastAPI before 0.137 drops it.
    served = [path for path in ("/files", "/v1/outer/files") if (await ask(app, f"{path}/x")).status == 200]
    assert found == {f"GET {path}/{{name}}": "UNGUARDED: " for path in served}


async def talk(_: WebSocket) -> None: ...


def test_mounted_apps_do_not_inherit_the_guards_of_the_app(tmp_path: Path) -> None:
    app = FastAPI(openapi_url=None, dependencies=[Depends(current_token)])
    app.get("/own")(lambda: None)
    below = FastAPI(openapi_url=None)
    below.get("/x")(lambda: None)
    app.mount("/below", below)
    app.mount("/static", StaticFiles(directory=tmp_path))
    app.mount(
        "/plain",
        Starlette(
            routes=[
                Route("/a", page, methods=["GET", "POST"]),
                Mount("/b", routes=[WebSocketRoute("/c", talk)]),
            ]
        ),
    )
    app.router.routes.append(Host("api.example.com", below))
    assert own_routes(app) == {
        "GET /own": "guarded: token",
        "GET /below/x": "UNGUARDED: ",
        "* /static/*": "UNGUARDED: ",
        "GET /plain/a": "UNGUARDED: ",
        "POST /plain/a": "UNGUARDED: ",
        "WEBSOCKET /plain/b/c": "UNGUARDED: ",
        "GET //api.example.com/x": "UNGUARDED: ",
    }


class AnyMethod(HTTPEndpoint):
    async def get(self, _: Request) -> PlainTextResponse:
        return PlainTextResponse("")


@pytest.mark.skipif(not hasattr(FastAPI, "frontend"), reason="this FastAPI has no frontend()")
def test_static_files_of_a_frontend_are_listed(tmp_path: Path) -> None:
    app = bare()
    (tmp_path / "index.html").write_text("hello")
    app.frontend("/ui", directory=tmp_path)
    for name, dependencies in {"open": [], "closed": [Depends(current_token)]}.items():
        router = APIRouter(dependencies=dependencies)
        router.frontend("/ui", directory=tmp_path)
        app.include_router(router, prefix=f"/{name}")
    assert own_routes(app) == {
        "* /ui/*": "UNGUARDED: ",
        "* /open/ui/*": "UNGUARDED: ",
        "* /closed/ui/*": "guarded: token",
    }


def test_pages_of_the_documentation_are_public_on_purpose() -> None:
    app = FastAPI()
    protect(app, settings())
    add_docs(app, path="/reference")
    harden(app, security_headers=True)
    assert [route.access for route in list_routes(app)] == ["public"] * 7
    assert unguarded_routes(app) == []


def test_a_route_of_the_app_at_such_a_path_is_not() -> None:
    app = FastAPI(docs_url=None)
    app.get("/redoc")(lambda: None)
    assert "GET /redoc" in unguarded_routes(app)


def test_a_marked_route_is_public_and_still_the_same() -> None:
    app = bare()

    @app.get("/healthz")
    @public_route
    async def check() -> str:
        return "ok"

    @app.get("/guarded", dependencies=[Depends(current_token)])
    @public_route
    async def guarded() -> None: ...

    assert [route.access for route in list_routes(app)] == ["public", "guarded"]
    assert unguarded_routes(app) == []


def test_unguarded_routes_are_named_by_method_and_path() -> None:
    app = bare()
    app.api_route("/x", methods=["GET", "POST"])(lambda: None)
    app.get("/healthz")(lambda: None)

    @app.websocket("/echo")
    async def echo(socket: WebSocket) -> None: ...

    assert unguarded_routes(app) == ["GET /x", "POST /x", "GET /healthz", "WEBSOCKET /echo"]
    assert unguarded_routes(app, public={"/healthz", "GET /x", "/echo"}) == ["POST /x"]
    assert unguarded_routes(app, public={"/"}) == ["GET /x", "POST /x", "GET /healthz", "WEBSOCKET /echo"]
    assert {route.access for route in list_routes(app, public=["/x", "/healthz", "/echo"])} == {"public"}


def test_rules_in_front_of_an_app_guard_its_routes() -> None:
    app = FastAPI(openapi_url=None)
    app.get("/open")(lambda: None)
    app.get("/open/secret", dependencies=[Depends(require_role("admin"))])(lambda: None)
    app.api_route("/orders/{order}", methods=["GET", "POST"])(lambda: None)
    app.get("/")(lambda: None)
    guard = Auth0Guard(
        app,
        Rule("/open", public=True, rate_limit="5/minute"),
        Rule("/orders", permissions=["read:orders"]),
        Rule("/orders", methods=["POST"], scopes=["b", "a"], any_role=["clerk"]),
    )
    assert [(route.name, route.access, said(route)) for route in list_routes(guard)] == [
        ("GET /open", "public", "rate limit 5/minute"),
        ("GET /open/secret", "guarded", "token, role admin, rate limit 5/minute"),
        ("GET /orders/{order}", "guarded", "token, permission read:orders"),
        ("POST /orders/{order}", "guarded", "token, role clerk, scope a and b"),
        ("GET /", "guarded", "token"),
    ]


def test_a_public_rule_of_one_method_leaves_the_others_guarded() -> None:
    app = bare()
    app.api_route("/x", methods=["GET", "POST"])(lambda: None)
    app.router.routes.append(Route("/all", AnyMethod))
    guard = Auth0Guard(
        app,
        Rule("/x"),
        Rule("/x", methods=["GET"], public=True),
        Rule("/all"),
        Rule("/all", methods=["GET"], public=True),
    )
    assert [(route.name, route.access) for route in list_routes(guard)] == [
        ("GET /x", "public"),
        ("POST /x", "guarded"),
        ("* /all", "guarded"),
        ("GET /all", "public"),
    ]


def test_rules_apply_to_the_path_below_a_host_and_a_mount() -> None:
    below = bare()
    below.get("/x")(lambda: None)
    below.get("/y")(lambda: None)
    inner = Auth0Guard(below, Rule("/y", permissions=["p"]))
    app = Starlette(routes=[Mount("/m", inner), Host("api.example.com", below)])
    guard = Auth0Guard(app, Rule("/x", public=True), Rule("/m/x", public=True), Rule("/m", scopes=["s"]))
    assert [(route.name, route.access, said(route)) for route in list_routes(guard)] == [
        ("GET /m/x", "guarded", "token"),
        ("GET /m/y", "guarded", "token, permission p, scope s"),
        ("GET //api.example.com/x", "public", ""),
        ("GET //api.example.com/y", "guarded", "token"),
    ]


async def unknown_app(scope: Scope, receive: Receive, send: Send) -> None: ...


def test_of_an_unknown_app_the_rules_in_front_are_listed() -> None:
    rules = (Rule("/open", methods=["GET"], public=True), Rule("/open"), Rule("/admin", any_role=["admin"]))
    guard = Auth0Guard(unknown_app, *rules)
    expected = [
        ("* /open/*", "guarded", "token"),
        ("GET /open/*", "public", ""),
        ("* /admin/*", "guarded", "token, role admin"),
        ("* /*", "guarded", "token"),
    ]
    assert [(route.name, route.access, said(route)) for route in list_routes(guard)] == expected
    below = Auth0Guard(Starlette(routes=[Mount("/admin", unknown_app), Mount("/other", unknown_app)]), *rules)
    assert [(route.name, said(route)) for route in list_routes(below)] == [
        ("* /admin/*", "token, role admin"),
        ("* /other/*", "token"),
    ]
    assert unguarded_routes(unknown_app) == ["* /*"]


def test_rules_among_the_middleware_of_starlette_count() -> None:
    middleware = Middleware(Auth0Guard, Rule("/open", public=True), settings=settings())
    app = Starlette(
        routes=[Route("/open", page), Mount("/below", routes=[Route("/x", page)])], middleware=[middleware]
    )
    assert [(route.path, route.access) for route in list_routes(app)] == [
        ("/open", "public"),
        ("/below/x", "guarded"),
    ]
