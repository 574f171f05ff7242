"""Spans of requests to the tenant, of calls of a database, and of other parts of a request.

Attributes have the names of OpenTelemetry's semantic conventions. No span has a query string, a token, an id of a
user, or the text of an exception: errors are named by their `reason`, or by their class.
"""

from collections.abc import Awaitable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Final, TypeVar

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from auth0_sso.tracing.templates import path_template

_T = TypeVar("_T")
_NAME: Final = "auth0_sso"

# Not the propagator of the process: that sends baggage too, which any caller can fill, and Auth0 is a third party.
_TRACE_CONTEXT: Final = TraceContextTextMapPropagator()


class TenantSpan:
    """The span of one HTTP request to the tenant."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def answered(self, status: int, request_id: str | None) -> None:
        """Note the status of the response, and Auth0's own id of the request."""
        self._span.set_attribute("http.response.status_code", status)
        if request_id is not None:
            self._span.set_attribute("auth0.request_id", request_id)
        if status >= 400:
            _fail(self._span, str(status))


class StatementSpan:
    """The span of one SQL statement, which has begun."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def end(self) -> None:
        """End it."""
        self._span.end()

    def failed(self, error: BaseException) -> None:
        """End it, with the class of an error."""
        _fail(self._span, error_type(error))
        self._span.end()


class Spans:
    """Makes spans with one tracer."""

    def __init__(self, provider: trace.TracerProvider) -> None:
        self._tracer = provider.get_tracer(_NAME, version("auth0-sso"))

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Make a span of the block."""
        with self._span(name, SpanKind.INTERNAL, {}):
            yield

    @contextmanager
    def tenant_request(
        self,
        method: str,
        origin: str,
        raw_path: str,
        headers: MutableMapping[str, str],
        *,
        resend_count: int = 0,
    ) -> Iterator[TenantSpan]:
        """Make a span of a request, and send its context in `headers` (W3C Trace Context: traceparent, tracestate).

        `origin` is scheme, host and port of the URL. The query of the path is left out, and its ids are replaced.
        """
        template = path_template(raw_path)
        attributes: dict[str, str | int] = {
            "http.request.method": method,
            "url.full": origin + template,
            "url.template": template,
            **_server(origin),
        }
        if resend_count:
            attributes["http.request.resend_count"] = resend_count
        with self._span(f"{method} {template}", SpanKind.CLIENT, attributes) as span:
            headers.pop("tracestate", None)  # that of an attempt before this one
            _TRACE_CONTEXT.inject(headers)
            yield TenantSpan(span)

    async def database_call(
        self, reply: Awaitable[_T], *, system: str, operation: str, attributes: Mapping[str, str | int]
    ) -> _T:
        """Wait for a reply within a span, which names neither keys nor values."""
        named = {"db.system.name": system, "db.operation.name": operation, **attributes}
        with self._span(operation, SpanKind.CLIENT, named):
            return await reply

    def begin_statement(self, system: str, operation: str) -> StatementSpan:
        """Begin a span of an SQL statement, which has no spans below it."""
        attributes = {"db.system.name": system, "db.operation.name": operation}
        return StatementSpan(self._tracer.start_span(operation, kind=SpanKind.CLIENT, attributes=attributes))

    @contextmanager
    def _span(self, name: str, kind: SpanKind, attributes: Mapping[str, str | int]) -> Iterator[Span]:
        with self._tracer.start_as_current_span(
            name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except BaseException as error:
                _fail(span, error_type(error))
                raise


def spans_of_host_app() -> Spans | None:
    """Return what makes spans for the tracer provider of the process, which the host app chose; None without one."""
    provider = trace.get_tracer_provider()
    return None if isinstance(provider, trace.ProxyTracerProvider) else _spans_of(provider)


_known: tuple[trace.TracerProvider, Spans] | None = None


def _spans_of(provider: trace.TracerProvider) -> Spans:
    global _known  # noqa: PLW0603 - a process has one provider, and its tracer is made once
    if _known is None or _known[0] is not provider:
        _known = provider, Spans(provider)
    return _known[1]


def error_type(error: BaseException) -> str:
    """Return the word that names an error: the reason of one of ours, else its class."""
    word = getattr(error, "reason", None) if type(error).__module__.startswith("auth0_sso.") else None
    return word if isinstance(word, str) else type(error).__qualname__


def _fail(span: Span, error: str) -> None:
    span.set_attribute("error.type", error)
    span.set_status(StatusCode.ERROR)


def _server(origin: str) -> dict[str, str | int]:
    scheme, _, authority = origin.partition("://")
    host, colon, port = authority.rpartition(":")
    if colon and port.isdecimal():
        return {"server.address": host.strip("[]"), "server.port": int(port)}
    return {"server.address": authority.strip("[]"), "server.port": 443 if scheme == "https" else 80}
