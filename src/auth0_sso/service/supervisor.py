"""The supervisor of the workers: restarts those that exit, with exponential backoff; SIGHUP is a rolling restart."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from uvicorn.config import STARTUP_FAILURE

from auth0_sso.service.metrics_listener import MetricsListener
from auth0_sso.service.settings import EX_CONFIG
from auth0_sso.service.shutdown import EXIT_TIMEOUT, SHUTDOWN_TIMEOUT, GracefulShutdown
from auth0_sso.service.worker_process import Worker

_log = logging.getLogger(__name__)

_FAILED_STARTS: Final = frozenset({STARTUP_FAILURE, EX_CONFIG})
_KILL_DELAY: Final = 0.5  # seconds between a worker's own timeout and SIGKILL


@dataclass(frozen=True, slots=True)
class Timing:
    """Timeouts and backoff of the supervisor, in seconds."""

    shutdown_timeout: float = SHUTDOWN_TIMEOUT
    min_backoff: float = 1.0
    max_backoff: float = 30.0
    stable_after: float = 60.0
    """A worker that has served for this long is restarted without backoff."""
    start_timeout: float = 30.0
    """For a new worker in a rolling restart."""
    ping_timeout: float = 5.0
    """For the health check of a worker."""

    @property
    def kill_after(self) -> float:
        """When a worker that is shutting down is killed."""
        return self.shutdown_timeout + EXIT_TIMEOUT + _KILL_DELAY


@dataclass(slots=True)
class _Slot:
    """One worker, and how many of its predecessors in a row exited before they were stable."""

    number: int
    worker: Worker | None = None
    early_exits: int = 0
    failed_start: int | None = None

    def backoff(self, uptime: float, timing: Timing) -> float:
        if uptime >= timing.stable_after:
            self.early_exits = 0
            return 0.0
        self.early_exits += 1
        return float(min(timing.max_backoff, timing.min_backoff * 2 ** min(self.early_exits - 1, 30)))


class WorkersMetrics(Protocol):
    """The metrics of all processes, in the supervisor. Its class needs the package prometheus_client."""

    content_type: str
    serving_workers: Callable[[], int]

    def memory_for_worker(self) -> Any:  # noqa: ANN401 - it is only passed on
        """Return the memory in which a new worker counts."""

    def release(self, memory: Any) -> None:  # noqa: ANN401 - it is only passed on
        """Note that a worker has exited."""

    def count_exit(self, how: str) -> None:
        """Count a worker that exited unexpectedly."""

    def refresh(self) -> None:
        """Note how many workers serve."""

    def exposition(self) -> bytes:
        """Return all metrics as text."""


class Supervisor:
    """Runs a number of workers, and keeps their listening sockets open while one is replaced."""

    def __init__(
        self,
        target: Callable[..., None],
        number: int,
        sockets: Sequence[socket.socket],
        *,
        timing: Timing,
        metrics: WorkersMetrics | None = None,
        metrics_sockets: Sequence[socket.socket] = (),
    ) -> None:
        """Take what each worker runs, the number of workers, and all their sockets.

        A worker's process calls `target` with its number from 0, and the pipe to the supervisor; with `metrics` also
        with the `memory` in which it counts. Scrapes of all metrics are answered at `metrics_sockets`.
        """
        self._metrics = metrics
        self._metrics_sockets = metrics_sockets
        self._target = target
        self._sockets = sockets
        self._timing = timing
        self._slots = [_Slot(each) for each in range(number)]
        self._workers: set[Worker] = set()
        self._stopping = asyncio.Event()
        self._has_served = False
        self._exit_code = 0

    def run(self) -> int:
        """Run the workers until a signal; return 0, or the exit code of a failed start or shutdown."""
        return asyncio.run(self._supervise())

    async def _supervise(self) -> int:
        loop, hangup = asyncio.get_running_loop(), asyncio.Event()
        shutdown = GracefulShutdown(
            close_server=lambda: _set_from_thread(self._stopping, loop),
            on_hangup=lambda: _set_from_thread(hangup, loop),
            timeout=self._timing.kill_after,
        )
        shutdown.server_started()  # so that a second SIGINT exits with 1
        shutdown.install()
        async with self._answering_scrapes():
            return await self._run(shutdown, hangup)

    async def _run(self, shutdown: GracefulShutdown, hangup: asyncio.Event) -> int:
        try:
            await self._run_until_stopping(
                self._refresh_metrics(),
                self._restart_on(hangup),
                *(self._keep_running(slot) for slot in self._slots),
            )
        finally:
            code = await self._shut_down()
            shutdown.server_finished(code)
        return code

    async def _run_until_stopping(self, *coroutines: Coroutine[Any, Any, None]) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
            await self._stopping.wait()
            for task in tasks:
                task.cancel()

    async def _keep_running(self, slot: _Slot) -> None:
        while True:
            worker = slot.worker
            if worker is None or worker.exited.done():
                worker = slot.worker = self._start(slot)
            if worker is not None:
                await worker.wait_for_exit(ping_timeout=self._timing.ping_timeout)
            if slot.worker is worker:  # else a rolling restart has replaced it
                await asyncio.sleep(self._backoff(slot, worker))

    def _start(self, slot: _Slot) -> Worker | None:
        metrics = self._metrics
        memory = None if metrics is None else metrics.memory_for_worker()
        target = partial(self._target, slot.number)
        try:
            worker = Worker(target if memory is None else partial(target, memory=memory))
        except OSError as error:
            _log.error("cannot start a worker: %s", error)
            if metrics is not None:
                metrics.release(memory)
            return None
        self._workers.add(worker)
        worker.exited.add_done_callback(lambda _: self._workers.discard(worker))
        if metrics is not None:
            worker.exited.add_done_callback(lambda _: metrics.release(memory))
        return worker

    def _backoff(self, slot: _Slot, worker: Worker | None) -> float:
        """Log the exit of a worker; return how many seconds to wait before the next start."""
        uptime = 0.0 if worker is None else worker.uptime()
        seconds = slot.backoff(uptime, self._timing)
        if worker is not None:
            code = worker.exited.result()
            if self._metrics is not None:
                self._metrics.count_exit(_exit_reason(code))
            _log.error(
                "worker %s exited after serving for %.1f s (%s); restart in %g s",
                worker.pid,
                uptime,
                _exit_reason(code),
                seconds,
            )
            self._require_one_start(slot, code)
        return seconds

    def _require_one_start(self, slot: _Slot, code: int) -> None:
        """Shut down if every worker failed to start and none has ever served: a restart would fail too."""
        serving = (slot.worker is not None and slot.worker.serving.is_set() for slot in self._slots)
        self._has_served = self._has_served or any(serving)
        if code in _FAILED_STARTS:
            slot.failed_start = code
        failed = [slot.failed_start for slot in self._slots]
        if not self._has_served and all(failed):
            _log.error("no worker could start: shutting down")
            self._exit_code = EX_CONFIG if set(failed) == {EX_CONFIG} else 1
            self._stopping.set()

    @asynccontextmanager
    async def _answering_scrapes(self) -> AsyncIterator[None]:
        metrics = self._metrics
        if metrics is None:
            yield
            return
        metrics.serving_workers = lambda: sum(each.serving.is_set() for each in self._workers)
        async with MetricsListener(metrics.exposition, metrics.content_type).serving(self._metrics_sockets):
            yield

    async def _refresh_metrics(self) -> None:
        """Note every second how many workers serve, for scrapes that a worker answers."""
        while self._metrics is not None:
            self._metrics.refresh()
            await asyncio.sleep(1)

    async def _restart_on(self, hangup: asyncio.Event) -> None:
        while True:
            await hangup.wait()
            hangup.clear()
            _log.info("SIGHUP: rolling restart of the workers")
            for slot in self._slots:
                if not await self._replace(slot):
                    _log.error(
                        "the new worker did not start: rolling restart aborted, the other workers keep serving"
                    )
                    break
            else:
                _log.info("rolling restart finished: all workers are replaced")

    async def _replace(self, slot: _Slot) -> bool:
        worker = self._start(slot)
        if worker is None:
            return False
        if not await worker.wait_until_serving(timeout=self._timing.start_timeout):
            worker.kill()
            return False
        old, slot.worker = slot.worker, worker
        if old is not None:
            old.drain()
            await self._wait_or_kill({old})
        return True

    async def _shut_down(self) -> int:
        """Shut all workers down; return the exit code."""
        workers = set(self._workers)
        _log.info("shutting down %d workers", len(workers))
        for worker in workers:
            worker.terminate()
        for listening in self._sockets:  # otherwise connections would wait in them that no worker serves
            listening.close()
        await self._wait_or_kill(workers)
        codes = {worker.exited.result() for worker in workers}
        return self._exit_code or (0 if codes <= {0, -signal.SIGTERM} else 1)

    async def _wait_or_kill(self, workers: set[Worker]) -> None:
        """Wait for workers that are shutting down, and kill those that hang."""
        exits = {worker.exited for worker in workers}
        if exits:
            await asyncio.wait(exits, timeout=self._timing.kill_after)
        for worker in workers:
            if not worker.exited.done():
                _log.error("worker %s did not exit in time: killed", worker.pid)
                worker.kill()
                await worker.exited


def _set_from_thread(event: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed, this process is about to exit
        loop.call_soon_threadsafe(event.set)


def _exit_reason(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
