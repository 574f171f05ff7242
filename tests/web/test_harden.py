"""The parts of the service that an app may add by name: each alone, and nothing that is not named."""

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Response
from starlette.types import Message, Receive, Scope, Send

from auth0_sso import StaticKeys, current_token, harden, protect, rate_limit
from auth0_sso.errors import ConfigurationError, NotFoundError
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer, user_claims
from auth0_sso.web.middleware.logged_caller import CallerInLog, hashed
from support.asgi_lifespan import LifespanServer
from support.host_app import CrashError, host_app, library_settings
from support.own_app import protected


@asynccontextmanager
async def running(app: FastAPI, *, raising: bool = False) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=raising)
    async with httpx.AsyncClient(transport=transport, base_url="https://shop.example.com") as client:
        yield client


async def headers_of(app: FastAPI, path: str = "/page", **sent: str) -> httpx.Headers:
    async with running(app) as client:
        return (await client.get(path, headers=sent)).headers


PLAIN = {"content-type", "content-length"}
SECURITY = {
    "cache-control",
    "content-security-policy",
    "referrer-policy",
    "x-content-type-options",
    "strict-transport-security",
}


def small_app() -> FastAPI:
    app = FastAPI()

    @app.get("/page")
    async def page() -> str:
        return "shop"

    @app.post("/upload")
    async def upload(body: dict[str, int]) -> int:
        return len(body)

    return app


@pytest.mark.parametrize(
    ("options", "added"),
    [
        ({}, set()),
        ({"security_headers": True}, SECURITY),
        ({"request_id": True}, {"x-request-id"}),
        ({"access_log": True}, set()),
        ({"max_body_bytes": 10}, set()),
        ({"require_host": True}, set()),
        ({"problem_details": True}, set()),
        ({"cors_origins": ["https://app.example.com"]}, set()),
        ({"trusted_proxies": ["10.0.0.0/8"]}, set()),
    ],
    ids=str,
)
async def test_a_part_adds_its_own_headers_alone(options: dict[str, Any], added: set[str]) -> None:
    found = (await headers_of(harden(small_app(), **options))).keys()
    assert found - {"vary"} == PLAIN | added
    assert "vary" not in found or "cors_origins" in options  # some releases of Starlette add it to all responses


async def test_headers_that_the_app_sets_win() -> None:
    headers = await headers_of(harden(host_app(), security_headers=True))
    assert headers["Cache-Control"] == "max-age=60"


@pytest.mark.parametrize("first", ["protect", "harden"])
async def test_with_guards_there_is_one_layer_in_either_order(first: str, issuer: Issuer, clock: HandClock) -> None:
    app = small_app()
    keys = StaticKeys(issuer.jwks())
    if first == "harden":
        harden(app, request_id=True)
    protect(app, library_settings(), keys=keys, clock=clock)
    if first == "protect":
        harden(app, request_id=True)
    harden(app, security_headers=True)
    assert len(app.user_middleware) == 1
    async with app.router.lifespan_context(app):
        assert (await headers_of(app)).keys() == PLAIN | SECURITY | {"x-request-id"}


async def test_a_body_is_refused_past_its_limit_alone() -> None:
    async with running(harden(small_app(), max_body_bytes=10)) as client:
        assert (await client.post("/upload", json={"a": 1})).json() == 1
        refused = await client.post("/upload", json={"a": 1, "b": 2})
    assert (refused.status_code, refused.json()) == (413, {"detail": "The body is longer than this service takes."})


async def test_without_a_limit_a_body_of_any_length_is_read() -> None:
    async with running(harden(small_app(), request_id=True)) as client:
        assert (await client.post("/upload", json={"x" * 1_000_000: 1})).json() == 1


async def test_problems_replace_the_answers_of_the_framework() -> None:
    async with running(harden(small_app(), problem_details=True)) as client:
        codes = {
            (answer.status_code, answer.headers["Content-Type"], answer.json()["code"])
            for answer in (await client.get("/nowhere"), await client.post("/upload", json=[]))
        }
    problem = "application/problem+json"
    assert codes == {(404, problem, "not_found"), (422, problem, "invalid_input")}


async def test_an_exception_is_a_problem_and_still_reaches_the_apps_tests() -> None:
    app = small_app()

    @app.get("/crash")
    async def crash() -> None:
        raise CrashError

    harden(app, problem_details=True)
    async with running(app) as client:
        answer = await client.get("/crash")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    async with running(app, raising=True) as client:
        with pytest.raises(CrashError):
            await client.get("/crash")


async def test_the_access_log_has_a_line_for_each_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    await headers_of(harden(small_app(), access_log=True), "/page?secret=1")
    await headers_of(small_app(), "/page")
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("GET /page 200 ")


