"""The audit trail in a database: opened once, written and read by an app, closed at the end.

Records are stored by a thread with an event loop of its own: neither the disk nor the database delays a request.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from auth0_sso.audit.database_url import DatabaseUrl, parse_database_url
from auth0_sso.audit.health import AuditHealth, Outage
from auth0_sso.audit.queue import RecordQueue
from auth0_sso.audit.record import AuditRecord
from auth0_sso.audit.retention import Deletable, Retention
from auth0_sso.audit.spill.directory import MAX_BYTES, SpillDirectory
from auth0_sso.audit.trail import AuditPage, AuditQuery, AuditReader
from auth0_sso.audit.writer import AuditWriter
from auth0_sso.clock import SYSTEM_CLOCK
from auth0_sso.errors import ConfigurationError
from auth0_sso.events import IGNORE, Event, Observer

_log = logging.getLogger(__name__)

CLOSE_SECONDS: Final = 2.0
"""How long the end waits for the database; what it does not take by then is on disk."""

_JOIN_SECONDS: Final = 3.0


class AuditTrail:
    """An `AuditSink` and an `AuditReader` of one database. `open_audit` makes it."""

    def __init__(self, queue: RecordQueue, reader: AuditReader, observer: Observer) -> None:
        self._queue = queue
        self._reader = reader
        self._writer: AuditWriter | None = None
        self.observer = observer
        """Called with the outages of the database, in the event loop that opened this; it may be exchanged."""

    def write(self, record: AuditRecord) -> None:
        """Take a record; never waits for the disk or the database, and raises nothing. Any thread may call it."""
        self._queue.write(record)

    async def page(self, query: AuditQuery) -> AuditPage:
        """Return a page of records.

        Raises `ValueError` for a checkpoint that no page had or a limit out of range, and `AuditUnavailableError`
        while the database is down.
        """
        return await self._reader.page(query)

    @property
    def health(self) -> AuditHealth:
        """How the audit trail is, without asking the database."""
        if self._writer is None:
            return AuditHealth("up", None, len(self._queue), 0, self._queue.lost, 0, None)
        return self._writer.health

    def stores_by(self, writer: AuditWriter) -> None:
        """Take what knows the health from now on."""
        self._writer = writer


@asynccontextmanager
async def open_audit(
    url: str,
    spill_directory: Path,
    *,
    retention_days: int | None = None,
    max_spill_bytes: int = MAX_BYTES,
    timeout: float = 5.0,  # noqa: ASYNC109 - of what happens in the background
    observer: Observer = IGNORE,
    reread: Callable[[], str] | None = None,
) -> AsyncIterator[AuditTrail]:
    """Open the audit trail in a database, `postgresql://user:password@host/name` or `sqlite:///file`.

    `spill_directory` has the records that the database does not have yet: it is created if missing, and only this
    process's user or root may own or write it. Several processes of one machine may share it. Beyond
    `max_spill_bytes` for each process, 10,000 records are kept in memory, then they are lost. The database has
    `timeout` seconds for a batch or a page. `observer` is called with `OutageBegan` and `OutageEnded`. `reread`
    returns the URL for each new connection to PostgreSQL, so that a rotated password is used; a thread calls it.

    A database that is down, or not migrated yet (`auth0-sso audit migrate`), is no error: it gets the records once it
    takes them. Raises `ConfigurationError` for a URL or a directory that cannot be used, and where the extra `audit`
    is not installed.
    """
    address = replace(_address(url), reread=reread)
    spill = _spill(spill_directory, max_spill_bytes)
    from auth0_sso.audit.sql.database import SqlAuditReader  # noqa: PLC0415 - needs SQLAlchemy, which is optional

    reader = SqlAuditReader(address, timeout)
    queue = RecordQueue()
    trail = AuditTrail(queue, reader, observer)
    loop = asyncio.get_running_loop()

    def observe(event: Event) -> None:
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(lambda: trail.observer(event))

    storing = _StoringThread(trail, queue, spill, address, Outage(observe), retention_days, timeout)
    storing.start()
    try:
        yield trail
    finally:
        await storing.stop()
        await reader.aclose()


def _address(url: str) -> DatabaseUrl:
    try:
        address = parse_database_url(url)
    except ValueError as error:
        raise ConfigurationError((f"The URL of the audit database {error}.",)) from None
    if missing := address.missing_packages:
        raise ConfigurationError((f"The audit database needs {', '.join(missing)}: install auth0-sso[audit].",))
    return address


def _spill(path: Path, max_bytes: int) -> SpillDirectory:
    try:
        return SpillDirectory(path, max_bytes=max_bytes, clock=SYSTEM_CLOCK)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigurationError((f"The spill directory of audit records cannot be used: {path}: {why}.",)) from None


class _StoringThread:
    """The thread that stores records."""

    def __init__(
        self,
        trail: AuditTrail,
        queue: RecordQueue,
        spill: SpillDirectory,
        address: DatabaseUrl,
        outage: Outage,
        retention_days: int | None,
        timeout: float,
    ) -> None:
        self._trail = trail
        self._queue = queue
        self._spill = spill
        self._address = address
        self._outage = outage
        self._retention_days = retention_days
        self._timeout = timeout
        self._close: Callable[[], object] = lambda: None
        self._started: Future[None] = Future()
        self._ended: Future[None] = Future()
        # A daemon: the interpreter does not wait for a disk or a database that hangs.
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        """Start the thread, and return when it takes records."""
        self._thread.start()
        self._started.result()

    async def stop(self) -> None:
        """Store what is left, within `CLOSE_SECONDS`, and end the thread."""
        self._close()
        _, running = await asyncio.wait([asyncio.wrap_future(self._ended)], timeout=_JOIN_SECONDS)
        for _ in running:
            _log.error("the audit writer does not end: what it had not written to disk may be lost")

    def _run(self) -> None:
        try:
            asyncio.run(self._store())
        finally:
            self._ended.set_result(None)

    async def _store(self) -> None:
        from auth0_sso.audit.sql.database import AuditDatabase  # noqa: PLC0415 - needs SQLAlchemy, which is optional

        loop = asyncio.get_running_loop()
        try:
            database = AuditDatabase(self._address, self._timeout)
            writer = AuditWriter(self._queue, self._spill, database, self._outage, clock=SYSTEM_CLOCK)
            self._close = lambda: loop.call_soon_threadsafe(writer.close)
            self._queue.on_write(lambda: loop.call_soon_threadsafe(writer.wake))
            self._trail.stores_by(writer)
        finally:
            self._started.set_result(None)
        deleting = asyncio.create_task(self._retention(database))
        try:
            await writer.run(CLOSE_SECONDS)
        finally:
            deleting.cancel()
            await asyncio.gather(deleting, return_exceptions=True)
            await database.aclose()

    async def _retention(self, database: Deletable) -> None:
        if self._retention_days is not None:
            await Retention(database, self._retention_days, clock=SYSTEM_CLOCK).run()
