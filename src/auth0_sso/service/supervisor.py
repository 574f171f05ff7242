"""The parent of the workers: replaces those that die, less and less often, and all of them one by one on SIGHUP."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final

from uvicorn.config import STARTUP_FAILURE

from auth0_sso.service.settings import EX_CONFIG
from auth0_sso.service.stopping import CLOSING_SECONDS, SHUTDOWN_SECONDS, Stop
from auth0_sso.service.worker_process import Worker

_log = logging.getLogger(__name__)

_FAILED_STARTS: Final = frozenset({STARTUP_FAILURE, EX_CONFIG})
_KILL_SECONDS: Final = 0.5  # between a worker's own limit and its end by the parent


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the parent waits, in seconds."""

    shutdown: float = SHUTDOWN_SECONDS
    min_backoff: float = 1.0
    max_backoff: float = 30.0
    settled: float = 60.0
    """A worker that has served for this long is replaced at once when it dies."""
    start: float = 30.0
    """How long a replacement may take to start in a rolling restart."""
    answer: float = 5.0
    """How long a worker may leave a ping without an answer."""

    @property
    def end(self) -> float:
        """When a worker that was told to shut down is killed."""
        return self.shutdown + CLOSING_SECONDS + _KILL_SECONDS


@dataclass(slots=True)
class _Slot:
    """The place of one worker: who is there, and how often in a row one has died soon."""

    worker: Worker | None = None
    deaths: int = 0
    failed_start: int | None = None

    def backoff(self, served: float, timing: Timing) -> float:
        if served >= timing.settled:
            self.deaths = 0
            return 0.0
        self.deaths += 1
        return float(min(timing.max_backoff, timing.min_backoff * 2 ** min(self.deaths - 1, 30)))


class Supervisor:
    """Keeps a number of workers on one listening socket."""

    def __init__(
        self,
        target: Callable[[Connection], None],
        number: int,
        listening: socket.socket,
        *,
        timing: Timing,
    ) -> None:
        """Take what each worker runs, how many there are, and the parent's copy of the socket they share."""
        self._target = target
        self._listening = listening
        self._timing = timing
        self._slots = [_Slot() for _ in range(number)]
        self._workers: set[Worker] = set()
        self._over = asyncio.Event()
        self._has_served = False
        self._exit_code = 0

    def run(self) -> int:
        """Keep the workers until a signal comes; return 0, or the exit code of a failed start or shutdown."""
        return asyncio.run(self._supervise())

    async def _supervise(self) -> int:
        loop, hangup = asyncio.get_running_loop(), asyncio.Event()
        stop = Stop(
            close=lambda: _set_from_thread(self._over, loop),
            hangup=lambda: _set_from_thread(hangup, loop),
            shutdown=self._timing.end,
        )
        stop.serving()  # a second SIGINT cuts what the workers do
        stop.watch()
        try:
            await self._until_over(self._restart_on(hangup), *(self._keep(slot) for slot in self._slots))
        finally:
            code = await self._shut_down()
            stop.finished(code)
        return code

    async def _until_over(self, *works: Coroutine[Any, Any, None]) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
            await self._over.wait()
            for task in tasks:
                task.cancel()

    async def _keep(self, slot: _Slot) -> None:
        while True:
            worker = slot.worker
            if worker is None or worker.exited.done():
                worker = slot.worker = self._start()
            if worker is not None:
                await worker.wait(ping_timeout=self._timing.answer)
            if slot.worker is worker:  # else a rolling restart has replaced it
                await asyncio.sleep(self._died(slot, worker))

    def _start(self) -> Worker | None:
        try:
            worker = Worker(self._target)
        except OSError as error:
            _log.error("cannot start a worker: %s", error)
            return None
        self._workers.add(worker)
        worker.exited.add_done_callback(lambda _: self._workers.discard(worker))
        return worker

    def _died(self, slot: _Slot, worker: Worker | None) -> float:
        """Return how long to wait before the next start."""
        served = 0.0 if worker is None else worker.served()
        seconds = slot.backoff(served, self._timing)
        if worker is not None:
            code = worker.exited.result()
            _log.error(
                "worker %s ended after serving for %.1f s (%s); the next starts in %g s",
                worker.pid,
                served,
                _cause(code),
                seconds,
            )
            self._require_a_start(slot, code)
        return seconds

    def _require_a_start(self, slot: _Slot, code: int) -> None:
        """End everything once each worker has failed to start and none has ever served: the next would fail too."""
        serving = (slot.worker is not None and slot.worker.serving.is_set() for slot in self._slots)
        self._has_served = self._has_served or any(serving)
        if code in _FAILED_STARTS:
            slot.failed_start = code
        failed = [slot.failed_start for slot in self._slots]
        if not self._has_served and all(failed):
            _log.error("no worker could start: shutting down")
            self._exit_code = EX_CONFIG if set(failed) == {EX_CONFIG} else 1
            self._over.set()

    async def _restart_on(self, hangup: asyncio.Event) -> None:
        while True:
            await hangup.wait()
            hangup.clear()
            _log.info("SIGHUP: replacing the workers one by one")
            for slot in self._slots:
                if not await self._replace(slot):
                    _log.error("the new worker did not start: the restart ends here, the other workers serve on")
                    break
            else:
                _log.info("all workers are replaced")

    async def _replace(self, slot: _Slot) -> bool:
        worker = self._start()
        if worker is None:
            return False
        if not await worker.serves(within=self._timing.start):
            worker.kill()
            return False
        old, slot.worker = slot.worker, worker
        if old is not None:
            old.replace()
            await self._end({old})
        return True

    async def _shut_down(self) -> int:
        """End all workers; return the exit code."""
        workers = set(self._workers)
        _log.info("shutting down %d workers", len(workers))
        for worker in workers:
            worker.terminate()
        self._listening.close()  # else it would take connections that no worker accepts any more
        await self._end(workers)
        codes = {worker.exited.result() for worker in workers}
        return self._exit_code or (0 if codes <= {0, -signal.SIGTERM} else 1)

    async def _end(self, workers: set[Worker]) -> None:
        """Wait for workers that were told to shut down, and kill those that hang."""
        exits = {worker.exited for worker in workers}
        if exits:
            await asyncio.wait(exits, timeout=self._timing.end)
        for worker in workers:
            if not worker.exited.done():
                _log.error("worker %s did not end: killed", worker.pid)
                worker.kill()
                await worker.exited


def _set_from_thread(event: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: this process is about to exit
        loop.call_soon_threadsafe(event.set)


def _cause(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
