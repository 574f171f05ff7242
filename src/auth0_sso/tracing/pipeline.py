"""The tracer provider of the service, with a sampler and a resource; the provider of the process stays as it is."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from multiprocessing import current_process
from typing import Final
from uuid import uuid4

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from auth0_sso.tracing.current import spans_variable
from auth0_sso.tracing.export import Exports
from auth0_sso.tracing.server import ServerTracerProvider
from auth0_sso.tracing.spans import Spans

_PATH: Final = "/v1/traces"
_MAX_LENGTH: Final = 512
"""Of a value, in characters. A caller writes the Host header, which is `server.address` and may have 64 KiB."""


class Pipeline:
    """Makes spans, and sends them to a collector while the app runs."""

    def __init__(
        self, *, collector: str, headers: Mapping[str, str], name: str, version: str, sample_ratio: float
    ) -> None:
        """Take the collector's base URL, the headers to send, the service's name and version.

        `sample_ratio` is the part of traces recorded, 0 to 1, of those that begin here: a caller that sends a trace
        context has decided already.
        """
        self._exports = Exports(collector.removesuffix("/") + _PATH, headers)
        provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(sample_ratio)),
            resource=Resource.create(
                {
                    "service.name": name,
                    "service.version": version,
                    "service.instance.id": str(uuid4()),
                    "process.pid": current_process().pid or 0,
                }
            ),
            shutdown_on_exit=False,
            span_limits=SpanLimits(max_attribute_length=_MAX_LENGTH),
        )
        provider.add_span_processor(self._exports)
        self.spans = Spans(provider)
        self.server_provider = ServerTracerProvider(provider)
        """For FastAPI's spans of requests."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Send spans, and make those of the tasks that the block starts, until it ends."""
        self._exports.start()
        before = spans_variable.get()
        spans_variable.set(self.spans)
        try:
            yield
        finally:
            spans_variable.set(before)
            await self._exports.stop()


def current_trace_id() -> str | None:
    """Return the trace id of the current span, 32 hexadecimal digits; None without one."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None


def note_refusal(reason: str) -> None:
    """Note on the current span why its request was refused."""
    trace.get_current_span().set_attribute("auth0_sso.refusal", reason)
