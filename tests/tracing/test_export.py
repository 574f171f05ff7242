"""A collector that is down, refuses or hangs costs spans and nothing else."""

import logging
from collections.abc import Iterator, Sequence
from time import perf_counter

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult

from auth0_sso.tracing import FLUSH_TIMEOUT
from auth0_sso.tracing.current import current_spans, root_part
from auth0_sso.tracing.export import MAX_WAITING, Exports, LoggingExporter
from auth0_sso.tracing.pipeline import Pipeline, current_trace_id
from support.collector import Collector, collector
from support.process import free_port

OURS = "auth0_sso.tracing.export"
TOO_LONG = FLUSH_TIMEOUT + 2.5  # what a batch may take, and less than what a batch after it would


@pytest.fixture
def collected() -> Iterator[Collector]:
    with collector() as running:
        yield running


def pipeline(url: str) -> Pipeline:
    return Pipeline(collector=url, headers={}, name="tested", version="1", sample_ratio=1.0)


def said(caplog: pytest.LogCaptureFixture, url: str) -> list[str]:
    """Return what was logged of this collector: the thread of an earlier test may still log."""
    lines = (record.getMessage() for record in caplog.records if record.name == OURS)
    return [line.replace(url, "COLLECTOR") for line in lines if url in line]


def make_spans(number: int, name: str = "work") -> None:
    for _ in range(number):
        with root_part(name):
            pass


async def test_what_waits_is_sent_as_the_app_stops(collected: Collector) -> None:
    async with pipeline(collected.url + "/").running():
        make_spans(3)
        assert collected.requests == []
    assert len(collected.named("work")) == 3
    assert {path for path, _ in collected.requests} == {"/v1/traces"}


async def test_spans_are_made_and_sent_only_while_the_app_runs(collected: Collector) -> None:
    traces = pipeline(collected.url)
    with traces.spans.part("before"):
        pass
    async with traces.running():
        make_spans(1, "during")
    assert current_spans() is None
    with traces.spans.part("after"):
        pass
    async with traces.running():
        make_spans(1, "again")
    assert [span.name for span in collected.spans] == ["during", "again"]


async def test_a_dead_collector_does_not_delay_the_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, OURS)
    url = f"http://127.0.0.1:{free_port()}"
    async with pipeline(url).running():
        make_spans(100)
        begun = perf_counter()
    assert perf_counter() - begun < TOO_LONG
    # Older releases of the exporter give up at once.
    ours = ("the last spans were not sent to COLLECTOR/v1/traces", "spans cannot be sent to COLLECTOR/v1/traces")
    assert said(caplog, url)[0].startswith(ours)


async def test_a_hanging_collector_delays_neither_work_nor_the_end(
    collected: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, OURS)
    collected.may_answer.clear()
    async with pipeline(collected.url).running():
        make_spans(2 * MAX_WAITING)  # more than may wait
        assert collected.spans == []
        begun = perf_counter()
    assert perf_counter() - begun < TOO_LONG
    assert said(caplog, collected.url)[0].startswith("the last spans were not sent to COLLECTOR/v1/traces")


async def test_the_queue_has_a_limit(collected: Collector) -> None:
    collected.may_answer.clear()
    async with pipeline(collected.url).running():
        make_spans(4 * MAX_WAITING)
        collected.may_answer.set()
    # What was in the one batch on its way was sent beside what waited.
    assert MAX_WAITING <= len(collected.spans) < 2 * MAX_WAITING


def test_an_outage_of_the_collector_is_logged_once_and_so_is_its_end(
    collected: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, OURS)
    exporter = LoggingExporter(OTLPSpanExporter(collected.url), collected.url)
    span = TracerProvider(shutdown_on_exit=False).get_tracer("tests").start_span("work")
    assert isinstance(span, ReadableSpan)
    for status, number in ((400, 2), (400, 1), (200, 1), (200, 1)):  # 400 is not retried
        collected.status = status
        sent = exporter.export([span] * number)
        assert (sent is SpanExportResult.SUCCESS) == (status == 200)
    assert exporter.force_flush()
    exporter.shutdown()
    assert said(caplog, collected.url) == [
        "spans cannot be sent to COLLECTOR, and are lost until it takes them",
        "spans are sent to COLLECTOR again; at least 3 were lost",
    ]


def test_an_exporter_that_raises_is_an_outage_of_the_collector(caplog: pytest.LogCaptureFixture) -> None:
    class Raising(OTLPSpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            raise ConnectionError(len(spans))

    caplog.set_level(logging.WARNING, OURS)
    exporter = LoggingExporter(Raising("http://127.0.0.1:1"), "http://127.0.0.1:1")
    assert exporter.export([]) is SpanExportResult.FAILURE
    assert said(caplog, "http://127.0.0.1:1") == [
        "spans cannot be sent to COLLECTOR, and are lost until it takes them"
    ]


async def test_what_has_not_started_can_be_stopped(collected: Collector) -> None:
    exports = Exports(collected.url, {})
    await exports.stop()
    exports.start()
    await exports.stop()
    await exports.stop()
    assert collected.requests == []


def test_the_trace_id_is_that_of_the_current_span(collected: Collector) -> None:
    traces = pipeline(collected.url)
    assert current_trace_id() is None
    with traces.spans.part("work"):
        trace_id = current_trace_id()
        with traces.spans.part("inner"):
            assert current_trace_id() == trace_id
    assert trace_id is not None
    assert len(trace_id) == 32
