"""An app of someone else: our spans join its traces, and without a tracer provider there are none."""

import subprocess
import sys
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import Depends, FastAPI
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from auth0_sso import require_role
from auth0_sso.testing.clock import HandClock
from auth0_sso.tracing.current import current_spans, part, root_part
from support.service import running_service

WITHOUT_OPENTELEMETRY = """
import sys
import auth0_sso.asgi, auth0_sso.http.bounded_http, auth0_sso.store.store
from auth0_sso.tracing.current import current_spans, part, root_part
assert current_spans() is None
with part("nothing"), root_part("nothing"):
    pass
print([name for name in sys.modules if name.startswith("opentelemetry")])
"""


def host_app() -> FastAPI:
    app = FastAPI()

    @app.get("/reports", dependencies=[Depends(require_role("admin"))])
    async def list_reports() -> list[str]:
        return []

    return app


async def test_spans_join_the_trace_of_the_host_app(
    host_provider: TracerProvider,
    exporter: InMemorySpanExporter,
    rsa_keys: Sequence[rsa.RSAPrivateKey],
    clock: HandClock,
) -> None:
    async with running_service(rsa_keys, clock, app=host_app()) as service:
        headers = await service.as_user("admin@example.com")
        exporter.clear()
        answer = await service.api.get("/reports", headers=headers)
    assert answer.status_code == 200
    assert trace.get_tracer_provider() is host_provider
    spans = {span.name: span for span in exporter.get_finished_spans()}
    server, lookup, call = spans["GET /reports"], spans["look up roles"], spans["GET /api/v2/users/{id}/roles"]
    assert lookup.instrumentation_scope is not None
    assert lookup.instrumentation_scope.name == "auth0_sso"
    assert {span.context.trace_id for span in (lookup, call)} == {server.context.trace_id}


async def test_without_a_tracer_provider_nothing_is_made_and_none_is_set(
    rsa_keys: Sequence[rsa.RSAPrivateKey], clock: HandClock
) -> None:
    async with running_service(rsa_keys, clock, app=host_app()) as service:
        await service.api.get("/reports", headers=await service.as_user("admin@example.com"))
    assert current_spans() is None
    assert isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
    with root_part("nothing"), part("nothing either"):
        assert trace.get_current_span() is trace.INVALID_SPAN


def test_a_provider_that_is_set_later_is_found(provider: TracerProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    assert current_spans() is None
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", provider)
    spans = current_spans()
    assert spans is not None
    assert current_spans() is spans


def test_opentelemetry_is_not_imported_for_an_app_that_has_not() -> None:
    command = [sys.executable, "-c", WITHOUT_OPENTELEMETRY]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout == "[]\n"
