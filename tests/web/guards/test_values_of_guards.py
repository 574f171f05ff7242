"""What guards give to the functions of routes, whichever way they run."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response, routing
from fastapi.exceptions import RequestValidationError
from fastapi.requests import HTTPConnection
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from fastapi.security import SecurityScopes

from auth0_sso import (
    AccessToken,
    CurrentRoles,
    CurrentToken,
    GuardedRoute,
    LimitedToken,
    OptionalToken,
    require_permission,
)
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer, user_claims
from auth0_sso.web.guards.guard import TokenGuard
from support.own_app import ROLES, protected

SUBJECT = str(user_claims(0)["sub"])


class Waiting:
    """A route's function that is an object."""

    async def __call__(self, token: CurrentToken, name: str = "x") -> str:
        return f"{name} {token.subject}"


class PageGuard(TokenGuard):
    """A guard with a dependency of its own, which only FastAPI can solve."""

    async def __call__(  # type: ignore[override]  # that is what this is about
        self, connection: HTTPConnection, scopes: SecurityScopes, page: Annotated[int, Query(ge=1)]
    ) -> int:
        await super().__call__(connection, scopes)
        return page


def subject_of(token: CurrentToken) -> str:
    return token.subject


def own_app() -> FastAPI:
    app = FastAPI()

    @app.get("/async")
    async def read_async(token: CurrentToken, roles: CurrentRoles, name: str = "x", limit: int = 1) -> list[str]:
        return [token.subject, *roles, name]

    @app.get("/sync")
    def read_sync(token: CurrentToken, limited: LimitedToken) -> bool:
        return token is limited

    @app.get("/twice")
    async def read_twice(first: CurrentToken, second: CurrentToken, request: Request) -> list[str]:
        return [first.subject, second.subject, request.url.path]

    @app.get("/connection")
    async def read_connection(connection: HTTPConnection, token: CurrentToken, response: Response) -> str:
        response.headers["X-Path"] = connection.url.path
        return token.subject

    @app.get("/optional")
    async def read_optional(token: OptionalToken) -> str:
        return "anonymous" if token is None else token.subject

    @app.get("/stream", response_class=StreamingResponse)
    async def stream(token: CurrentToken) -> AsyncIterator[str]:
        yield token.subject

    @app.get("/lines")
    def lines(token: CurrentToken) -> Iterator[str]:
        yield token.subject

    @app.post("/body")
    async def write(body: dict[str, int], subject: Annotated[str, Depends(subject_of)], token: CurrentToken) -> bool:
        return subject == token.subject and body == {"a": 1}

    @app.get("/page", dependencies=[Depends(require_permission("read:items"))])
    async def read_page(page: Annotated[int, Depends(PageGuard())], token: CurrentToken) -> int:
        return page

    app.get("/object")(Waiting())
    include_items(app)
    return app


def include_items(app: FastAPI) -> None:
    """Include one router twice, with a guard of the router and one of the route that are equal."""
    items = APIRouter(prefix="/items", dependencies=[Depends(require_permission("read:items"))])

    @items.get("/{name}")
    async def read_item(name: str, token: Annotated[AccessToken, Depends(require_permission("read:items"))]) -> str:
        return f"{name} {token.subject}"

    app.include_router(items, prefix="/v1")
    app.include_router(items, prefix="/v2")


@pytest.fixture
async def client(issuer: Issuer, clock: HandClock) -> AsyncIterator[httpx.AsyncClient]:
    async with protected(own_app(), issuer, clock) as client:
        token = issuer.token(user_claims(clock.now, permissions=["read:items"], **{ROLES: ["admin"]}))
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/async?name=y", [SUBJECT, "admin", "y"]),
        ("/sync", True),
        ("/twice", [SUBJECT, SUBJECT, "/twice"]),
        ("/connection", SUBJECT),
        ("/optional", SUBJECT),
        ("/object?name=y", f"y {SUBJECT}"),
        ("/page?page=3", 3),
        ("/v1/items/a", f"a {SUBJECT}"),
        ("/v2/items/b", f"b {SUBJECT}"),
        ("/lines", SUBJECT),
    ],
)
async def test_a_function_gets_what_its_guards_give(client: httpx.AsyncClient, path: str, expected: object) -> None:
    for _ in range(2):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()) == (200, expected)


async def test_a_stream_gets_it_too(client: httpx.AsyncClient) -> None:
    assert (await client.get("/stream")).text == SUBJECT


async def test_a_guard_inside_another_dependency_gives_it_to_that(client: httpx.AsyncClient) -> None:
    assert (await client.post("/body", json={"a": 1})).json() is True
    assert (await client.post("/body", json={"a": "x"})).status_code == 422


async def test_a_guard_with_dependencies_of_its_own_gets_them(client: httpx.AsyncClient) -> None:
    assert (await client.get("/page?page=0")).status_code == 422
    del client.headers["Authorization"]
    assert (await client.get("/page?page=0")).status_code == 401


async def test_an_optional_token_is_none_for_an_anonymous_caller(client: httpx.AsyncClient) -> None:
    del client.headers["Authorization"]
    assert (await client.get("/optional")).json() == "anonymous"
    assert (await client.get("/v1/items/a")).status_code == 401


async def test_a_validation_error_names_the_file_of_the_route(
    issuer: Issuer, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # FastAPI remembers files by the id of a function, which a function of an earlier test may have had.
    monkeypatch.setattr(routing, "_endpoint_context_cache", {})
    app, seen = own_app(), []

    @app.exception_handler(RequestValidationError)
    async def note(_: Request, error: RequestValidationError) -> Response:
        seen.append(str(error))
        return Response(status_code=422)

    async with protected(app, issuer, clock) as client:
        headers = {"Authorization": f"Bearer {issuer.token(user_claims(clock.now))}"}
        assert (await client.get("/async?limit=x", headers=headers)).status_code == 422
    assert f'File "{__file__}", line' in seen[0]
    assert "in read_async" in seen[0]


def test_both_ways_describe_the_same_api(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = []
    defaults = APIRouter.__init__.__kwdefaults__
    assert defaults is not None
    for route_class in (APIRoute, GuardedRoute):
        monkeypatch.setitem(defaults, "route_class", route_class)
        documents.append(own_app().openapi())
    assert documents[0] == documents[1]
