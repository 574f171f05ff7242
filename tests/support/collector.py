"""A stand-in for an OpenTelemetry collector: takes spans over HTTP (OTLP), and decodes them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic, sleep

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

_PATIENCE = 15.0


@dataclass(frozen=True)
class Seen:
    """A span as it arrived."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    tracestate: str
    attributes: dict[str, object]
    error: bool
    status_text: str
    events: int
    seconds: float
    resource: dict[str, object]


@dataclass
class Collector:
    """What arrived, and how it answers: with `status`, and not before `may_answer` is set."""

    url: str = ""
    status: int = 200
    may_answer: threading.Event = field(default_factory=threading.Event)
    spans: list[Seen] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    raw: bytes = b""

    def named(self, name: str) -> list[Seen]:
        return [span for span in self.spans if span.name == name]

    def one(self, name: str) -> Seen:
        """Return the only span of a name."""
        (span,) = self.named(name)
        return span

    def children(self, parent: Seen) -> list[Seen]:
        return [span for span in self.spans if span.parent_id == parent.span_id]

    def wait_for(self, name: str) -> Seen:
        """Wait until a span of that name has arrived."""
        end = monotonic() + _PATIENCE
        while not self.named(name):
            assert monotonic() < end, f"no span {name!r} arrived, only {[span.name for span in self.spans]}"
            sleep(0.02)
        return self.named(name)[0]


@contextmanager
def collector() -> Iterator[Collector]:
    """Run a collector on a free port until the block ends."""
    running = Collector()
    running.may_answer.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            running.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            running.may_answer.wait(_PATIENCE)
            if running.status == 200:
                running.raw += body
                running.spans.extend(_spans(ExportTraceServiceRequest.FromString(body)))
            self.send_response(running.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        running.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield running
        finally:
            running.may_answer.set()
            server.shutdown()
            thread.join()


def _spans(request: ExportTraceServiceRequest) -> Iterator[Seen]:
    for each in request.resource_spans:
        resource = _values(each.resource.attributes)
        for scope in each.scope_spans:
            for span in scope.spans:
                yield Seen(
                    name=span.name,
                    kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    tracestate=span.trace_state,
                    attributes=_values(span.attributes),
                    error=span.status.code == Status.STATUS_CODE_ERROR,
                    status_text=span.status.message,
                    events=len(span.events),
                    seconds=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
                    resource=resource,
                )


def _values(attributes: Iterator[KeyValue]) -> dict[str, object]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value") or "string_value") for each in attributes}
