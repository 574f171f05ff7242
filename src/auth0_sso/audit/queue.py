"""The bounded queue between the threads that write audit records and the one that stores them."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from auth0_sso.audit.record import AuditRecord

MAX_QUEUED: Final = 10_000
"""Records in memory; more arrive only while neither the disk nor the database takes any."""


class RecordQueue:
    """Records in memory. A full or closed queue loses the record, and counts it."""

    def __init__(self, maximum: int = MAX_QUEUED) -> None:
        """Take the maximum number of records."""
        self._records: deque[AuditRecord] = deque()
        self._maximum = maximum
        self._lock = threading.Lock()
        self._woken = False
        self._wake: Callable[[], object] | None = None
        self._closed = False
        self._taken = 0
        self.lost = 0

    def __len__(self) -> int:
        """The number of records, with those that were taken and are not settled."""
        with self._lock:
            return len(self._records) + self._taken

    def on_write(self, wake: Callable[[], object]) -> None:
        """Call `wake` at the first write after this and after each `rearm`; it may be called in any thread."""
        with self._lock:
            self._wake = wake
        self.rearm()

    def rearm(self) -> None:
        """Wake at the next write again, or at once if there are records."""
        with self._lock:
            self._woken = bool(self._records)
            wake = self._wake if self._woken else None
        if wake is not None:
            wake()

    def write(self, record: AuditRecord) -> None:
        """Take a record; never waits for the disk or the database, and raises nothing."""
        with self._lock:  # held for less than a microsecond
            if self._closed or len(self._records) >= self._maximum:
                self.lost += 1
                return
            self._records.append(record)
            if self._woken or self._wake is None:
                return
            self._woken = True
            wake = self._wake
        wake()

    def take(self, count: int) -> list[AuditRecord]:
        """Return the oldest records, at most `count`, to settle or to put back."""
        with self._lock:
            taken = [self._records.popleft() for _ in range(min(count, len(self._records)))]
            self._taken += len(taken)
            return taken

    def settle(self, records: Sequence[AuditRecord]) -> None:
        """Note that records that were taken are kept elsewhere, or counted as lost."""
        with self._lock:
            self._taken -= len(records)

    def put_back(self, records: Sequence[AuditRecord]) -> None:
        """Return records that were taken to the front; there is always room for them."""
        with self._lock:
            self._taken -= len(records)
            self._records.extendleft(reversed(records))

    def lose(self, count: int) -> None:
        """Count records that were taken and cannot be kept."""
        with self._lock:
            self.lost += count

    def close(self) -> None:
        """Lose every record from now on."""
        with self._lock:
            self._closed = True
            self._wake = None
