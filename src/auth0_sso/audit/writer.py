"""From the queue to the disk, and from the disk to the database.

A record is appended to a spill file at once, before the database has it (write-ahead): a process that is killed loses
what was in its queue at that moment. The database gets the records from that file, in batches. A batch that is sent
again adds nothing, because the ids of records are unique.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from errno import errorcode
from functools import partial
from typing import Final, Protocol

from auth0_sso.audit.columns import Columns, columns_in, line_of
from auth0_sso.audit.health import AuditHealth, Outage
from auth0_sso.audit.queue import RecordQueue
from auth0_sso.audit.record import AuditRecord
from auth0_sso.audit.spill.directory import SpillDirectory, SpillFullError
from auth0_sso.clock import Clock
from auth0_sso.resilience.backoff import Backoff

_log = logging.getLogger(__name__)

BATCH_RECORDS: Final = 500
_BATCH_SECONDS: Final = 0.05
"""How long a batch fills: each commit costs the database a write to its disk."""

_APPEND_SECONDS: Final = 0.005
"""The shortest time between two appends: to wake this thread for each record would cost a busy app most."""

_SYNC_SECONDS: Final = 1.0
_ADOPT_SECONDS: Final = 5.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0

_FULL: Final = "full"
"""The spill files have their maximum size."""


class RefusedError(Exception):
    """The database refuses a record for what is in it, which no further attempt will change."""


class Database(Protocol):
    """What stores records."""

    async def insert(self, rows: list[Columns]) -> None:
        """Store all of these that are not stored yet, or none. Raises `RefusedError`, or any other exception."""

    def failure_word(self, error: Exception) -> str:
        """Return a word for an exception, without any value."""

    def terminate(self) -> None:
        """Close the connections at once: what waits for them fails."""


class AuditWriter:
    """Stores what is in the queue. All but `health` runs in one event loop, which may block for the disk."""

    def __init__(
        self, queue: RecordQueue, spill: SpillDirectory, database: Database, outage: Outage, *, clock: Clock
    ) -> None:
        self._queue = queue
        self._spill = spill
        self._database = database
        self._outage = outage
        self._clock = clock
        self._backoff = Backoff(_SHORTEST_PAUSE, _LONGEST_PAUSE, clock=clock)
        self._disk_backoff = Backoff(_SHORTEST_PAUSE, _LONGEST_PAUSE, clock=clock)
        self._disk_error: str | None = None
        self._refused = 0
        self._logged_lost = 0
        self._written, self._appended, self._settled, self._closing = (asyncio.Event() for _ in range(4))

    @property
    def health(self) -> AuditHealth:
        """Return how the audit trail is; from any thread."""
        error = self._outage.last_error
        return AuditHealth(
            state="up" if error is None else "down",
            last_error=error,
            pending=len(self._queue) + self._spill.records,
            spilled_bytes=self._spill.size,
            lost=self._queue.lost,
            refused=self._refused,
            disk_error=self._disk_error,
        )

    def wake(self) -> None:
        """Say that the queue has records; in this event loop."""
        self._written.set()

    def close(self) -> None:
        """Let `run` end; in this event loop."""
        self._closing.set()

    async def run(self, close_seconds: float) -> None:
        """Store records until `close` is called; then those that are left, for at most so many seconds.

        What the database does not take by then stays on disk.
        """
        steps = (self._append_next, self._store_next, self._sync_later, self._adopt_later)
        tasks = [asyncio.create_task(self._forever(step)) for step in steps]
        try:
            await self._closing.wait()
            await self._flush(close_seconds)
        finally:
            if self.health.pending:
                self._database.terminate()  # what waits for it would wait on
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._leave()

    async def _forever(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except Exception:  # noqa: BLE001 - a task that ends would store nothing any more
                _log.exception("the audit writer failed")
                await self._clock.sleep(_SYNC_SECONDS)

    async def _append_next(self) -> None:
        await self._written.wait()
        self._written.clear()
        self._append()
        await self._clock.sleep(_APPEND_SECONDS)
        if self._disk_error is None:  # else `_sync_later` tries again
            self._queue.rearm()

    async def _sync_later(self) -> None:
        await self._clock.sleep(_SYNC_SECONDS)
        if self._disk_error is not None:
            self._append()
            self._queue.rearm()
        if self._disk_error == _FULL and not self.health.pending:
            self._disk_works()
        self._log_lost()
        self._try(self._spill.sync)

    async def _adopt_later(self) -> None:
        await self._clock.sleep(_ADOPT_SECONDS)
        if self._spill.adopt():
            self._appended.set()

    async def _store_next(self) -> None:
        self._appended.clear()
        if not await self._store_a_batch():
            self._settled.set()
            await self._appended.wait()
            await self._clock.sleep(_BATCH_SECONDS)

    def _append(self) -> None:
        """Append the queue to a spill file; what does not fit stays in the queue."""
        while self._disk_backoff.ready and (records := self._queue.take(BATCH_RECORDS)):
            try:
                self._spill.append(self._lines(records))
            except (OSError, SpillFullError) as error:
                self._queue.put_back(records)
                self._disk_failed(error)
            else:
                self._queue.settle(records)
                self._disk_works()
        self._appended.set()

    def _lines(self, records: list[AuditRecord]) -> list[bytes]:
        lines = []
        for record in records:
            try:
                lines.append(line_of(record))
            except Exception as error:  # noqa: BLE001 - of what an app's own record may contain
                _log.error("an audit record cannot be stored: %s", type(error).__name__)
                self._queue.lose(1)
        return lines

    async def _store_a_batch(self) -> bool:
        """Try to store the oldest records; return whether there were any."""
        if batch := self._spill.next_batch():
            if await self._store(batch.lines):
                self._try(partial(self._spill.confirm, batch))
            return True
        return self._disk_error is not None and await self._store_from_memory()

    async def _store_from_memory(self) -> bool:
        records = self._queue.take(BATCH_RECORDS)
        stored = False
        try:
            stored = not records or await self._store(self._lines(records))
        finally:
            (self._queue.settle if stored else self._queue.put_back)(records)
        return bool(records)

    async def _store(self, lines: list[bytes]) -> bool:
        try:
            refused = await self._insert(lines)
        except Exception as error:  # noqa: BLE001 - drivers raise many; records are kept whatever it is
            await self._failed(error)
            return False
        for line, word in refused:  # only now: a batch that failed is sent again
            self._refuse(line, word)
        self._backoff.reset()
        self._outage.ended()
        return True

    async def _insert(self, lines: list[bytes]) -> list[tuple[bytes, str]]:
        """Store what can be stored; return the other lines, each with a word for why."""
        rows, refused = [], []
        for line in lines:
            try:
                rows.append((line, columns_in(line)))
            except (ValueError, RecursionError):
                refused.append((line, "malformed"))
        return refused + await self._insert_rows(rows)

    async def _insert_rows(self, rows: list[tuple[bytes, Columns]]) -> list[tuple[bytes, str]]:
        try:
            if rows:
                await self._database.insert([columns for _, columns in rows])
        except RefusedError as error:
            if len(rows) == 1:
                return [(rows[0][0], str(error))]
            return [each for row in rows for each in await self._insert_rows([row])]
        return []

    def _refuse(self, line: bytes, word: str) -> None:
        self._refused += 1
        _log.error("an audit record is refused (%s): it is kept in the file refused.jsonl", word)
        if not self._try(partial(self._spill.refuse, line)):
            self._queue.lose(1)

    async def _failed(self, error: Exception) -> None:
        pause = self._backoff.failed()
        if self._backoff.failures == 1:
            return  # a connection may have been closed long before: try once again
        self._outage.began(self._database.failure_word(error))
        self._settled.set()
        # Not all replicas at once, which would be too much for a database that starts.
        await self._clock.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - not a secret

    def _disk_failed(self, error: Exception) -> None:
        self._disk_backoff.failed()
        word = _FULL if isinstance(error, SpillFullError) else _errno_word(error)
        if self._disk_error is None:
            _log.error("the spill directory of audit records cannot be written: %s; they are kept in memory", word)
        self._disk_error = word

    def _try(self, action: Callable[[], None]) -> bool:
        """Return whether the disk does it."""
        try:
            action()
        except OSError as error:
            self._disk_failed(error)
            return False
        return True

    def _disk_works(self) -> None:
        self._disk_backoff.reset()
        if self._disk_error is not None:
            self._disk_error = None
            _log.warning("the spill directory of audit records can be written again")

    def _log_lost(self) -> None:
        if (lost := self._queue.lost) > self._logged_lost:
            _log.error("%d audit records are lost, %d since the start", lost - self._logged_lost, lost)
            self._logged_lost = lost

    async def _flush(self, seconds: float) -> None:
        self._append()
        self._settled.clear()
        if not self._outage.is_down:
            try:
                await asyncio.wait_for(self._settled.wait(), seconds)
            except TimeoutError:
                _log.warning("the audit database did not take all records in %.1f s", seconds)

    def _leave(self) -> None:
        self._queue.close()
        self._disk_backoff.reset()
        self._append()
        self._queue.lose(len(self._queue))
        self._log_lost()
        if left := self._spill.records:
            _log.warning("%d audit records are on disk: the next start stores them", left)
        self._try(self._spill.close)


def _errno_word(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    return errorcode.get(number or 0, type(error).__name__).lower()
