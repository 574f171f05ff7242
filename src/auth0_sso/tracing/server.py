"""The server spans that FastAPI makes, without what they may not show."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind
from opentelemetry.util.types import Attributes

_LEFT_OUT: Final = frozenset({"url.path", "url.query", "http.request.method_original"})
"""A path has ids of users, and a query and a method that does not exist have anything; `http.route` says enough."""


class ServerTracerProvider(trace.TracerProvider):
    """Passes on to another provider what FastAPI may say."""

    def __init__(self, provider: trace.TracerProvider) -> None:
        self._provider = provider

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Attributes | None = None,
    ) -> trace.Tracer:
        """Return a tracer whose spans begin without those attributes."""
        return _ServerTracer(
            self._provider.get_tracer(
                instrumenting_module_name, instrumenting_library_version, schema_url, attributes
            )
        )


class _ServerTracer(trace.Tracer):
    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> Span:
        """Start a span."""
        return self._tracer.start_span(
            name, context, kind, _shown(attributes), links, start_time, record_exception, set_status_on_exception
        )

    def start_as_current_span(  # type: ignore[override]  # the API declares what its decorator returns
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
        end_on_exit: bool = True,
    ) -> AbstractContextManager[Span]:
        """Start a span that is current in the block."""
        return self._tracer.start_as_current_span(
            name,
            context,
            kind,
            _shown(attributes),
            links,
            start_time,
            record_exception,
            set_status_on_exception,
            end_on_exit,
        )


def _shown(attributes: Attributes) -> Attributes:
    return {name: value for name, value in (attributes or {}).items() if name not in _LEFT_OUT}
