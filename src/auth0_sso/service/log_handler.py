"""A logging handler that writes in a thread: no request waits for a reader of stderr that is slow or has stopped."""

import logging
import threading
from collections import deque
from io import RawIOBase
from time import sleep
from typing import Final

_log = logging.getLogger(__name__)

WRITE_INTERVAL: Final = 0.02
"""Seconds until a line is written. SIGKILL, which runs no exit handlers, loses the lines of so long."""

MAX_BUFFERED: Final = 1_000_000
"""Characters that may wait for the output, and twice as many from WARNING on. Later records are dropped."""

_FLUSH_TIMEOUT: Final = 1.0
_LOST: Final = "%d log records are missing here: the output did not take them"


class ThreadedHandler(logging.Handler):
    """Formats records where they are logged, and writes the lines in their order in a thread (decision 0031).

    Records that are lost are counted in a line at their place. A process that forks has to set up logging again.
    """

    def __init__(self, output: RawIOBase) -> None:
        super().__init__()
        self._output = output
        self._lines: deque[str] = deque()
        self._pending = threading.Event()
        self._closed = False
        # Each counter is changed under one lock only: the first two under the handler's, the others under _writing.
        self._added = self._dropped = 0
        self._written = self._failed = self._reported = 0
        self._writing = threading.Lock()
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Format a record and leave its line to the thread."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - what a record's arguments raise, as in each handler of logging
            self.handleError(record)
            return
        self._add(line, MAX_BUFFERED if record.levelno < logging.WARNING else 2 * MAX_BUFFERED)
        if self._closed:
            self.flush()
        elif not self._pending.is_set():
            self._pending.set()

    def flush(self) -> None:
        """Write what is buffered, unless the thread hangs in a write."""
        if self._writing.acquire(timeout=_FLUSH_TIMEOUT):
            try:
                self._write_lines()
            finally:
                self._writing.release()

    def close(self) -> None:
        """End the thread. What is logged later, as the interpreter exits, is written at once."""
        self._closed = True
        self._pending.set()
        self.flush()
        super().close()

    def _add(self, line: str, limit: int) -> None:
        if self._added - self._written > limit:
            self._dropped += 1
        else:
            self._added += len(line)
            self._lines.append(line)

    def _run(self) -> None:
        while not self._closed:
            self._pending.wait()
            sleep(WRITE_INTERVAL)  # waking for each line costs more than writing it
            self._pending.clear()
            with self._writing:
                self._write_lines()

    def _write_lines(self) -> None:
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        lost = self._dropped + self._failed - self._reported
        try:
            self._write([*lines, *([self._lost(lost)] if lost else [])])
            self._reported += lost
        except OSError:
            self._failed += len(lines)
        self._written += sum(map(len, lines))

    def _write(self, lines: list[str]) -> None:
        left = memoryview("".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))
        while left:
            written = self._output.write(left)
            if written is None:  # a terminal that another process has set to non-blocking
                sleep(WRITE_INTERVAL)
            else:
                left = left[written:]

    def _lost(self, number: int) -> str:
        return self.format(_log.makeRecord(_log.name, logging.WARNING, __file__, 0, _LOST, (number,), None))
