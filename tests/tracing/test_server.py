"""What FastAPI's spans begin without."""

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, get_current_span

from auth0_sso.tracing.server import ServerTracerProvider

GIVEN = {
    "http.request.method": "_OTHER",
    "http.request.method_original": "NEEDLE",
    "url.path": "/users/needle",
    "url.query": "q=needle",
    "url.scheme": "https",
}
SHOWN = {"http.request.method": "_OTHER", "url.scheme": "https"}


def test_paths_queries_and_unknown_methods_are_left_out(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    tracer = ServerTracerProvider(provider).get_tracer("fastapi", "1")
    tracer.start_span("GET", kind=SpanKind.SERVER, attributes=GIVEN).end()
    with tracer.start_as_current_span("GET", kind=SpanKind.SERVER, attributes=GIVEN) as current:
        assert get_current_span() is current
    tracer.start_span("GET").end()
    finished = exporter.get_finished_spans()
    assert [dict(span.attributes or {}) for span in finished] == [SHOWN, SHOWN, {}]
    assert [span.kind for span in finished] == [SpanKind.SERVER, SpanKind.SERVER, SpanKind.INTERNAL]
    assert {span.instrumentation_scope.name for span in finished if span.instrumentation_scope} == {"fastapi"}
