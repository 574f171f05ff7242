"""The traces of the whole service, as a collector gets them."""

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider

from auth0_sso.errors import ConfigurationError, NotFoundError
from auth0_sso.events import OutageEnded, RequestRefused
from auth0_sso.service.log_formats import JsonFormatter
from auth0_sso.service.logs import configure_logs
from auth0_sso.service.tracing import Tracing
from auth0_sso.testing.clock import HandClock
from support.collector import Collector, Seen, collector
from support.logged_secrets import shows_secret
from support.redis_server import RedisServer
from support.service import Service, person_id, running_service, settings

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
FROM_A_CALLER = {"traceparent": f"00-{TRACE}-{CALLER}-01", "tracestate": "vendor=opaque", "baggage": "user=Uma"}
ADMIN, USER = "admin@example.com", "user@example.com"


@pytest.fixture
def collected() -> Iterator[Collector]:
    with collector() as running:
        yield running


@asynccontextmanager
async def traced(
    collected: Collector, keys: Sequence[rsa.RSAPrivateKey], clock: HandClock, **changes: object
) -> AsyncIterator[Service]:
    changes["otel_exporter_otlp_endpoint"] = collected.url
    async with running_service(keys, clock, app=None, cut=False, tracing_enabled=True, **changes) as service:
        yield service


class Noting(httpx.AsyncBaseTransport):
    """Notes the headers of each request to the tenant."""

    def __init__(self, inner: httpx.AsyncBaseTransport, noted: list[httpx.Headers]) -> None:
        self._inner = inner
        self._noted = noted

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._noted.append(request.headers)
        return await self._inner.handle_async_request(request)


def noting(service: Service) -> list[httpx.Headers]:
    """Return the headers of the requests that the service sends from now on."""
    noted: list[httpx.Headers] = []
    service.wire.inner = Noting(service.wire.inner, noted)
    return noted


def tree(collected: Collector, span: Seen) -> dict[str, object]:
    """Return the names of a span's children, each with its own below it."""
    return {child.name: tree(collected, child) for child in collected.children(span)}


