import json
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import StreamingResponse
from starlette.types import Message

from auth0_sso import testing
from auth0_sso.web.middleware.body_limit import MAX_BODY_BYTES
from auth0_sso.web.middleware.http_options import HttpOptions
from auth0_sso.web.middleware.problem_handlers import add_problem_handlers
from auth0_sso.web.middleware.request_layer import RequestLayer
from support.service import ORIGIN, USER, Service

SECRET = "hunter2-in-an-exception"


def small_app() -> FastAPI:
    """The smallest app with every way to fail in it."""
    app = FastAPI()
    add_problem_handlers(app)
    options = HttpOptions(
        security_headers=True,
        request_id=True,
        access_log=True,
        max_body_bytes=MAX_BODY_BYTES,
        cors_origins=(ORIGIN,),
        catch_exceptions=True,
    )
    app.add_middleware(RequestLayer, options=options)

    @app.get("/fails")
    async def fail() -> None:
        raise ValueError(SECRET)

    @app.get("/breaks-off")
    async def break_off() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            yield b"begun"
            raise ValueError(SECRET)

        return StreamingResponse(body())

    @app.post("/echo")
    async def echo(request: Request) -> int:
        return len(await request.body())

    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(small_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://service.example.com") as client:
        yield client


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1024):
        yield b"x" * 1024
    yield b"x" * (size % 1024)


