"""Spellings of a path that a real router serves, against rules: none may pass where the plain one does not."""

from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from auth0_sso.asgi import Rule
from auth0_sso.asgi.rules import RuleTable
from auth0_sso.errors import InvalidInputError
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer
from support.guarded_asgi_app import SeenApp, ask, guarded

SECRET = b"secret"
RULES = [
    Rule("/", public=True),
    Rule("/admin", any_role={"admin"}),
    Rule("/files/private", any_role={"admin"}),
    Rule("/public", public=True),
]


def secret(_: Request) -> PlainTextResponse:
    return PlainTextResponse(SECRET)


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "key").write_bytes(SECRET)
    (tmp_path / "open").mkdir()
    return Starlette(
        routes=[
            Route("/admin", secret, methods=["GET", "POST"]),
            Mount("/files", StaticFiles(directory=tmp_path)),
            Mount("/v1", Starlette(routes=[Route("/admin", secret)])),
        ]
    )


SERVED = [
    "/admin",
    "/%61dmin",
    "/admin%0A",
    "/files/private/key",
    "/files//private/key",
    "/files/open/../private/key",
    "/files/open/%2e%2e/private/key",
    "/files/open%2F..%2Fprivate/key",
    "/files/./private/key",
    "/files/%2e/private/key",
    "/files/open/..//private/key",
]
"""Targets at which this app serves the secret."""

OTHERS = [
    "/admin/",
    "//admin",
    "/Admin",
    "/ADMIN",
    "/admin;x=1",
    "/admin%3Bx=1",
    "/admin.",
    "/admin%20",
    "/admin%00",
    "/admin%09",
    "/admin%0D%0A",
    "/./admin",
    "/%2e/admin",
    "/x/../admin",
    "/x/%252e%252e/admin",
    "/%2561dmin",
    "/%252561dmin",
    "/%25252525252561dmin",
    "/public%2F..%2Fadmin",
    "/public/..%5Cadmin",
    "\\admin",
    "/\\admin",
    "/%5Cadmin",
    "/%EF%BD%81dmin",  # a fullwidth a
    "/%E2%80%A5/admin",  # a two dot leader
    "https://api.example.com/admin",
    "admin",
]
"""Targets at which another router, server or file system might."""


@pytest.mark.parametrize("target", SERVED)
async def test_the_app_alone_serves_its_secret_at_each_of_these(app: ASGIApp, target: str) -> None:
    assert (await ask(app, target)).body == SECRET


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "get", "OPTIONS"])
@pytest.mark.parametrize("target", [*SERVED, *OTHERS])
async def test_no_spelling_of_a_guarded_path_passes(
    app: ASGIApp, issuer: Issuer, clock: HandClock, target: str, method: str
) -> None:
    async with guarded(app, *RULES, issuer=issuer, clock=clock) as guard:
        answer = await ask(guard, target, method)
    assert answer.status in (400, 401)
    assert SECRET not in answer.body


async def test_a_root_path_that_the_app_sets_itself_opens_nothing(issuer: Issuer, clock: HandClock) -> None:
    app = FastAPI()
    app.root_path = "/v1"  # as the parameter does, which is deprecated
    app.get("/admin")(lambda: "secret")
    assert (await ask(app, "/v1/admin")).body == b'"secret"'
    async with guarded(app, *RULES, issuer=issuer, clock=clock) as guard:
        assert (await ask(guard, "/v1/admin")).status == 401
        assert (await ask(guard, "/admin")).status == 401
        assert (await ask(guard, "/x/v1/admin")).status == 400


async def test_the_directory_of_a_flask_app_is_no_root_path(issuer: Issuer, clock: HandClock) -> None:
    app = SeenApp()
    app.app = SimpleNamespace(root_path="/srv/app")  # as a2wsgi's WSGIMiddleware(Flask(...)) has it
    async with guarded(app, *RULES, issuer=issuer, clock=clock) as guard:
        assert (await ask(guard, "/admin", root_path="/v1")).status == 401
        assert (await ask(guard, "/srv/app/admin")).status == 200
    assert [scope["path"] for scope in app.scopes] == ["/srv/app/admin"]


async def test_rules_of_a_mounted_guard_are_for_its_own_paths(issuer: Issuer, clock: HandClock) -> None:
    inner = Starlette(routes=[Route("/admin", secret)])
    async with guarded(inner, *RULES, issuer=issuer, clock=clock) as guard:
        app = Starlette(routes=[Mount("/v1", guard)])
        assert (await ask(app, "/v1/admin")).status == 401
        assert (await ask(app, "/v1/x")).status == 404
        assert (await ask(app, "/v1//admin")).status == 400


PIECES = st.sampled_from(
    ["admin", "public", "x", "/", "//", ".", "..", "%2f", "%2e", "\\", ";", "\n", " ", "ADMIN", "%61dmin", "/v1"]
)


@examples(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(PIECES, max_size=6), root_path=st.sampled_from(["", "/v1"]))
def test_starlette_and_the_rules_read_any_path_alike(pieces: list[str], root_path: str) -> None:
    path = "/" + "".join(pieces)
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": quote(path).encode(), "root_path": root_path}
    try:
        rule = RuleTable(RULES).find(scope)
    except InvalidInputError:
        return
    matched = any(
        route.matches(scope)[0].value > 0 for route in [Route("/admin", secret), Mount("/admin", Starlette())]
    )
    assert not matched or rule.any_role
