"""Spans of requests to the tenant: their names, errors and retries."""

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from auth0_sso.errors import ManagementUnavailableError, NotFoundError
from auth0_sso.http.bounded_http import FetchError, send_bounded
from auth0_sso.management.client import ManagementClient
from auth0_sso.tracing.current import part, root_part
from auth0_sso.tracing.spans import Spans, error_type
from support.logged_secrets import MANAGEMENT_TOKEN
from support.tenant_script import TOKEN, ScriptedTenant, error_reply, roles_reply, token_reply

ROLES = "GET /api/v2/users/auth0%7Cann/roles"

pytestmark = pytest.mark.usefixtures("spans")


def attempts(exporter: InMemorySpanExporter, name: str = "GET /api/v2/users/{id}/roles") -> list[ReadableSpan]:
    return [span for span in exporter.get_finished_spans() if span.name == name]


def shown(span: ReadableSpan, *names: str) -> list[object]:
    return [(span.attributes or {}).get(name) for name in names]


async def test_each_retry_is_a_span_of_its_own(
    tenant: ScriptedTenant, management: ManagementClient, exporter: InMemorySpanExporter
) -> None:
    tenant.on(ROLES, error_reply(503), error_reply(500, X_Auth0_RequestId="5f1e"), roles_reply("admin"))
    await management.list_user_roles("auth0|ann")
    names = ("http.response.status_code", "http.request.resend_count", "error.type", "auth0.request_id")
    assert [shown(span, *names) for span in attempts(exporter)] == [
        [503, None, "503", None],
        [500, 1, "500", "5f1e"],
        [200, 2, None, None],
    ]
    assert [span.status.status_code for span in attempts(exporter)] == [
        StatusCode.ERROR,
        StatusCode.ERROR,
        StatusCode.UNSET,
    ]
    assert {span.kind for span in attempts(exporter)} == {SpanKind.CLIENT}
    sent = [request.headers["traceparent"] for request in tenant.seen(ROLES)]
    assert len(set(sent)) == 3


async def test_a_rejected_token_shows_as_a_second_request(
    tenant: ScriptedTenant, management: ManagementClient, exporter: InMemorySpanExporter
) -> None:
    tenant.on(TOKEN, token_reply(MANAGEMENT_TOKEN), token_reply("another"))
    tenant.on(ROLES, error_reply(401), roles_reply("admin"))
    await management.list_user_roles("auth0|ann")
    names = ("http.response.status_code", "http.request.resend_count")
    assert [shown(span, *names) for span in attempts(exporter)] == [[401, None], [200, 1]]
    assert len(attempts(exporter, "POST /oauth/token")) == 2


async def test_no_span_shows_what_was_sent_or_answered(
    tenant: ScriptedTenant, management: ManagementClient, exporter: InMemorySpanExporter, spans: Spans
) -> None:
    tenant.on("GET /api/v2/users/ann%40example.com", error_reply(404, "ann@example.com is unknown"))
    with pytest.raises(NotFoundError), spans.part("request"):
        await management.get_user("ann@example.com", fields=("secret_field",))
    finished = exporter.get_finished_spans()
    assert {span.name for span in finished} == {
        "POST /oauth/token",
        "GET /api/v2/users/{id}",
        "call the Management API",
        "request",
    }
    text = "".join(span.to_json() for span in finished)
    assert not any(word in text for word in ("ann@", "ann%40", "secret_field", MANAGEMENT_TOKEN, "is unknown"))
    assert not any(span.events or span.status.description for span in finished)


async def test_a_request_without_a_response_is_named_by_its_reason(exporter: InMemorySpanExporter) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"no way to {request.url}?secret=1") from ConnectionRefusedError()

    async with httpx.AsyncClient(transport=httpx.MockTransport(refuse)) as client:
        request = client.build_request("GET", "https://user:password@tenant.example:8443/.well-known/jwks.json?a=b")
        with pytest.raises(FetchError):
            await send_bounded(client, request, max_seconds=1, max_bytes=1)
    (span,) = exporter.get_finished_spans()
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "url.full": "https://tenant.example:8443/.well-known/jwks.json",
        "url.template": "/.well-known/jwks.json",
        "server.address": "tenant.example",
        "server.port": 8443,
        "error.type": "connection_refused",
    }
    assert not span.events


@pytest.mark.parametrize(
    ("url", "address", "port"),
    [
        ("https://tenant.example/", "tenant.example", 443),
        ("http://[::1]:3001/", "::1", 3001),
        ("http://[::1]/", "::1", 80),
        ("http://127.0.0.1/", "127.0.0.1", 80),
    ],
)
async def test_the_server_is_named_with_its_port(
    url: str, address: str, port: int, exporter: InMemorySpanExporter
) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(204, stream=httpx.ByteStream(b"")))
    async with httpx.AsyncClient(transport=transport) as client:
        await send_bounded(client, client.build_request("GET", url), max_seconds=1, max_bytes=1)
    (span,) = exporter.get_finished_spans()
    assert shown(span, "server.address", "server.port") == [address, port]


async def test_tracestate_of_an_earlier_attempt_is_not_sent_again() -> None:
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(httpx.Headers(request.headers))
        return httpx.Response(204, stream=httpx.ByteStream(b""))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        request = client.build_request("GET", "https://tenant.example/", headers={"tracestate": "old=1"})
        await send_bounded(client, request, max_seconds=1, max_bytes=1)
    assert "traceparent" in seen[0]
    assert "tracestate" not in seen[0]


def test_only_our_own_errors_are_named_by_their_reason() -> None:
    assert error_type(ManagementUnavailableError("timeout", retry_after=1)) == "timeout"
    assert error_type(UnicodeDecodeError("utf-8", b"secret", 0, 1, "secret")) == "UnicodeDecodeError"


def test_parts_are_spans_only_inside_of_a_trace(exporter: InMemorySpanExporter) -> None:
    with part("alone"):
        pass
    assert exporter.get_finished_spans() == ()
    with root_part("outer"), part("inner"):
        pass
    inner, outer = exporter.get_finished_spans()
    assert (inner.name, outer.name) == ("inner", "outer")
    assert inner.parent is not None
    assert inner.parent.span_id == outer.context.span_id