async def test_a_request_is_a_server_span_of_its_route(
    collected: Collector, rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    async with traced(collected, rsa_keys, clock) as service:
        headers = await service.as_user(ADMIN)
        answer = await service.api.get(f"/admin/users/{person_id(USER)}?verbose=1", headers=headers)
    assert answer.status_code == 200
    span = collected.one("GET /admin/users/{user_id}")
    assert (span.kind, span.parent_id, span.error) == ("SERVER", "", False)
    assert span.attributes == {
        "http.request.method": "GET",
        "http.route": "/admin/users/{user_id}",
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
        "server.address": "service.example.com",
        "server.port": 443,
        "url.scheme": "https",
    }
    assert span.resource["service.name"] == "auth0-sso"
    assert span.resource["service.version"]
    assert span.resource["process.pid"]


async def test_the_calls_of_a_request_are_below_it(
    collected: Collector, rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    async with traced(collected, rsa_keys, clock) as service:
        await service.api.get(f"/admin/users/{person_id(USER)}", headers=await service.as_user(ADMIN))
    server = collected.one("GET /admin/users/{user_id}")
    (role_lookup,) = (span for span in collected.children(server) if span.name == "look up roles")
    calls = [child for span in collected.children(role_lookup) for child in collected.children(span)]
    assert {span.name for span in collected.children(role_lookup)} == {"call the Management API"}
    assert {"GET /api/v2/users/{id}", "GET /api/v2/users/{id}/roles", "POST /oauth/token"} == {
        span.name for span in calls
    }
    assert {span.kind for span in calls} == {"CLIENT"}
    assert {span.trace_id for span in calls} == {server.trace_id}
    (own_call,) = (span for span in collected.children(server) if span.name == "call the Management API")
    assert tree(collected, own_call) == {"GET /api/v2/users/{id}": {}}


async def test_the_keys_are_fetched_in_a_trace_of_their_own(
    collected: Collector, rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    async with traced(collected, rsa_keys, clock):
        pass
    fetch = collected.one("fetch signing keys")
    assert fetch.parent_id == ""
    assert tree(collected, fetch) == {
        "GET /.well-known/openid-configuration": {},
        "GET /.well-known/jwks.json": {},
    }


async def test_a_callers_trace_is_continued_and_sent_to_the_tenant(
    collected: Collector, rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    async with traced(collected, rsa_keys, clock) as service:
        headers = await service.as_user(USER)
        sent = noting(service)
        await service.api.get("/profile", headers=headers | FROM_A_CALLER)
    server = collected.one("GET /profile")
    assert (server.trace_id, server.parent_id, server.tracestate) == (TRACE, CALLER, "vendor=opaque")
    clients = {span.span_id for span in collected.spans if span.kind == "CLIENT" and span.trace_id == TRACE}
    assert clients
    assert {each["traceparent"] for each in sent} == {f"00-{TRACE}-{span}-01" for span in clients}
    assert {each["tracestate"] for each in sent} == {"vendor=opaque"}
    assert not any("baggage" in each for each in sent)


async def test_log_lines_have_the_trace_id_of_the_span(
    collected: Collector, rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    lines: list[dict[str, object]] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonFormatter().format(record)))

    log, handler = logging.getLogger("auth0_sso.access"), Handler()
    level = log.level
    log.setLevel(logging.DEBUG)
    log.addHandler(handler)
    try:
        async with traced(collected, rsa_keys, clock) as service:
            await service.api.get("/")
            await service.api.get("/", headers=FROM_A_CALLER)
            await service.api.get("/healthz")
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
    own, continued = collected.named("GET /")
    assert [line.get("trace_id") for line in lines] == [own.trace_id, TRACE, None]
    assert (own.trace_id != TRACE, continued.trace_id) == (True, TRACE)


async def test_a_refusal_is_named_by_its_reason(
    collected: Collector, rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    async with traced(collected, rsa_keys, clock) as service:
        await service.api.get("/dashboard", headers=await service.as_user(USER))
    span = collected.one("GET /dashboard")
    assert span.attributes["http.response.status_code"] == 403
    assert span.attributes["auth0_sso.refusal"] == "role_missing"
    assert not span.error


async def test_an_outage_of_the_tenant_is_an_error_of_each_span(
    collected: Collector, rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    async with traced(collected, rsa_keys, clock) as service:
        headers = await service.as_user(USER)
        service.wire.cut = True
        answer = await service.api.get("/profile", headers=headers)
    assert answer.status_code == 503
    server = collected.one("GET /profile")
    assert server.error
    assert server.attributes["error.type"] == "503"
    below = [span for span in collected.spans if span.trace_id == server.trace_id and span.kind != "SERVER"]
    assert below
    assert all(span.error and not span.status_text and not span.events for span in below)
    assert {span.attributes["error.type"] for span in below} == {"unreachable", "token_unreachable"}


async def test_probes_are_not_traced(
    collected: Collector, rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    async with traced(collected, rsa_keys, clock, metrics_enabled=True) as service:
        for path in ("/healthz", "/readyz", "/metrics"):
            assert (await service.api.get(path)).status_code == 200
    assert [span for span in collected.spans if span.kind == "SERVER"] == []


async def test_no_span_has_a_query_token_address_or_user(
    collected: Collector, rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    async with traced(collected, rsa_keys, clock) as service:
        admin, user = await service.as_user(ADMIN), await service.as_user(USER)
        subject = person_id(USER)
        for path in (f"/admin/users/{subject}", f"/admin/users/{subject}/roles", "/admin/users", "/profile"):
            await service.api.get(f"{path}?q=needle", headers=admin)
        await service.api.get("/profile", headers=user)
        await service.api.get(f"/nowhere/{subject}?q=needle", headers=user)
        await service.api.request("NEEDLE", f"/{USER}")
        await service.api.get("/profile", headers={"Authorization": f"Bearer {'needle' * 9}"})
        await service.api.post("/admin/users", headers=admin, json={"email": "needle@example.com", "password": "x"})
    text = collected.raw.decode("utf-8", "replace")
    assert len(collected.spans) > 15
    assert "needle" not in text.lower()
    assert not shows_secret(text)
    for person in (ADMIN, USER):
        assert person not in text
        assert person_id(person) not in text
        assert person_id(person).removeprefix("auth0|") not in text
    assert not any(span.events for span in collected.spans)


async def test_redis_calls_are_spans_without_keys(
    collected: Collector, rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock, redis: RedisServer
) -> None:
    async with traced(collected, rsa_keys, clock, rate_limit_storage_url=redis.url) as service:
        await service.api.get("/api/data", headers=await service.as_user(USER))
    server = collected.one("GET /api/data")
    counted = [span for span in collected.children(server) if span.attributes.get("db.system.name") == "redis"]
    assert [(span.name, span.kind, span.error) for span in counted] == [("EVALSHA", "CLIENT", False)]
    assert counted[0].attributes == {
        "db.system.name": "redis",
        "db.operation.name": "EVALSHA",
        "server.address": "127.0.0.1",
        "server.port": int(redis.url.rpartition(":")[2].partition("/")[0]),
    }
    assert not [span for span in collected.spans if span.attributes.get("db.system.name") and not span.parent_id]


async def test_what_a_caller_writes_into_a_span_is_short(
    collected: Collector, rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    async with traced(collected, rsa_keys, clock) as service:
        await service.api.get("/", headers={"Host": "x" * 30_000})
    assert collected.one("GET /").attributes["server.address"] == "x" * 512


@pytest.mark.parametrize(("ratio", "sampled"), [("0", 0), ("1", 1)])
async def test_the_ratio_decides_for_traces_that_begin_here(
    ratio: str,
    sampled: int,
    collected: Collector,
    rsa_keys: tuple[rsa.RSAPrivateKey, ...],
    clock: HandClock,
) -> None:
    async with traced(collected, rsa_keys, clock, otel_traces_sampler_arg=ratio) as service:
        await service.api.get("/")
        await service.api.get("/", headers=FROM_A_CALLER)
        await service.api.get("/", headers=FROM_A_CALLER | {"traceparent": f"00-{TRACE}-{CALLER}-00"})
    assert [span.trace_id == TRACE for span in collected.named("GET /")] == [False] * sampled + [True]


async def test_an_unsampled_trace_is_sent_to_the_tenant_as_such(
    collected: Collector, rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    async with traced(collected, rsa_keys, clock, otel_traces_sampler_arg="0") as service:
        headers = await service.as_user(USER)
        sent = noting(service)
        await service.api.get("/profile", headers=headers | {"traceparent": f"00-{TRACE}-{CALLER}-00"})
    assert sent
    assert {(each["traceparent"][:36], each["traceparent"][-3:]) for each in sent} == {(f"00-{TRACE}-", "-00")}
    assert collected.requests == []


async def test_the_collector_gets_the_headers_and_the_name_of_the_settings(
    collected: Collector, rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock
) -> None:
    changes = {"otel_exporter_otlp_headers": "api-key=s%20cret,x-scope=a", "otel_service_name": "orders"}
    async with traced(collected, rsa_keys, clock, **changes) as service:
        await service.api.get("/")
    (path, headers), *_ = collected.requests
    assert (path, headers["api-key"], headers["x-scope"]) == ("/v1/traces", "s cret", "a")
    assert collected.one("GET /").resource["service.name"] == "orders"


async def test_without_the_setting_nothing_is_traced_whatever_the_environment_says(
    collected: Collector,
    rsa_keys: tuple[rsa.RSAPrivateKey, ...],
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collected.url)
    async with running_service(rsa_keys, clock) as service:
        await service.api.get("/", headers=FROM_A_CALLER)
    assert collected.requests == []


async def test_a_fastapi_without_telemetry_serves_and_cannot_trace(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    current = FastAPI.__init__

    def before_0_142(self: FastAPI, **extra: Any) -> None:  # noqa: ANN401 - what FastAPI takes
        assert "telemetry" not in extra
        current(self, **extra)

    monkeypatch.setattr(FastAPI, "__init__", before_0_142)
    async with running_service(rsa_keys, clock) as service:
        assert (await service.api.get("/")).status_code == 200
    with pytest.raises(ConfigurationError, match=r"needs FastAPI 0\.142 or newer"):
        settings(tracing_enabled=True)


def test_only_refusals_are_noted_on_the_span(collected: Collector) -> None:
    tracing = Tracing(settings(tracing_enabled=True, otel_exporter_otlp_endpoint=collected.url), untraced=())
    with TracerProvider(shutdown_on_exit=False).get_tracer("tests").start_as_current_span("request") as span:
        tracing.observe(OutageEnded("management"))
        assert isinstance(span, ReadableSpan)
        assert not span.attributes
        tracing.observe(RequestRefused({}, NotFoundError("There is none.")))
        assert dict(span.attributes or {}) == {"auth0_sso.refusal": "not_found"}


async def test_what_callers_write_into_headers_is_not_logged(
    collected: Collector, rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock, logging_restored: None
) -> None:
    configure_logs("INFO", "json")
    written = io.BytesIO()
    handler = logging.StreamHandler(io.TextIOWrapper(written, write_through=True))
    logging.getLogger().addHandler(handler)
    headers = {"baggage": "needle", "traceparent": "00-" + "needle" * 99, "tracestate": "needle=" + "x" * 600}
    async with traced(collected, rsa_keys, clock) as service:
        await service.api.get("/", headers=headers)
        await service.api.get("/", headers=FROM_A_CALLER | {"tracestate": "needle!=,,=needle"})
    assert len(collected.named("GET /")) == 2
    assert b"GET / 200" in written.getvalue()
    assert b"needle" not in written.getvalue()