async def test_an_internal_error_is_a_problem_without_details(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fails", headers={"Origin": ORIGIN})
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "internal_error"
    assert answer.json()["requestId"] == answer.headers["X-Request-ID"]
    assert SECRET not in answer.text


async def test_an_internal_error_has_cors_and_security_headers(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fails", headers={"Origin": ORIGIN})
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_fault_is_logged_once_with_its_request_id(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    await client.get("/fails")
    faults = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(faults) == 1
    assert faults[0].exc_info is not None


async def test_an_answer_that_breaks_off_is_not_followed_by_another(client: httpx.AsyncClient) -> None:
    answer = await client.get("/breaks-off")
    assert (answer.status_code, answer.content) == (200, b"begun")


@pytest.mark.parametrize("chunked", [False, True], ids=["with-length", "chunked"])
async def test_a_body_at_the_limit_passes_and_one_above_is_refused(
    client: httpx.AsyncClient, *, chunked: bool
) -> None:
    def body(size: int) -> bytes | AsyncIterator[bytes]:
        return chunks(size) if chunked else b"x" * size

    assert (await client.post("/echo", content=body(MAX_BODY_BYTES))).json() == MAX_BODY_BYTES
    answer = await client.post("/echo", content=body(MAX_BODY_BYTES + 1), headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.json()["code"]) == (413, "content_too_large")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize("length", ["-1", "+1", "1e9", "٣", "", "9" * 5000], ids=repr)
async def test_a_strange_content_length_is_not_an_internal_error(client: httpx.AsyncClient, length: str) -> None:
    headers = [(b"content-length", length.encode())]
    answer = await client.post("/echo", content=b"", headers=headers)
    assert answer.status_code < 500


async def test_a_good_request_id_is_kept_and_a_bad_one_replaced(client: httpx.AsyncClient) -> None:
    kept = await client.get("/", headers={"X-Request-ID": "trace-1.a_b"})
    assert kept.headers["X-Request-ID"] == "trace-1.a_b"
    for bad in ("", "x" * 65, "a b", "a\tb", "<script>", "...", "é"):
        replaced = await client.get("/", headers=[(b"x-request-id", bad.encode())])
        assert len(replaced.headers["X-Request-ID"]) == 32, bad


async def test_every_answer_has_the_security_headers(service: Service) -> None:
    user = await service.as_user(USER)
    for path, headers in (("/", {}), ("/profile", user), ("/profile", {}), ("/nowhere", {}), ("/docs", {})):
        answer = await service.api.get(path, headers=headers)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"


@pytest.mark.parametrize("host", ["127.0.0.1:3000", "localhost", "[::1]:3000"])
async def test_loopback_is_not_bound_to_https(service: Service, host: str) -> None:
    answer = await service.api.get("/", headers={"Host": host})
    assert "Strict-Transport-Security" not in answer.headers


async def test_a_host_that_only_begins_like_loopback_is_bound_to_https(service: Service) -> None:
    answer = await service.api.get("/", headers={"Host": "localhost.example.com"})
    assert "Strict-Transport-Security" in answer.headers


async def test_a_configured_origin_may_read_the_challenge_and_the_waits(service: Service) -> None:
    answer = await service.api.get("/profile", headers={"Origin": ORIGIN})
    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    exposed = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
    assert exposed >= {"WWW-Authenticate", "Retry-After", "RateLimit", "RateLimit-Policy"}
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["https://evil.example.com", "null", "http://app.example.com", "https://app.example.com.evil.com"]
)
async def test_another_origin_may_read_nothing(service: Service, origin: str) -> None:
    answer = await service.api.get("/", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_preflight_passes_without_a_token(service: Service) -> None:
    headers = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    answer = await service.api.options("/profile/metadata", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "header", ["authorization", "x-request-id", "traceparent", "tracestate", "baggage", "sentry-trace"]
)
async def test_a_preflight_allows_what_a_traced_single_page_app_sends(
    service: Service, method: str, header: str
) -> None:
    headers = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": f"authorization,content-type,{header}",
    }
    answer = await service.api.options("/api/data", headers=headers)
    assert answer.status_code == 200, answer.text
    assert method in answer.headers["Access-Control-Allow-Methods"].split(", ")
    assert header in answer.headers["Access-Control-Allow-Headers"].lower().split(", ")


@pytest.mark.parametrize(
    ("method", "header"), [("TRACE", "authorization"), ("PROPFIND", "authorization"), ("GET", "x-forwarded-for")]
)
async def test_a_preflight_allows_nothing_else(service: Service, method: str, header: str) -> None:
    headers = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": header,
    }
    assert (await service.api.options("/api/data", headers=headers)).status_code == 400


@pytest.mark.parametrize("path", ["/profile/", "/admin/users/", "/docs/", "/healthz/"])
async def test_no_redirect_takes_a_token_to_the_host_that_was_sent(service: Service, path: str) -> None:
    headers = await service.as_user(USER) | {"Host": "evil.example.com"}
    answer = await service.api.get(path, headers=headers)
    assert "Location" not in answer.headers
    assert answer.status_code in {403, 404}  # /admin/users/ is the user with an empty id
    assert answer.headers["Content-Type"] == "application/problem+json"


async def raw(service: Service, headers: list[tuple[bytes, bytes]], version: str = "1.1") -> tuple[int, bytes]:
    """Send headers as they are: httpx adds a Host of its own. Return the status and the body."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": version,
        "method": "GET",
        "scheme": "http",
        "path": "/healthz",
        "raw_path": b"/healthz",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 3000),
    }
    await service.app(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


HOST = (b"host", b"service.example.com")


@pytest.mark.parametrize(
    ("headers", "version", "status"),
    [
        ([HOST], "1.1", 200),
        ([HOST, HOST], "1.1", 400),
        ([HOST, (b"host", b"evil.example.com")], "1.1", 400),
        ([], "1.1", 400),
        ([], "1.0", 200),
        ([HOST, HOST], "1.0", 400),
        ([], "2", 200),  # HTTP/2 has :authority instead, and may leave it out
    ],
    ids=["one", "the-same-twice", "two", "none", "none-in-1.0", "two-in-1.0", "none-in-2"],
)
async def test_a_request_has_one_host(
    service: Service, caplog: pytest.LogCaptureFixture, headers: list[tuple[bytes, bytes]], version: str, status: int
) -> None:
    caplog.set_level(logging.INFO)
    answered, body = await raw(service, headers, version)
    assert answered == status
    if status == 400:
        assert json.loads(body)["code"] == "invalid_input"
        assert b"evil" not in body
        assert "refusal=host_not_one" in caplog.text


async def test_the_access_log_holds_neither_token_nor_query_nor_user_id(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = await service.user_token(USER)
    await service.api.get("/profile?token=s3cret", headers={"Authorization": f"Bearer {token}"})
    await service.api.get(
        "/admin/users/auth0%7Cabc/roles?access_token=s3cret", headers={"Authorization": f"Bearer {token}"}
    )
    await service.api.get("/profile", headers={"Authorization": f"Bearer {token[:-4]}AAAA"})
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("auth0_sso")]
    assert len([line for line in lines if line.startswith("GET /profile 200")]) == 1
    assert any("GET /admin/users/{user_id:path}/roles 403" in line and "role_missing" in line for line in lines)
    assert any("GET /profile 401" in line and "refusal=signature_mismatch" in line for line in lines)
    text = "\n".join(lines)
    assert token[:20] not in text
    assert token[-20:] not in text
    assert "s3cret" not in text
    assert "auth0|abc" not in text


async def test_a_path_cannot_forge_a_log_line(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await service.api.get("/x%0AINFO%20forged")
    lines = [record.getMessage() for record in caplog.records if record.name == "auth0_sso.access"]
    assert all("\n" not in line for line in lines)


@pytest.mark.parametrize("path", ["/" + "x" * 60_000, "/" + "%FF" * 20_000, "/" + "%F0%9F%98%80" * 5_000])
async def test_an_unrouted_path_takes_a_short_line_of_the_log(
    service: Service, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    await service.api.get(path)
    (line,) = [record.getMessage() for record in caplog.records if record.name == "auth0_sso.access"]
    assert len(line) < 300
    assert "... 404 " in line
    assert line.startswith(("GET /x", "GET /%"))


async def test_a_path_that_fits_is_logged_whole(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    path = "/" + "x" * 199
    await service.api.get(path)
    assert f"GET {path} 404 " in caplog.text


async def test_a_strange_method_takes_a_short_line_too(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    await service.api.request("X" * 60_000, "/profile")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "auth0_sso.access"]
    assert len(line) < 300


async def test_another_issuer_is_logged_and_not_answered(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    authorization = {"Authorization": f"Bearer {testing.token(iss='https://other.example.com/')}"}
    response = await service.api.get("/profile", headers=authorization)
    [line] = caplog.messages
    issuer = service.app.state.auth0_sso.settings.issuer
    assert line.endswith(f"refusal=iss_mismatch (expected '{issuer}', found 'https://other.example.com/')")
    assert response.status_code == 401
    assert "other.example.com" not in response.text + str(response.headers)
