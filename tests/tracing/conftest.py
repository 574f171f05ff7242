"""What the tests of traces share."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from auth0_sso.tracing.current import spans_variable
from auth0_sso.tracing.spans import Spans


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter: InMemorySpanExporter) -> TracerProvider:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


@pytest.fixture
def host_provider(provider: TracerProvider, monkeypatch: pytest.MonkeyPatch) -> TracerProvider:
    """Be the tracer provider of the process, as a host app sets it once, until the test ends."""
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", provider)
    return provider


@pytest.fixture
def spans(provider: TracerProvider) -> Iterator[Spans]:
    """Be what makes the spans of this test, as in the service."""
    made = Spans(provider)
    token = spans_variable.set(made)
    yield made
    spans_variable.reset(token)
