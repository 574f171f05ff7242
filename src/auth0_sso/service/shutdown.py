"""Graceful shutdown of a process: connection draining, then close, with a timeout even if something hangs.

A separate thread receives the signals and enforces the timeout, because what hangs may be the main thread (in a C
call, where Python runs no signal handler), the event loop, or a thread that `asyncio.run` and the interpreter wait
for without a timeout, such as a DNS look-up in the executor.
"""

import logging
import math
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Collection
from multiprocessing.connection import Connection, wait
from time import monotonic
from types import FrameType
from typing import Any, Final, NoReturn

_log = logging.getLogger(__name__)

SHUTDOWN_TIMEOUT: Final = 20
"""Seconds for a graceful shutdown, draining included. Requests still in progress then are cancelled."""

EXIT_TIMEOUT: Final = 0.5
"""Seconds that the process may run after that, or after its server has finished."""

SHUTDOWN_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_FINISHED: Final = b"\0"  # no signal has this number
_LOG_TIMEOUT: Final = 0.2


class GracefulShutdown:
    """The graceful shutdown of this process.

    SIGTERM and SIGHUP start it: `on_start` is called at once, `close_server` after `drain_seconds`. SIGINT skips
    draining, and a second SIGINT exits at once. All callbacks run in the shutdown thread, so they must not block.
    """

    def __init__(
        self,
        *,
        close_server: Callable[[], object],
        on_start: Callable[[], object] | None = None,
        on_hangup: Callable[[], object] | None = None,
        signals: Collection[signal.Signals] = SHUTDOWN_SIGNALS,
        drain_seconds: float = 0.0,
        timeout: float = SHUTDOWN_TIMEOUT,
    ) -> None:
        """Take the callbacks, the signals to handle and the times in seconds.

        `on_hangup` replaces the effect of SIGHUP.
        """
        self._on_start = on_start
        self._close_server = close_server
        self._on_hangup = on_hangup or self._terminate
        self._signals = signals
        self._drain_seconds = drain_seconds
        self._timeout = timeout
        self._is_serving = False
        self._interrupted = False
        self._exit_code: int | None = None
        self._close_at = self._exit_at = math.inf
        self._reader, self._writer = socket.socketpair()
        self._readers: dict[Any, Callable[[], bool]] = {self._reader: self._read_signals}

    def install(self) -> None:
        """Start the shutdown thread and handle the signals. Call it in the main thread."""
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        threading.Thread(target=self._run, name="shutdown", daemon=True).start()
        self.receive_signals()
        set_signal_handler(self._signals, lambda *_: None)  # the thread reads the byte of the wakeup descriptor

    def receive_signals(self) -> None:
        """Have the signals sent to the shutdown thread. Call it again in the event loop: uvloop redirects them."""
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def add_reader(self, connection: Connection, read: Callable[[], bool]) -> None:
        """Call `read` whenever `connection` is readable, until it returns False. Call this before `install`."""
        self._readers[connection] = read

    def server_started(self) -> None:
        """Note that requests may arrive: from now on a shutdown drains connections, and one that hangs has failed."""
        self._is_serving = True

    def server_finished(self, exit_code: int) -> None:
        """Note that the server has finished: whatever still runs has `EXIT_TIMEOUT` seconds."""
        self._exit_code = exit_code
        self._writer.send(_FINISHED)

    def seconds_left(self) -> float | None:
        """Return how many seconds requests in progress still have; None without a shutdown."""
        return None if self._exit_at == math.inf else max(0.0, self._exit_at - EXIT_TIMEOUT - monotonic())

    def start(self, *, drain_seconds: float, on_start: Callable[[], object] | None = None) -> None:
        """Start the shutdown. Call it only in the shutdown thread."""
        now = monotonic()
        self._exit_at = min(self._exit_at, now + self._timeout + EXIT_TIMEOUT)
        self._close_at = min(self._close_at, now + (drain_seconds if self._is_serving else 0.0))
        if on_start is not None:
            _run_without_blocking(on_start)

    def _run(self) -> None:
        while True:
            due = min(self._close_at, self._exit_at)
            for reader in wait(list(self._readers), None if due == math.inf else max(0.0, due - monotonic())):
                if not self._readers[reader]():
                    del self._readers[reader]
            self._check_deadlines()

    def _check_deadlines(self) -> None:
        now = monotonic()
        if now >= self._close_at:
            self._close_at = math.inf
            self._close_server()
        if now >= self._exit_at:
            self._exit()

    def _read_signals(self) -> bool:
        for number in self._reader.recv(64):
            if number == _FINISHED[0]:
                self._exit_at = min(self._exit_at, monotonic() + EXIT_TIMEOUT)
            elif number not in self._signals:
                continue
            elif number == signal.SIGINT:
                self._interrupt()
            elif number == signal.SIGHUP:
                self._on_hangup()
            else:
                self._terminate()
        return True

    def _terminate(self) -> None:
        self.start(drain_seconds=self._drain_seconds, on_start=self._on_start)

    def _interrupt(self) -> None:
        self.start(drain_seconds=0.0, on_start=self._on_start)
        if self._interrupted:
            self._exit_at = -math.inf
        self._interrupted = True

    def _exit(self) -> NoReturn:
        try:
            for child in multiprocessing.active_children():
                child.kill()
            _run_without_blocking(self._log_reason)
        finally:
            unfinished = 1 if self._is_serving else 0
            os._exit(unfinished if self._exit_code is None else self._exit_code)

    def _log_reason(self) -> None:
        if self._exit_code is not None:
            threads = ", ".join(thread.name for thread in threading.enumerate() if not thread.daemon)
            _log.warning("the server has finished; not waiting for threads that still run: %s", threads)
        elif self._exit_at == -math.inf:
            _log.warning("second SIGINT: exiting at once")
        else:
            _log.error("graceful shutdown timed out after %.1f s: exiting", self._timeout)
        logging.shutdown()


def set_signal_handler(
    signals: Collection[signal.Signals], handler: Callable[[int, FrameType | None], object]
) -> None:
    """Set the handler of these signals. A SIGHUP that is ignored, as under nohup, stays ignored."""
    for number in signals:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _run_without_blocking(action: Callable[[], object]) -> None:
    """Run something that logs: a log that blocks must not delay the shutdown."""
    thread = threading.Thread(target=action, daemon=True)
    thread.start()
    thread.join(_LOG_TIMEOUT)
