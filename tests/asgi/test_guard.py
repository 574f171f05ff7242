"""The guard as an app: what it passes on, what it adds, and what it does not import."""

import subprocess
import sys

import pytest
from fastapi import FastAPI, Request
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from auth0_sso import CurrentToken, testing
from auth0_sso.asgi import Auth0Guard, Rule, token_of
from auth0_sso.jwks.static import StaticKeys
from auth0_sso.testing import ClientFactory, HandClock
from auth0_sso.testing.issuer import SUBJECT, Issuer
from support.asgi_lifespan import LifespanServer
from support.guarded_asgi_app import SeenApp, ask, bearer, guarded
from support.own_app import own_settings, protected

ORIGIN = (b"origin", b"https://app.example.com")
PREFLIGHT = [
    ORIGIN,
    (b"access-control-request-method", b"GET"),
    (b"access-control-request-headers", b"authorization"),
]


def show_subject(request: Request) -> PlainTextResponse:
    return PlainTextResponse(token_of(request.scope).subject)


async def test_the_app_gets_the_token_and_its_response_is_not_changed(issuer: Issuer, clock: HandClock) -> None:
    app = SeenApp()
    async with guarded(app, issuer=issuer, clock=clock) as guard:
        answer = await ask(guard, "/x", headers=bearer(issuer))
    assert (answer.status, answer.headers, answer.body) == (200, {"x-app": "seen"}, b"/x")
    assert app.subjects == [SUBJECT]


async def test_it_stands_among_the_middleware_of_starlette(issuer: Issuer) -> None:
    keys = StaticKeys(issuer.jwks("key-0"))
    guard = Middleware(Auth0Guard, Rule("/open", public=True), settings=own_settings(), keys=keys)
    app = Starlette(routes=[Route("/me", show_subject)], middleware=[guard])
    server = LifespanServer(app)
    assert (await server.say("startup"))["type"] == "lifespan.startup.complete"
    assert [(await ask(app, path)).status for path in ("/me", "/open")] == [401, 404]
    assert (await server.say("shutdown"))["type"] == "lifespan.shutdown.complete"


async def test_an_exception_of_the_app_is_not_answered_for_it(issuer: Issuer, clock: HandClock) -> None:
    async def app(_: Scope, __: Receive, ___: Send) -> None:
        raise LookupError("the app's own")

    async with guarded(app, issuer=issuer, clock=clock) as guard:
        with pytest.raises(LookupError, match="the app's own"):
            await ask(guard, "/x", headers=bearer(issuer))


async def test_an_unknown_kind_of_connection_is_not_served(issuer: Issuer, clock: HandClock) -> None:
    app = SeenApp()
    async with guarded(app, Rule("/", public=True), issuer=issuer, clock=clock) as guard:
        with pytest.raises(RuntimeError, match="HTTP and WebSockets only"):
            await ask(guard, "/", type="webtransport")
    assert app.scopes == []


async def test_a_preflight_passes_only_where_cors_is_outside(issuer: Issuer, clock: HandClock) -> None:
    app = Starlette(routes=[Route("/me", show_subject)])
    async with guarded(app, issuer=issuer, clock=clock) as guard:
        outside = CORSMiddleware(guard, allow_origins=[ORIGIN[1].decode()], allow_headers=["Authorization"])
        assert (await ask(guard, "/me", "OPTIONS", PREFLIGHT)).status == 401
        assert (await ask(outside, "/me", "OPTIONS", PREFLIGHT)).status == 200
        refused = await ask(outside, "/me", headers=[ORIGIN])
        assert (refused.status, refused.headers["access-control-allow-origin"]) == (401, ORIGIN[1].decode())
        assert (await ask(outside, "/me", headers=[ORIGIN, *bearer(issuer)])).body == SUBJECT.encode()


async def test_a_fastapi_app_behind_it_may_have_guards_too(issuer: Issuer, clock: HandClock) -> None:
    app = FastAPI()

    @app.get("/me")
    async def show_me(token: CurrentToken, request: Request) -> bool:
        return token == token_of(request.scope)

    async with protected(app, issuer, clock), guarded(app, issuer=issuer, clock=clock) as guard:
        assert (await ask(guard, "/me", headers=bearer(issuer))).body == b"true"
        assert (await ask(guard, "/docs")).status == 401, "the pages of the app are open"


async def test_of_two_guards_each_verifies(issuer: Issuer, clock: HandClock) -> None:
    app = SeenApp()
    async with (
        guarded(app, issuer=issuer, clock=clock, auth0_audience=("https://other.example.com",)) as inner,
        guarded(inner, issuer=issuer, clock=clock) as outer,
    ):
        assert (await ask(outer, "/", headers=bearer(issuer))).status == 401
    assert app.scopes == []


def test_the_kit_starts_a_guard_below_middleware(auth0_client: ClientFactory) -> None:
    app = Starlette(routes=[Route("/me", show_subject)])
    guard = Auth0Guard(app, Rule("/", any_role={"admin"}), settings=own_settings())
    api = auth0_client(CORSMiddleware(guard, allow_origins=["*"]))
    assert api.as_user("auth0|ann", roles={"admin"}).get("/me").text == "auth0|ann"
    assert api.as_user("auth0|bob", roles={"user"}).get("/me").status_code == 403
    assert api.as_bearer(testing.expired()).get("/me").status_code == 401


def test_the_kit_refuses_an_app_without_a_guard(auth0_client: ClientFactory) -> None:
    with pytest.raises(RuntimeError, match="this app is not protected"):
        auth0_client(CORSMiddleware(SeenApp()))


def test_middleware_around_itself_is_not_searched_without_end(auth0_client: ClientFactory) -> None:
    app = SeenApp()
    app.app = app
    with pytest.raises(RuntimeError, match="this app is not protected"):
        auth0_client(app)


def test_token_of_tells_why_there_is_no_token() -> None:
    with pytest.raises(RuntimeError, match="no Auth0Guard is in front of this app"):
        token_of({"type": "http"})


def test_importing_it_loads_neither_fastapi_nor_the_service() -> None:
    program = "import auth0_sso.asgi, sys; print(*sys.modules, sep='\\n')"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(run.stdout.split())
    assert "auth0_sso.asgi.guard" in loaded
    assert loaded.isdisjoint({"fastapi", "auth0_sso.service", "auth0_sso.testing", "redis", "prometheus_client"})
