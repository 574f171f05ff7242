"""One worker process, and the pipe between it and its parent, from both ends.

The worker says that it serves and answers pings; the parent tells it when it is replaced. A pipe that closes tells
the worker that its parent has died, even by SIGKILL.
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

from auth0_sso.service.stopping import Stop

_log = logging.getLogger(__name__)
_spawn = multiprocessing.get_context("spawn")
multiprocessing.allow_connection_pickling()

_TERMINAL_SIGNALS: Final = (signal.SIGINT, signal.SIGHUP)
"""What a terminal sends to the workers too: only the parent acts on it."""

_SERVING, _PING, _PONG, _REPLACED = "serving", "ping", "pong", "replaced"


class Parent:
    """The parent, as its worker sees it."""

    def __init__(self, pipe: Connection) -> None:
        """Take the worker's end of the pipe; the terminal's signals are the parent's from now on."""
        self._pipe = pipe
        for number in _TERMINAL_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _TERMINAL_SIGNALS)

    def listen(self, stop: Stop, replaced: Callable[[], object]) -> None:
        """Have the stop's thread read the pipe: `replaced` is called when another worker takes over."""
        stop.listen(self._pipe, lambda: self._read(stop, replaced))

    def serving(self) -> None:
        """Tell the parent that this worker serves."""
        with contextlib.suppress(OSError):  # the parent has died, which the thread sees
            self._pipe.send(_SERVING)

    def _read(self, stop: Stop, replaced: Callable[[], object]) -> bool:
        try:
            if self._pipe.recv() == _PING:
                self._pipe.send(_PONG)
            else:
                replaced()
        except (EOFError, OSError):
            _log_orphan(stop)
            return False
        return True


def _log_orphan(stop: Stop) -> None:
    # No notice: a restarted service needs the port.
    stop.begin(notice=0.0, announce=lambda: _log.error("the parent process has died: shutting down"))


class Worker:
    """A worker process, as its parent sees it. Made in a running event loop."""

    def __init__(self, target: Callable[[Connection], None]) -> None:
        """Start a process that runs `target`; raises `OSError` when the system has none to give."""
        self._loop = asyncio.get_running_loop()
        self._pipe, worker_end = _spawn.Pipe()
        self._process = _spawn.Process(target=target, args=(worker_end,), daemon=True)
        with worker_end:
            _start(self._process)
        self._asked_at: float | None = None
        self.serving_since: float | None = None
        self.serving = asyncio.Event()
        self.exited: asyncio.Future[int] = self._loop.create_future()
        self._loop.add_reader(self._pipe.fileno(), self._read)
        self._loop.add_reader(self._process.sentinel, self._reap)

    @property
    def pid(self) -> int | None:
        """The id of the process."""
        return self._process.pid

    def terminate(self) -> None:
        """Have it shut down gracefully."""
        if not self.exited.done():
            self._process.terminate()

    def kill(self) -> None:
        """End it at once."""
        if not self.exited.done():
            self._process.kill()

    def replace(self) -> None:
        """Tell it that another worker takes over."""
        self._send(_REPLACED)

    def served(self) -> float:
        """Return for how many seconds it has served."""
        return 0.0 if self.serving_since is None else self._loop.time() - self.serving_since

    async def serves(self, *, within: float) -> bool:
        """Wait until it serves; False if it exits first or takes longer than that, in seconds."""
        waiting: asyncio.Future[Any] = asyncio.ensure_future(self.serving.wait())
        await asyncio.wait([waiting, self.exited], timeout=within, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        return self.serving.is_set() and not self.exited.done()

    async def wait(self, *, ping_timeout: float) -> int:
        """Wait until it exits and return the exit code; kill it when a ping has no answer for that many seconds."""
        while not self.exited.done():
            await asyncio.wait([self.exited], timeout=min(1.0, ping_timeout))
            if self.serving.is_set():
                self._check(ping_timeout)
        return self.exited.result()

    def _check(self, ping_timeout: float) -> None:
        if self._asked_at is None:
            self._asked_at = self._loop.time()
            self._send(_PING)
        elif self._loop.time() - self._asked_at > ping_timeout and not self.exited.done():
            _log.error("worker %s has not answered for %.0f s: killed", self.pid, ping_timeout)
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
            self._asked_at = None
        else:
            self.serving_since = self._loop.time()
            self.serving.set()

    def _reap(self) -> None:
        self._loop.remove_reader(self._process.sentinel)
        self._loop.remove_reader(self._pipe.fileno())
        self._process.join()
        self._pipe.close()
        self.exited.set_result(self._process.exitcode or 0)


def _start(process: multiprocessing.context.SpawnProcess) -> None:
    """Start it with the terminal's signals blocked: a Ctrl-C during its imports would end it with a traceback."""
    resource_tracker.ensure_running()  # whose own start unblocks SIGINT
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _TERMINAL_SIGNALS)
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
