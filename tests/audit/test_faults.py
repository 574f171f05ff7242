"""PostgreSQL is killed, frozen and started again under load: no record is lost, and none is stored twice."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from auth0_sso.audit.storage import AuditTrail, open_audit
from auth0_sso.events import Event, OutageBegan, OutageEnded
from support.audit_records import audit_record, files, migrated, stored_ids, until
from support.postgresql_server import PostgresServer, postgresql_server

_LONGEST = 1.0
"""Seconds: far above what a busy machine needs for a write, and below the timeout of the database."""

_TIMEOUT = 2.0


class Load:
    """Writes records until it is cancelled; notes their ids, and how long a write or the event loop took at most."""

    def __init__(self, trail: AuditTrail) -> None:
        self.ids: list[str] = []
        self.longest = 0.0
        self._trail = trail

    async def run(self) -> None:
        while True:
            began = time.perf_counter()
            for _ in range(5):
                record = audit_record()
                self._trail.write(record)
                self.ids.append(record.id)
            await asyncio.sleep(0.005)
            self.longest = max(self.longest, time.perf_counter() - began)

    async def go_on(self, count: int = 200) -> None:
        """Return after so many more records."""
        enough = len(self.ids) + count
        await until(lambda: len(self.ids) >= enough)


@asynccontextmanager
async def load_on(trail: AuditTrail) -> AsyncIterator[Load]:
    load = Load(trail)
    task = asyncio.create_task(load.run())
    try:
        yield load
        assert not task.done()
    finally:
        task.cancel()


@pytest.fixture(scope="module")
def mortal() -> Iterator[PostgresServer]:
    """A server that a test may kill or freeze, and leaves running."""
    with postgresql_server() as server:
        yield server


@pytest.fixture
async def url(mortal: PostgresServer) -> str:
    return await migrated(mortal.url(mortal.create_database()))


async def require_all(url: str, load: Load) -> None:
    """Require that each record that was written is stored, once."""
    stored = await stored_ids(url)
    assert len(stored) == len(load.ids)
    assert set(stored) == set(load.ids)


async def test_a_killed_postgresql_costs_no_record(mortal: PostgresServer, url: str, spill_path: Path) -> None:
    events: list[Event] = []
    async with open_audit(url, spill_path, timeout=_TIMEOUT, observer=events.append) as trail, load_on(trail) as load:
        await load.go_on()
        await asyncio.to_thread(mortal.kill)
        await until(lambda: trail.health.state == "down")
        await load.go_on(2000)
        assert trail.health.spilled_bytes > 0
        await asyncio.to_thread(mortal.start)
        await until(lambda: trail.health.state == "up")
        await load.go_on()
    assert load.longest < _LONGEST
    await require_all(url, load)
    assert events == [OutageBegan("audit database", "connection"), OutageEnded("audit database")]
    assert files(spill_path) == []


async def test_a_frozen_postgresql_delays_no_caller(mortal: PostgresServer, url: str, spill_path: Path) -> None:
    events: list[Event] = []
    async with open_audit(url, spill_path, timeout=_TIMEOUT, observer=events.append) as trail, load_on(trail) as load:
        await load.go_on()
        mortal.freeze()
        try:
            await until(lambda: trail.health.state == "down")
            await load.go_on(2000)
        finally:
            mortal.thaw()
        await until(lambda: trail.health.state == "up")
        await load.go_on()
    assert load.longest < _LONGEST
    await require_all(url, load)
    assert events == [OutageBegan("audit database", "timeout"), OutageEnded("audit database")]


async def test_restarts_without_an_outage_lose_and_double_nothing(
    mortal: PostgresServer, url: str, spill_path: Path
) -> None:
    async with open_audit(url, spill_path, timeout=_TIMEOUT) as trail, load_on(trail) as load:
        for _ in range(3):
            await load.go_on()
            await asyncio.to_thread(mortal.kill)
            await asyncio.to_thread(mortal.start)
        await load.go_on()
        await until(lambda: trail.health.state == "up")
    await require_all(url, load)


async def test_an_app_that_ends_during_an_outage_leaves_its_records_to_the_next(
    mortal: PostgresServer, url: str, spill_path: Path
) -> None:
    await asyncio.to_thread(mortal.kill)
    try:
        async with open_audit(url, spill_path, timeout=_TIMEOUT) as trail, load_on(trail) as load:
            await load.go_on()
            began = time.perf_counter()
        assert time.perf_counter() - began < 5
        assert len(files(spill_path)) == 1
    finally:
        await asyncio.to_thread(mortal.start)
    async with open_audit(url, spill_path) as trail:
        await until(lambda: trail.health.pending == 0)
    await require_all(url, load)
    assert files(spill_path) == []


async def test_an_app_that_ends_beside_a_frozen_database_does_not_hang(
    mortal: PostgresServer, url: str, spill_path: Path
) -> None:
    async with open_audit(url, spill_path, timeout=30) as trail, load_on(trail) as load:
        await load.go_on()
        mortal.freeze()
        await load.go_on()
        began = time.perf_counter()
    try:
        assert time.perf_counter() - began < 10
    finally:
        mortal.thaw()
    async with open_audit(url, spill_path) as trail:
        await until(lambda: trail.health.pending == 0)
    await require_all(url, load)
