"""A logging handler that writes in a thread: no request waits for a reader of stderr that is slow or has stopped."""

import logging
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from io import RawIOBase
from select import PIPE_BUF
from time import sleep
from typing import Final

from auth0_sso.web.middleware.access_log import record_of
from auth0_sso.web.middleware.access_record import AccessLine, AccessLineHandler

_log = logging.getLogger(__name__)

WRITE_INTERVAL: Final = 0.02
"""Seconds until a line is written. SIGKILL, which runs no exit handlers, loses the lines of so long."""

MAX_BUFFERED: Final = 1_000_000
"""Bytes that may wait for the output, and twice as many from WARNING on. Later records are dropped."""

_RECORD_BYTES: Final = 500
"""What an access line takes of that until it is formatted: about its bytes."""

_FLUSH_TIMEOUT: Final = 1.0
_LOST: Final = "%d log records are missing here: the output did not take them"


class ThreadedHandler(AccessLineHandler):
    """Formats records where they are logged, and writes the lines in their order in a thread (decision 0031).

    Of access lines the thread makes the records too, since they need nothing of where they were logged. Lost records
    are counted in a line at their place. A process that forks has to set up logging again.
    """

    def __init__(self, output: RawIOBase) -> None:
        super().__init__()
        self._output = output
        self._lines: deque[bytes | AccessLine] = deque()
        self._pending = threading.Event()
        self._closed = False
        # Each counter is changed under one lock only: these two under the handler's, the others under _writing.
        self._added = self._dropped = 0
        self._removed = self._counted = self._lost = 0
        self._writing = threading.Lock()
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Format a record and leave its line to the thread."""
        line = self._line(record)
        self._add(line, len(line), record.levelno)

    def take(self, line: AccessLine) -> None:
        """Leave a line to the thread, which makes its record and formats that."""
        self.acquire()
        try:
            self._add(line, _RECORD_BYTES, line.level)
        finally:
            self.release()

    def _add(self, line: bytes | AccessLine, size: int, level: int) -> None:
        limit = MAX_BUFFERED if level < logging.WARNING else 2 * MAX_BUFFERED
        if self._added - self._removed + size > limit:
            self._dropped += 1
        else:
            self._added += size
            self._lines.append(line)
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

    def _line(self, record: logging.LogRecord) -> bytes:
        """Return the line of a record, or nothing where its arguments raise, as in each handler of logging."""
        try:
            return f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
        except Exception:  # noqa: BLE001 - whatever they raise
            self.handleError(record)
            return b""

    def _run(self) -> None:
        while not self._closed:
            self._pending.wait()
            sleep(WRITE_INTERVAL)  # waking for each line costs more than writing it
            self._pending.clear()
            with self._writing:
                self._write_lines()

    def _write_lines(self) -> None:
        lines = [self._taken() for _ in range(len(self._lines))]
        dropped = self._dropped  # after these lines; what is dropped during the writes comes after the next ones
        self._report_lost()
        for part in _parts(lines):
            if not self._write(b"".join(part)):
                self._lost += len(part)
            self._removed += sum(map(len, part))
        self._lost += dropped - self._counted
        self._counted = dropped
        self._report_lost()

    def _taken(self) -> bytes:
        """Take the next line, formatted."""
        line = self._lines.popleft()
        if isinstance(line, AccessLine):
            formatted = self._line(record_of(line))
            self._removed += _RECORD_BYTES - len(formatted)
            return formatted
        return line

    def _report_lost(self) -> None:
        if self._lost and self._write(self._line(_lost(self._lost))):
            self._lost = 0

    def _write(self, data: bytes) -> bool:
        """Write all of it; return False if the output fails: a pipe without a reader, a full disk."""
        try:
            while data:
                written = self._output.write(data)
                if written is None:  # full, and another process has made the terminal non-blocking
                    sleep(WRITE_INTERVAL)
                data = data[written or 0 :]
        except OSError:
            return False
        return True


def _parts(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Divide lines for writes that a pipe takes whole: those of several workers do not mix (PIPE_BUF, pipe(7))."""
    part: list[bytes] = []
    size = 0
    for line in lines:
        if part and size + len(line) > PIPE_BUF:
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line)
    if part:
        yield part


def _lost(number: int) -> logging.LogRecord:
    return _log.makeRecord(_log.name, logging.WARNING, __file__, 0, _LOST, (number,), None)
