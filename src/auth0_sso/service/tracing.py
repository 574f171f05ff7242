"""Traces of the service, as its settings say (decision 0041). Imported only where they are on."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any
from urllib.parse import unquote

from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp, Receive, Scope, Send

from auth0_sso.events import Event, RequestRefused
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.tracing.current import spans_variable
from auth0_sso.tracing.pipeline import Pipeline, current_trace_id, note_refusal
from auth0_sso.web.middleware.trace_context import trace_id_variable
from auth0_sso.web.services.protection import Opening
from auth0_sso.web.services.services import Services


class Tracing:
    """The traces of one app."""

    def __init__(self, settings: ServiceSettings, *, untraced: Collection[str]) -> None:
        """Take the settings, and the paths that are not traced."""
        self._pipeline = Pipeline(
            collector=settings.otel_exporter_otlp_endpoint,
            headers=dict(_pairs(settings.otel_exporter_otlp_headers.get_secret_value())),
            name=settings.otel_service_name,
            version=version("auth0-sso"),
            sample_ratio=settings.otel_traces_sampler_arg,
        )
        self._untraced = frozenset(untraced)

    @property
    def telemetry(self) -> TelemetryConfig:
        """What makes FastAPI trace each request: one span, and none for its dependencies and serialization."""
        return {
            "tracer_provider": self._pipeline.server_provider,
            "operation_spans": False,
            "metrics": False,
            "logs": False,
            "auto_configure": False,
            "exclude": lambda scope: scope.get("path") in self._untraced,
        }

    def opening(self, services: Opening) -> Opening:
        """Return what opens the services, and sends spans while they are open."""

        @asynccontextmanager
        async def traced(*arguments: Any, **parts: Any) -> AsyncIterator[Services]:  # noqa: ANN401 - those of `Opening`
            async with self._pipeline.running(), services(*arguments, **parts) as opened:
                yield opened

        return traced

    def layer(self, app: ASGIApp) -> ASGIApp:
        """Return an app whose requests make spans, and whose log lines have their trace id."""

        async def traced(scope: Scope, receive: Receive, send: Send) -> None:
            trace = trace_id_variable.set(current_trace_id())
            spans = spans_variable.set(self._pipeline.spans)
            try:
                await app(scope, receive, send)
            finally:
                spans_variable.reset(spans)
                trace_id_variable.reset(trace)

        return traced

    def observe(self, event: Event) -> None:
        """Note on the span of a request why it was refused."""
        if isinstance(event, RequestRefused):
            note_refusal(event.error.reason)


def _pairs(text: str) -> list[tuple[str, str]]:
    """Return names and values of headers, percent-decoded, as OTEL_EXPORTER_OTLP_HEADERS has them."""
    pairs = (entry.partition("=") for entry in text.split(",") if entry.strip())
    return [(name.strip(), unquote(value.strip())) for name, _, value in pairs]
