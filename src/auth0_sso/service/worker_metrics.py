"""The metrics of a supervisor and its workers: each counts in a segment of memory that all share.

Imported only where METRICS_ENABLED is set: it needs the package prometheus_client.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from auth0_sso.metrics import families
from auth0_sso.metrics.processes import own_pid
from auth0_sso.metrics.prometheus import PrometheusMetrics
from auth0_sso.metrics.segment import Counts
from auth0_sso.metrics.shared_memory import SharedMemory

_SUPERVISOR: Final = "supervisor"


@dataclass(frozen=True, slots=True)
class WorkerMemory:
    """Where one worker counts; an argument of its process."""

    shared: SharedMemory
    index: int

    def open(self) -> PrometheusMetrics:
        """Return the metrics of the worker, in its process: it counts for itself, and shows those of all."""
        segment = self.shared.segments()[self.index]
        metrics = PrometheusMetrics(Counts(segment), self.shared.segments)
        segment.pid = own_pid()
        return metrics


class SupervisorMetrics:
    """The metrics in the supervisor's process."""

    serving_workers: Callable[[], int] = int
    """Says how many workers serve."""

    def __init__(self) -> None:
        self._shared = SharedMemory()
        index = self._shared.add()
        own = self._shared.segments()[index]
        own.name, own.pid = _SUPERVISOR, own_pid()
        self._counts = Counts(own)
        self._metrics = PrometheusMetrics(self._counts, self._shared.segments)
        self._in_use: set[int] = set()
        self.content_type = self._metrics.content_type

    def memory_for_worker(self) -> WorkerMemory:
        """Return memory for a new worker: that of one that has exited, or new."""
        free = (index for index in range(1, len(self._shared.segments())) if index not in self._in_use)
        index = next(free, None)
        if index is None:
            index = self._shared.add()
        self._in_use.add(index)
        self._shared.segments()[index].name = str(index - 1)
        return WorkerMemory(self._shared, index)

    def release(self, memory: WorkerMemory) -> None:
        """Note that a worker has exited: its counts stay, its gauges do not."""
        self._shared.segments()[memory.index].pid = 0
        self._in_use.discard(memory.index)

    def count_exit(self, how: str) -> None:
        """Count a worker that exited unexpectedly."""
        self._counts.add(families.WORKER_EXITS, how)

    def refresh(self) -> None:
        """Note how many workers serve, for a scrape that a worker answers."""
        self._counts.set(families.WORKERS, self.serving_workers())

    def exposition(self) -> bytes:
        """Return the metrics of all processes as text."""
        self.refresh()
        return self._metrics.exposition()
