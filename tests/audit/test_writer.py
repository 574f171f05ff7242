import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from auth0_sso.audit.columns import Columns
from auth0_sso.audit.health import Outage
from auth0_sso.audit.queue import RecordQueue
from auth0_sso.audit.spill.directory import SpillDirectory
from auth0_sso.audit.writer import AuditWriter, RefusedError
from auth0_sso.clock import SYSTEM_CLOCK
from auth0_sso.testing.clock import HandClock
from support.audit_records import audit_record


class Scripted:
    """A database that does what the test says at each insert, and then takes everything."""

    def __init__(self, *inserts: Callable[[], None]) -> None:
        self.stored: list[object] = []
        self.terminated = False
        self._inserts = [*inserts]

    async def insert(self, rows: list[Columns]) -> None:
        if self._inserts:
            self._inserts.pop(0)()
        self.stored += [row["id"] for row in rows]

    def failure_word(self, error: Exception) -> str:
        return type(error).__name__

    def terminate(self) -> None:
        self.terminated = True


def failing(error: BaseException) -> Callable[[], None]:
    def insert() -> None:
        raise error

    return insert


async def store(tmp_path: Path, database: Scripted, clock: HandClock) -> tuple[list[str], list[object]]:
    """Store three records until all are; return their ids, and the events."""
    events: list[object] = []
    queue, records = RecordQueue(), [audit_record() for _ in range(3)]
    spill = SpillDirectory(tmp_path / "spill", clock=SYSTEM_CLOCK)
    writer = AuditWriter(queue, spill, database, Outage(events.append), clock=clock)
    for record in records:
        queue.write(record)
    queue.on_write(writer.wake)
    running = asyncio.create_task(writer.run(close_seconds=30))
    async with asyncio.timeout(30):
        while writer.health.pending:
            await asyncio.sleep(0)
    writer.close()
    await running
    return [record.id for record in records], events


async def test_one_lost_connection_is_no_outage(tmp_path: Path) -> None:
    database = Scripted(failing(ConnectionResetError()))
    ids, events = await store(tmp_path, database, HandClock())
    assert database.stored == ids
    assert events == []


async def test_an_outage_begins_with_the_second_failure_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    database = Scripted(*(failing(TimeoutError()) for _ in range(9)))
    clock = HandClock()
    before = clock.monotonic()
    ids, events = await store(tmp_path, database, clock)
    assert database.stored == ids
    assert [type(event).__name__ for event in events] == ["OutageBegan", "OutageEnded"]
    assert len(caplog.messages) == 2
    assert clock.monotonic() - before > 3  # growing pauses, and none longer than two seconds
    assert not database.terminated


async def test_a_record_is_refused_once_though_its_batch_fails_meanwhile(tmp_path: Path) -> None:
    refused = failing(RefusedError("sqlstate_22000"))
    # The batch, its first record, and then the connection is lost; then the same without that.
    database = Scripted(refused, refused, failing(TimeoutError()), refused, refused)
    ids, events = await store(tmp_path, database, HandClock())
    assert database.stored == ids[1:]
    assert (tmp_path / "spill" / "refused.jsonl").read_bytes().count(b"\n") == 1
    assert events == []


async def test_an_address_that_cannot_be_used_refuses_no_record(tmp_path: Path) -> None:
    """A driver raises `ValueError` and `UnicodeError` for it."""
    database = Scripted(failing(ValueError()), failing(UnicodeError()))
    ids, events = await store(tmp_path, database, HandClock())
    assert database.stored == ids
    assert len(events) == 2
    assert not (tmp_path / "spill" / "refused.jsonl").exists()


async def test_a_bug_in_a_step_is_logged_and_the_next_step_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Scripted):
        def failure_word(self, error: Exception) -> str:
            raise RuntimeError from error

    database = Broken(failing(TimeoutError()), failing(TimeoutError()))
    ids, events = await store(tmp_path, database, HandClock())
    assert database.stored == ids
    assert events == []
    assert caplog.messages == ["the audit writer failed"]
