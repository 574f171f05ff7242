"""One worker process and the pipe between it and the supervisor, from both ends.

The worker reports that it serves, and answers the pings of the health check. The supervisor asks it to drain when it
is replaced. End of file on the pipe tells the worker that the supervisor has exited, even by SIGKILL.
"""

import asyncio
import contextlib
import logging
import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any, Final

from auth0_sso.service.shutdown import GracefulShutdown

_log = logging.getLogger(__name__)
_spawn = multiprocessing.get_context("spawn")
multiprocessing.allow_connection_pickling()

_TERMINAL_SIGNALS: Final = (signal.SIGINT, signal.SIGHUP)
"""A terminal sends these to the workers too; only the supervisor handles them."""

_SERVING, _PING, _PONG, _DRAIN = "serving", "ping", "pong", "drain"


class SupervisorPipe:
    """The worker's end of the pipe to the supervisor."""

    def __init__(self, pipe: Connection) -> None:
        """Take the worker's end of the pipe, and ignore signals from the terminal from now on."""
        self._pipe = pipe
        for number in _TERMINAL_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _TERMINAL_SIGNALS)

    def listen(self, shutdown: GracefulShutdown, on_drain: Callable[[], object]) -> None:
        """Read the pipe in the shutdown thread; call `on_drain` when another worker takes over."""
        shutdown.add_reader(self._pipe, lambda: self._read(shutdown, on_drain))

    def report_serving(self) -> None:
        """Tell the supervisor that this worker serves."""
        with contextlib.suppress(OSError):  # the supervisor has exited, which the shutdown thread notices
            self._pipe.send(_SERVING)

    def _read(self, shutdown: GracefulShutdown, on_drain: Callable[[], object]) -> bool:
        try:
            if self._pipe.recv() == _PING:
                self._pipe.send(_PONG)
            else:
                on_drain()
        except (EOFError, OSError):
            _shut_down_orphan(shutdown)
            return False
        return True


def _shut_down_orphan(shutdown: GracefulShutdown) -> None:
    # Without draining: a restarted service needs the port.
    shutdown.start(drain_seconds=0.0, on_start=lambda: _log.error("the supervisor has exited: shutting down"))


class Worker:
    """A worker process, as seen by the supervisor. Create it in a running event loop."""

    def __init__(self, target: Callable[[Connection], None]) -> None:
        """Start a process that runs `target`; raise `OSError` if the system cannot start one."""
        self._loop = asyncio.get_running_loop()
        self._pipe, worker_end = _spawn.Pipe()
        self._process = _spawn.Process(target=target, args=(worker_end,), daemon=True)
        with worker_end:
            _start(self._process)
        self._pinged_at: float | None = None
        self._serving_since: float | None = None
        self.serving = asyncio.Event()
        self.exited: asyncio.Future[int] = self._loop.create_future()
        self._loop.add_reader(self._pipe.fileno(), self._read)
        self._loop.add_reader(self._process.sentinel, self._reap)

    @property
    def pid(self) -> int | None:
        """The id of the process."""
        return self._process.pid

    def terminate(self) -> None:
        """Start its graceful shutdown (SIGTERM)."""
        if not self.exited.done():
            self._process.terminate()

    def kill(self) -> None:
        """Kill it (SIGKILL)."""
        if not self.exited.done():
            self._process.kill()

    def drain(self) -> None:
        """Ask it to drain its connections and exit, because another worker takes over."""
        self._send(_DRAIN)

    def uptime(self) -> float:
        """Return for how many seconds it has served."""
        return 0.0 if self._serving_since is None else self._loop.time() - self._serving_since

    async def wait_until_serving(self, *, timeout: float) -> bool:  # noqa: ASYNC109 - asyncio.wait takes it
        """Wait until it serves; return False if it exits first, or after `timeout` seconds."""
        waiting: asyncio.Future[Any] = asyncio.ensure_future(self.serving.wait())
        await asyncio.wait([waiting, self.exited], timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        return self.serving.is_set() and not self.exited.done()

    async def wait_for_exit(self, *, ping_timeout: float) -> int:
        """Wait for the exit code; kill the worker if a ping has no answer within `ping_timeout` seconds."""
        while not self.exited.done():
            await asyncio.wait([self.exited], timeout=min(1.0, ping_timeout))
            if self.serving.is_set():
                self._check_health(ping_timeout)
        return self.exited.result()

    def _check_health(self, ping_timeout: float) -> None:
        if self._pinged_at is None:
            self._pinged_at = self._loop.time()
            self._send(_PING)
        elif self._loop.time() - self._pinged_at > ping_timeout and not self.exited.done():
            _log.error("worker %s failed its health check for %.0f s: killed", self.pid, ping_timeout)
            self.kill()

    def _send(self, message: str) -> None:
        if not self.exited.done():
            with contextlib.suppress(OSError):  # it is about to exit
                self._pipe.send(message)

    def _read(self) -> None:
        try:
            message = self._pipe.recv()
        except (EOFError, OSError):
            self._loop.remove_reader(self._pipe.fileno())
            return
        if message == _PONG:
            self._pinged_at = None
        else:
            self._serving_since = self._loop.time()
            self.serving.set()

    def _reap(self) -> None:
        self._loop.remove_reader(self._process.sentinel)
        self._loop.remove_reader(self._pipe.fileno())
        self._process.join()
        self._pipe.close()
        self.exited.set_result(self._process.exitcode or 0)


def _start(process: multiprocessing.context.SpawnProcess) -> None:
    """Start it with the terminal's signals blocked: Ctrl-C during its imports would print a traceback."""
    resource_tracker.ensure_running()  # starting it later would unblock SIGINT
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _TERMINAL_SIGNALS)
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
