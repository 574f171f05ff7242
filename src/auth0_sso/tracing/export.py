"""Spans on their way to a collector (OTLP over HTTP): in batches, by a thread, from a queue of limited length.

A collector that is down or slow costs spans, never a request or the time of a shutdown.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from auth0_sso.tracing import FLUSH_TIMEOUT

_log = logging.getLogger(__name__)

MAX_WAITING: Final = 2048
"""Spans that may wait for the collector; a newer one replaces the oldest."""

_MAX_BATCH: Final = 512
_INTERVAL_MILLISECONDS: Final = 2000
_TIMEOUT: Final = 5.0  # of one batch, retries included


class Exports(SpanProcessor):
    """Takes ended spans, and sends them between `start` and `stop`; before and after that they are dropped."""

    def __init__(self, endpoint: str, headers: Mapping[str, str]) -> None:
        """Take the URL that spans are posted to, and the headers to send with them. Nothing is connected yet."""
        self._endpoint = endpoint
        self._headers = dict(headers)
        self._exporter: SpanExporter | None = None
        self._batches: BatchSpanProcessor | None = None

    def start(self) -> None:
        """Start the thread that sends."""
        self._exporter = OTLPSpanExporter(self._endpoint, headers=self._headers, timeout=_TIMEOUT)
        self._batches = BatchSpanProcessor(
            LoggingExporter(self._exporter, self._endpoint),
            max_queue_size=MAX_WAITING,
            schedule_delay_millis=_INTERVAL_MILLISECONDS,
            max_export_batch_size=_MAX_BATCH,
        )

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Do nothing: only ended spans are sent."""

    def on_end(self, span: ReadableSpan) -> None:
        """Add a span to the queue."""
        if self._batches is not None:
            self._batches.on_end(span)

    async def stop(self) -> None:
        """Send what waits, for at most `FLUSH_TIMEOUT` seconds."""
        batches, self._batches = self._batches, None
        exporter, self._exporter = self._exporter, None
        if batches is None or exporter is None:
            return
        try:
            async with asyncio.timeout(FLUSH_TIMEOUT):
                await _in_daemon_thread(batches.shutdown)
        except TimeoutError:
            _log.warning("the last spans were not sent to %s within %.3g s", self._endpoint, FLUSH_TIMEOUT)
            exporter.shutdown()  # ends its retries


async def _in_daemon_thread(function: Callable[[], object]) -> None:
    """Run a function that blocks. The end of the process does not wait for it, as it would for an executor."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def run() -> None:
        function()
        with suppress(RuntimeError):  # the loop was closed in the meantime
            loop.call_soon_threadsafe(done.set)

    threading.Thread(target=run, name="last spans", daemon=True).start()
    await done.wait()


class LoggingExporter(SpanExporter):
    """Says in the log once that the collector does not take spans, and once that it does again."""

    def __init__(self, exporter: SpanExporter, endpoint: str) -> None:
        self._exporter = exporter
        self._endpoint = endpoint
        self._lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans."""
        try:
            result = self._exporter.export(spans)
        except OSError:  # older releases of the exporter raise what requests raises
            result = SpanExportResult.FAILURE
        if result is not SpanExportResult.SUCCESS:
            if not self._lost:
                _log.warning("spans cannot be sent to %s, and are lost until it takes them", self._endpoint)
            self._lost += len(spans)
        elif self._lost:
            _log.warning("spans are sent to %s again; at least %d were lost", self._endpoint, self._lost)
            self._lost = 0
        return result

    def shutdown(self) -> None:
        """Close the connection to the collector."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Return True: spans wait in the queue before this only."""
        return self._exporter.force_flush(timeout_millis)
