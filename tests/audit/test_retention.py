import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auth0_sso.audit.columns import columns_of
from auth0_sso.audit.database_url import parse_database_url
from auth0_sso.audit.retention import Retention
from auth0_sso.audit.sql.database import AuditDatabase
from auth0_sso.testing.clock import HandClock
from support.audit_records import audit_record, migrated, stored_ids


@pytest.fixture
def hours() -> HandClock:
    """A clock whose pauses between batches are over at once; an hour passes when the test says so."""
    return HandClock()


@asynccontextmanager
async def retention(database: AuditDatabase, clock: HandClock) -> AsyncIterator[None]:
    task = asyncio.create_task(Retention(database, 30, clock=clock).run())
    await clock.settle()
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def left(url: str, count: int) -> list[str]:
    """Return the ids once there are so many."""
    async with asyncio.timeout(30):
        while len(ids := await stored_ids(url)) != count:
            await asyncio.sleep(0.02)
    return ids


async def test_what_is_older_than_the_days_is_deleted_every_hour(
    database_url: str, hours: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "auth0_sso")
    database = AuditDatabase(parse_database_url(database_url))
    now = datetime.fromtimestamp(hours.now, UTC)
    old = [audit_record(time=now - timedelta(days=30, seconds=1)) for _ in range(1100)]  # more than a batch
    kept, later = audit_record(time=now), audit_record(time=now - timedelta(days=30) + timedelta(minutes=30))
    await database.insert([columns_of(record) for record in (*old, kept, later)])
    async with retention(database, hours):
        assert len(await stored_ids(database_url)) == 1102
        await hours.advance(60)
        assert await left(database_url, 2) == [kept.id, later.id]
        await until_logged(caplog, "deleted 1100 audit records older than 30 days")
        await hours.advance(3600)
        assert await left(database_url, 1) == [kept.id]
    await database.aclose()


async def test_an_hour_that_deletes_nothing_is_not_logged(
    database_url: str, hours: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "auth0_sso")
    database = AuditDatabase(parse_database_url(database_url))
    now = datetime.fromtimestamp(hours.now, UTC)
    await database.insert([columns_of(audit_record(time=now - timedelta(days=29, hours=22)))])
    async with retention(database, hours):
        await hours.advance(60)
        for _ in range(2):
            await until_it_sleeps(hours)
            assert await left(database_url, 1)
            assert caplog.messages == []
            await hours.advance(3600)
        await until_logged(caplog, "deleted 1 audit records older than 30 days")
    await database.aclose()


async def test_a_failure_is_named_and_the_next_hour_is_tried(
    tmp_path: Path, hours: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    database = AuditDatabase(parse_database_url(f"sqlite:///{tmp_path}/missing/audit.db"))
    async with retention(database, hours):
        await hours.advance(60)
        await until_logged(caplog, "old audit records are not deleted: cannot_be_opened")
        caplog.clear()
        await hours.advance(3600)
        await until_logged(caplog, "old audit records are not deleted: cannot_be_opened")
    await database.aclose()


async def until_it_sleeps(hours: HandClock) -> None:
    async with asyncio.timeout(30):
        while not hours._pauses:  # noqa: SLF001 - whether the clock holds it up
            await asyncio.sleep(0.01)


async def until_logged(caplog: pytest.LogCaptureFixture, message: str) -> None:
    async with asyncio.timeout(30):
        while message not in caplog.messages:
            await asyncio.sleep(0.01)


async def test_of_several_processes_one_deletes(empty_database: str) -> None:
    """While another transaction has the lock, nothing is deleted and nothing waits."""
    await migrated(empty_database)
    first, second = (AuditDatabase(parse_database_url(empty_database)) for _ in range(2))
    old = audit_record()
    await first.insert([columns_of(old)])
    after = old.time + timedelta(days=1)
    async with first._connections.transaction() as connection:  # noqa: SLF001 - holds the lock meanwhile
        assert await first._connections.may_delete(connection)  # noqa: SLF001 - the same
        assert await second.delete_before(after, 10) == 0
    assert await second.delete_before(after, 10) == 1
    await first.aclose()
    await second.aclose()
