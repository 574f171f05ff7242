"""The headers traceparent and X-Request-ID, with OpenTelemetry as the second opinion on the former."""

from opentelemetry.trace import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from auth0_sso.web.middleware.request_id import acceptable_id
from auth0_sso.web.middleware.trace_context import trace_id_of

_TRACE = b"4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"
SEEDS = (
    b"00-" + _TRACE + b"-01",
    b"cc-" + _TRACE + b"-01-what-the-future",
    b"ff-" + _TRACE + b"-00",
    b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-00",
    b"3f2a_request.id-7",
)
_PROPAGATOR = TraceContextTextMapPropagator()


def check(data: bytes) -> None:
    """A trace id is the one that OpenTelemetry reads; a request id fits a header and a log line as it is."""
    trace_id = trace_id_of(data)
    if trace_id is not None:
        context = _PROPAGATOR.extract({"traceparent": data.decode("latin-1")})
        assert f"{get_current_span(context).get_span_context().trace_id:032x}" == trace_id
    request_id = acceptable_id(data)
    if request_id is not None:
        assert request_id.encode("ascii") == data
        assert len(request_id) <= 64
        assert set(request_id) <= set("-_.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
