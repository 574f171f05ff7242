"""How a process shuts down: announced, then closed, and ended in time even if something hangs.

A thread of its own receives the signals and keeps the time, because what hangs may be the main thread (in a C call,
where Python runs no signal handler), the event loop, or a thread that `asyncio.run` and the interpreter wait for
without a timeout, such as a DNS look-up in the executor.
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

SHUTDOWN_SECONDS: Final = 20
"""How long a graceful shutdown may take, its notice included; requests without an answer by then are cancelled."""

CLOSING_SECONDS: Final = 0.5
"""How long a process may live after that, or after its server has finished."""

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_FINISHED: Final = b"\0"  # no signal has this number
_LOG_SECONDS: Final = 0.2


class Stop:
    """The stop of this process.

    SIGTERM and SIGHUP begin it: `announce` is called at once, `close` after the notice. SIGINT skips the notice, and
    a second one ends the process. All callbacks run in the thread that keeps the time, so they must not block.
    """

    def __init__(
        self,
        *,
        close: Callable[[], object],
        announce: Callable[[], object] | None = None,
        hangup: Callable[[], object] | None = None,
        signals: Collection[signal.Signals] = STOP_SIGNALS,
        notice: float = 0.0,
        shutdown: float = SHUTDOWN_SECONDS,
    ) -> None:
        """Take what tells and closes the server, what SIGHUP does instead of a stop, and times in seconds."""
        self._announce = announce
        self._close = close
        self._hangup = hangup or self._terminate
        self._signals = signals
        self._notice = notice
        self._shutdown = shutdown
        self._serving = False
        self._interrupted = False
        self._exit_code: int | None = None
        self._close_at = self._end_at = math.inf
        self._reader, self._writer = socket.socketpair()
        self._sources: dict[Any, Callable[[], bool]] = {self._reader: self._read_signals}

    def watch(self) -> None:
        """Handle the signals from now on; only the main thread can call this."""
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        threading.Thread(target=self._run, name="stop", daemon=True).start()
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        handle(self._signals, lambda *_: None)  # what counts is the byte that the thread reads

    def listen(self, source: Connection, read: Callable[[], bool]) -> None:
        """Call `read` whenever `source` is readable, until it returns False. To be called before `watch`."""
        self._sources[source] = read

    def serving(self) -> None:
        """Take note that requests may arrive: from here on a stop has a notice, and one that hangs has failed."""
        self._serving = True

    def finished(self, exit_code: int) -> None:
        """Take note that the server has ended: what else still runs gets `CLOSING_SECONDS`."""
        self._exit_code = exit_code
        self._writer.send(_FINISHED)

    def seconds_left(self) -> float | None:
        """Return how long requests may still take, None without a stop."""
        return None if self._end_at == math.inf else max(0.0, self._end_at - CLOSING_SECONDS - monotonic())

    def begin(self, *, notice: float, announce: Callable[[], object] | None = None) -> None:
        """Stop after so many seconds of notice; only for what the thread calls."""
        now = monotonic()
        self._end_at = min(self._end_at, now + self._shutdown + CLOSING_SECONDS)
        self._close_at = min(self._close_at, now + (notice if self._serving else 0.0))
        if announce is not None:
            _without_waiting(announce)

    def _run(self) -> None:
        while True:
            due = min(self._close_at, self._end_at)
            for source in wait(list(self._sources), None if due == math.inf else max(0.0, due - monotonic())):
                if not self._sources[source]():
                    del self._sources[source]
            self._act()

    def _act(self) -> None:
        now = monotonic()
        if now >= self._close_at:
            self._close_at = math.inf
            self._close()
        if now >= self._end_at:
            self._end()

    def _read_signals(self) -> bool:
        for number in self._reader.recv(64):
            if number == _FINISHED[0]:
                self._end_at = min(self._end_at, monotonic() + CLOSING_SECONDS)
            elif number not in self._signals:
                continue
            elif number == signal.SIGINT:
                self._interrupt()
            elif number == signal.SIGHUP:
                self._hangup()
            else:
                self._terminate()
        return True

    def _terminate(self) -> None:
        self.begin(notice=self._notice, announce=self._announce)

    def _interrupt(self) -> None:
        self.begin(notice=0.0, announce=self._announce)
        if self._interrupted:
            self._end_at = -math.inf
        self._interrupted = True

    def _end(self) -> NoReturn:
        try:
            for child in multiprocessing.active_children():
                child.kill()
            _without_waiting(self._report)
        finally:
            unfinished = 1 if self._serving else 0
            os._exit(unfinished if self._exit_code is None else self._exit_code)

    def _report(self) -> None:
        if self._exit_code is not None:
            threads = ", ".join(thread.name for thread in threading.enumerate() if not thread.daemon)
            _log.warning("the server has finished; not waiting for threads that still run: %s", threads)
        elif self._end_at == -math.inf:
            _log.warning("interrupted twice: ending at once")
        else:
            _log.error("the graceful shutdown did not end within %.1f s: ending without it", self._shutdown)
        logging.shutdown()


def handle(signals: Collection[signal.Signals], handler: Callable[[int, FrameType | None], object]) -> None:
    """Set the handler of these signals; a SIGHUP that is ignored, as under nohup, stays so."""
    for number in signals:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _without_waiting(action: Callable[[], object]) -> None:
    """Run what writes to the log; a log that blocks must not hold up the stop."""
    thread = threading.Thread(target=action, daemon=True)
    thread.start()
    thread.join(_LOG_SECONDS)