@pytest.mark.parametrize(("how", "subject"), [("off", None), ("hashed", hashed("auth0|1")), ("full", "auth0|1")])
async def test_the_access_log_names_the_caller_on_request(
    issuer: Issuer, clock: HandClock, caplog: pytest.LogCaptureFixture, how: CallerInLog, subject: str | None
) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    app = harden(FastAPI(dependencies=[Depends(current_token)]), access_log=True, access_log_caller=how)
    app.get("/page")(lambda: "x")
    protect(app, library_settings(), keys=StaticKeys(issuer.jwks()), clock=clock)
    token = issuer.token(user_claims(clock.wall(), sub="auth0|1", azp="client-1"))
    async with app.router.lifespan_context(app), running(app) as client:
        assert (await client.get("/page", headers={"Authorization": f"Bearer {token}"})).status_code == 200
    (record,) = caplog.records
    fields = record.__dict__["fields"]
    assert fields.get("subject") == subject
    assert fields.get("client_id") == (None if how == "off" else "client-1")
    assert ("subject=" in record.getMessage()) == (how != "off")
    assert ("auth0|1" in record.getMessage()) == (how == "full")


async def test_a_refusal_is_logged_with_and_without_the_access_log(
    issuer: Issuer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    for access_log in (False, True):
        app = harden(FastAPI(dependencies=[Depends(current_token)]), request_id=True, access_log=access_log)
        app.get("/page")(lambda: "x")
        protect(app, library_settings(), keys=StaticKeys(issuer.jwks()), clock=clock)
        async with app.router.lifespan_context(app), running(app) as client:
            assert (await client.get("/page")).status_code == 401
    without, with_log = [record.getMessage() for record in caplog.records]
    assert without == "GET /page refused: missing_token"
    assert with_log.startswith("GET /page 401 ")
    assert with_log.endswith("refusal=missing_token")


async def test_another_origin_may_call_once_it_is_named() -> None:
    origin = "https://app.example.com"
    headers = await headers_of(harden(small_app(), cors_origins=[f"{origin}:443"]), Origin=origin)
    assert headers["Access-Control-Allow-Origin"] == origin
    assert "Access-Control-Allow-Origin" not in await headers_of(small_app(), Origin=origin)


@pytest.mark.parametrize(
    "options",
    [
        {"cors_origins": ["*"]},
        {"cors_origins": ["app.example.com"]},
        {"cors_headers": ["*"]},
        {"trusted_proxies": ["0.0.0.0/0"]},
    ],
    ids=str,
)
def test_what_would_let_all_in_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is not an origin|is not a header|so wide"):
        harden(small_app(), **options)


def test_trusted_proxies_without_uvicorn_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn.middleware.proxy_headers", None)
    monkeypatch.delitem(sys.modules, "auth0_sso.web.middleware.trusted_proxies", raising=False)
    with pytest.raises(ConfigurationError) as raised:
        harden(small_app(), trusted_proxies=["10.0.0.0/8"])
    assert raised.value.problems == (
        "trusted proxies need uvicorn.middleware.proxy_headers: install auth0-sso[service].",
    )


async def test_an_exception_reaches_the_server_and_is_in_the_access_log(caplog: pytest.LogCaptureFixture) -> None:
    app = harden(small_app(), access_log=True)

    @app.get("/crash")
    async def crash() -> None:
        raise CrashError

    with caplog.at_level(logging.INFO, "auth0_sso.access"), pytest.raises(CrashError):
        async with running(app, raising=True) as client:
            await client.get("/crash")
    assert [record.getMessage().startswith("GET /crash aborted ") for record in caplog.records] == [True]


async def test_a_started_app_is_not_hardened_without_effect() -> None:
    app = harden(small_app(), request_id=True)
    await headers_of(app)
    with pytest.raises(RuntimeError, match="has started already"):
        harden(app, security_headers=True)


async def test_a_message_that_an_app_sends_for_all_its_responses_stays_as_it_is() -> None:
    start: Message = {"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]}

    async def always(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start)
        await send({"type": "http.response.body", "body": b""})

    app = harden(FastAPI(), request_id=True, security_headers=True)
    app.mount("/own", always)
    for _ in range(2):
        assert (await headers_of(app, "/own/x")).get_list("x-own") == ["1"]
    assert start["headers"] == [(b"x-own", b"1")]


async def test_a_counted_request_leaves_such_a_message_too(issuer: Issuer, clock: HandClock) -> None:
    start: Message = {"type": "http.response.start", "status": 200, "headers": []}

    class Always(Response):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the parameters of ASGI
            await send(start)
            await send({"type": "http.response.body", "body": b""})

    app = FastAPI()

    @app.get("/page", dependencies=[Depends(rate_limit("10/minute"))])
    async def page() -> Response:
        return Always()

    async with protected(app, issuer, clock) as client:
        lefts = [(await client.get("/page")).headers.get_list("RateLimit") for _ in range(2)]
    assert [len(left) for left in lefts] == [1, 1]
    assert start["headers"] == []


async def test_an_app_without_guards_answers_our_errors_as_problems() -> None:
    app = harden(small_app(), problem_details=True)

    @app.get("/missing")
    async def find() -> None:
        raise NotFoundError("No such order.")

    async with running(app) as client:
        answer = await client.get("/missing")
    assert (answer.status_code, answer.json()["detail"]) == (404, "No such order.")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_app_behind_trusted_proxies_starts_and_ends() -> None:
    phases: list[str] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        phases.append("started")
        yield
        phases.append("ended")

    server = LifespanServer(harden(FastAPI(lifespan=lifespan), trusted_proxies=["10.0.0.0/8"]))
    for phase in ("startup", "shutdown"):
        assert (await server.say(phase))["type"] == f"lifespan.{phase}.complete"
    await server.ended()
    assert phases == ["started", "ended"]
