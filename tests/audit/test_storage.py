import asyncio
import logging
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from auth0_sso.audit.columns import line_of
from auth0_sso.audit.database_url import parse_database_url
from auth0_sso.audit.health import AuditHealth
from auth0_sso.audit.queue import RecordQueue
from auth0_sso.audit.sql.database import SqlAuditReader
from auth0_sso.audit.storage import AuditTrail, open_audit
from auth0_sso.audit.trail import AuditQuery
from auth0_sso.errors import AuditUnavailableError, ConfigurationError
from auth0_sso.events import IGNORE, Event, OutageBegan, OutageEnded
from support import audit_process
from support.audit_records import audit_record, files, migrated, stored_ids, until
from support.postgresql_server import PostgresServer

_TESTS = Path(audit_process.__file__).parent.parent

WELL = AuditHealth("up", None, pending=0, spilled_bytes=0, lost=0, refused=0, disk_error=None)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/audit.db"


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the lock of a file of SQLite, as a backup or another program may."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.close()


def leave(spill_path: Path, content: bytes, *, mode: int = 0o700) -> None:
    """Leave a spill directory with a file, as of a process that has exited."""
    spill_path.mkdir()
    spill_path.chmod(mode)
    (spill_path / "audit-1.jsonl").write_bytes(content)


async def test_what_was_written_is_stored_when_the_trail_is_closed(database_url: str, spill_path: Path) -> None:
    records = [audit_record() for _ in range(1234)]
    async with open_audit(database_url, spill_path, retention_days=1) as trail:
        for record in records:
            trail.write(record)
    assert await stored_ids(database_url) == [record.id for record in records]
    assert files(spill_path) == []
    assert trail.health == WELL


async def test_what_was_written_can_be_read(database_url: str, spill_path: Path) -> None:
    record = audit_record()
    async with open_audit(database_url, spill_path) as trail:
        trail.write(record)
        await until(lambda: trail.health == WELL)
        assert (await trail.page(AuditQuery())).records == (record,)


async def test_a_record_written_after_the_end_is_counted_as_lost(sqlite_url: str, spill_path: Path) -> None:
    async with open_audit(sqlite_url, spill_path) as trail:
        pass
    trail.write(audit_record())
    assert trail.health.lost == 1


async def test_an_unmigrated_database_gets_the_records_once_it_is_migrated(
    empty_database: str, spill_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "auth0_sso")
    events: list[Event] = []
    record = audit_record()
    async with open_audit(empty_database, spill_path, observer=events.append) as trail:
        trail.write(record)
        await until(lambda: trail.health.last_error == "not_migrated")
        with pytest.raises(AuditUnavailableError):
            await trail.page(AuditQuery())
        await migrated(empty_database)
        await until(lambda: trail.health == WELL)
    assert await stored_ids(empty_database) == [record.id]
    assert events == [OutageBegan("audit database", "not_migrated"), OutageEnded("audit database")]
    assert caplog.messages == [
        "the audit database is down: not_migrated (run `auth0-sso audit migrate`); records are kept on disk",
        "the audit database takes records again",
    ]


async def test_a_wrong_password_is_named_and_never_logged(
    postgresql: PostgresServer, spill_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with open_audit(postgresql.url(password="s3cr3t-and-wrong"), spill_path) as trail:
        trail.write(audit_record())
        await until(lambda: trail.health.state == "down")
        with pytest.raises(AuditUnavailableError) as caught:
            await trail.page(AuditQuery())
    assert trail.health.last_error == "authentication"
    assert "s3cr3t" not in caplog.text
    assert "s3cr3t" not in str(caught.value)


async def test_a_locked_file_of_sqlite_gets_the_records_later(
    sqlite_url: str, tmp_path: Path, spill_path: Path
) -> None:
    await migrated(sqlite_url)
    records = [audit_record() for _ in range(20)]
    async with open_audit(sqlite_url, spill_path, timeout=0.2) as trail:
        with locked(tmp_path / "audit.db"):
            for record in records:
                trail.write(record)
            await until(lambda: trail.health.state == "down")
            assert trail.health.last_error == "locked"
            assert trail.health.pending == len(records)
        await until(lambda: trail.health == WELL)
    assert await stored_ids(sqlite_url) == [record.id for record in records]


async def test_an_app_ends_in_time_beside_a_database_that_hangs(
    sqlite_url: str, tmp_path: Path, spill_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await migrated(sqlite_url)
    record = audit_record()
    with ExitStack() as hanging:
        async with open_audit(sqlite_url, spill_path, timeout=60) as trail:
            hanging.enter_context(locked(tmp_path / "audit.db"))
            trail.write(record)
            await until(lambda: trail.health.spilled_bytes)
            began = time.perf_counter()
        assert time.perf_counter() - began < 30
        assert "the audit writer does not end: what it had not written to disk may be lost" in caplog.messages
        assert len(files(spill_path)) == 1
    await until(lambda: not any(thread.name == "audit" for thread in threading.enumerate()))
    async with open_audit(sqlite_url, spill_path) as trail:
        await until(lambda: trail.health == WELL)
    assert await stored_ids(sqlite_url) == [record.id]


async def test_a_file_of_sqlite_that_cannot_be_written_is_an_outage(spill_path: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/missing/audit.db"
    async with open_audit(url, spill_path) as trail:
        trail.write(audit_record())
        await until(lambda: trail.health.state == "down")
        assert trail.health.last_error == "cannot_be_opened"
        (tmp_path / "missing").mkdir()
        await until(lambda: trail.health == WELL)
    assert len(await stored_ids(url)) == 1


async def test_records_that_the_database_refuses_are_kept_and_hold_up_no_other(
    postgresql: PostgresServer, empty_database: str, spill_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await migrated(empty_database)
    name = empty_database.rpartition("/")[2]
    postgresql.execute("ALTER TABLE auth0_sso_audit ADD CHECK (action <> 'refused')", name)
    records = [audit_record("refused" if number in {3, 7} else "taken") for number in range(10)]
    async with open_audit(empty_database, spill_path) as trail:
        for record in records:
            trail.write(record)
        await until(lambda: trail.health.pending == 0)
        assert (trail.health.state, trail.health.refused, trail.health.lost) == ("up", 2, 0)
    assert await stored_ids(empty_database) == [record.id for record in records if record.action == "taken"]
    kept = (spill_path / "refused.jsonl").read_text()
    assert [records[number].id in kept for number in (2, 3, 7)] == [False, True, True]
    assert (
        caplog.messages.count("an audit record is refused (sqlstate_23514): it is kept in the file refused.jsonl")
        == 2
    )


async def test_a_torn_line_of_a_killed_process_holds_up_no_record(
    sqlite_url: str, spill_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    record = audit_record()
    leave(spill_path, line_of(record) + line_of(audit_record())[:50])
    async with open_audit(sqlite_url, spill_path) as trail:
        await until(lambda: trail.health.pending == 0)
    assert await stored_ids(sqlite_url) == [record.id]
    assert "an audit record is refused (malformed): it is kept in the file refused.jsonl" in caplog.messages


async def test_a_full_spill_directory_keeps_records_in_memory(
    sqlite_url: str, tmp_path: Path, spill_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await migrated(sqlite_url)
    records = [audit_record() for _ in range(100)]
    async with open_audit(sqlite_url, spill_path, timeout=0.2, max_spill_bytes=2000) as trail:
        with locked(tmp_path / "audit.db"):
            for record in records:
                trail.write(record)
                await asyncio.sleep(0)
            await until(lambda: trail.health.disk_error)
            await until(lambda: trail.health.state == "down")
            assert (trail.health.disk_error, trail.health.pending, trail.health.lost) == ("full", 100, 0)
        await until(lambda: trail.health == WELL)
    assert sorted(await stored_ids(sqlite_url)) == sorted(record.id for record in records)
    assert "the spill directory of audit records cannot be written: full; they are kept in memory" in caplog.messages
    assert "the spill directory of audit records can be written again" in caplog.messages


async def test_lost_records_are_counted_and_logged(
    sqlite_url: str, tmp_path: Path, spill_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await migrated(sqlite_url)
    async with open_audit(sqlite_url, spill_path, timeout=0.2, max_spill_bytes=0) as trail:
        with locked(tmp_path / "audit.db"):
            for _ in range(11_500):
                trail.write(audit_record())
            await until(lambda: trail.health.state == "down")
            lost = trail.health.lost
            assert 1000 <= lost <= 1500
            await until(lambda: any(each.endswith(f" lost, {lost} since the start") for each in caplog.messages))
        await until(lambda: trail.health.pending == 0)
    assert len(await stored_ids(sqlite_url)) == 11_500 - lost


async def test_a_database_without_a_usable_spill_file_still_gets_the_records(
    sqlite_url: str, spill_path: Path
) -> None:
    await migrated(sqlite_url)
    records = [audit_record() for _ in range(50)]
    async with open_audit(sqlite_url, spill_path, max_spill_bytes=0) as trail:
        for record in records:
            trail.write(record)
        await until(lambda: trail.health.pending == 0)
        assert (trail.health.state, trail.health.lost) == ("up", 0)
    assert await stored_ids(sqlite_url) == [record.id for record in records]


async def test_only_one_observer_is_told_of_an_outage_and_it_may_be_exchanged(
    sqlite_url: str, tmp_path: Path, spill_path: Path
) -> None:
    events: list[Event] = []
    await migrated(sqlite_url)
    async with open_audit(sqlite_url, spill_path, timeout=0.1) as trail:
        trail.observer = events.append
        with locked(tmp_path / "audit.db"):
            trail.write(audit_record())
            await until(lambda: events)
        await until(lambda: trail.health == WELL)
    assert events == [OutageBegan("audit database", "locked"), OutageEnded("audit database")]


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (
            "mysql://u:s3cr3t@db/x",
            "The URL of the audit database is neither postgresql://host/database nor sqlite:///file.",
        ),
        ("postgresql://u:s3cr3t@db:x/x", "The URL of the audit database is not the URL of a database."),
    ],
)
async def test_a_url_that_cannot_be_used_is_refused(url: str, problem: str, spill_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        async with open_audit(url, spill_path):
            pass
    assert caught.value.problems == (problem,)
    assert files(spill_path.parent) == []


async def test_a_spill_directory_that_others_can_write_is_refused(sqlite_url: str, spill_path: Path) -> None:
    leave(spill_path, b"", mode=0o777)
    with pytest.raises(ConfigurationError) as caught:
        async with open_audit(sqlite_url, spill_path):
            pass
    (problem,) = caught.value.problems
    assert problem.startswith("The spill directory of audit records cannot be used: ")
    assert problem.endswith(": other users than its owner can write it.")


async def test_a_missing_spill_directory_is_named(sqlite_url: str, spill_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file or directory"):
        async with open_audit(sqlite_url, spill_path / "below"):
            pass


async def test_missing_packages_name_the_extra(
    sqlite_url: str, spill_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aiosqlite", None)
    with pytest.raises(ConfigurationError) as caught:
        async with open_audit(sqlite_url, spill_path):
            pass
    assert caught.value.problems == ("The audit database needs aiosqlite: install auth0-sso[audit].",)


class Writing:
    """A process that writes records, and the ids that it has printed."""

    def __init__(self, url: str, spill_directory: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", audit_process.__name__, url, str(spill_directory), *arguments]
        self.ids: list[str] = []
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_TESTS)

    def read(self, count: int) -> None:
        """Read so many ids more."""
        assert self._process.stdout is not None
        for _ in range(count):
            line = self._process.stdout.readline()
            assert line, "the process has ended"
            self.ids.append(line.strip())

    def kill(self) -> None:
        if self._process.returncode is not None:
            return
        assert self._process.stdout is not None
        self._process.kill()
        with self._process.stdout as output:
            self.ids += output.read().split()
        self._process.wait(timeout=30)


@contextmanager
def writing(url: str, spill_directory: Path, *arguments: str) -> Iterator[Writing]:
    process = Writing(url, spill_directory, *arguments)
    try:
        yield process
    finally:
        process.kill()


async def test_two_killed_processes_lose_only_what_they_wrote_last(
    postgresql: PostgresServer, empty_database: str, spill_path: Path
) -> None:
    """Both are killed while the database is down: a third process finds what is on disk."""
    with writing(empty_database, spill_path) as first, writing(empty_database, spill_path) as second:
        first.read(300)
        second.read(300)
        first.kill()
        second.kill()
    await migrated(empty_database)
    async with open_audit(empty_database, spill_path) as trail:
        await until(lambda: trail.health.pending == 0)
    stored = await stored_ids(empty_database)
    assert len(stored) == len({*stored})
    for killed in (first, second):
        lost = [record_id for record_id in killed.ids if record_id not in {*stored}]
        assert len(lost) <= 50  # 0.1 s
        assert lost == killed.ids[len(killed.ids) - len(lost) :]
    assert files(spill_path) == []


async def test_a_process_that_runs_adopts_the_files_of_one_that_was_killed(
    sqlite_url: str, tmp_path: Path, spill_path: Path
) -> None:
    await migrated(sqlite_url)
    with locked(tmp_path / "audit.db"), writing(sqlite_url, spill_path) as killed:
        killed.read(100)
        async with open_audit(sqlite_url, spill_path, timeout=0.2) as trail:
            killed.kill()
            await until(lambda: trail.health.pending > 50)
    async with open_audit(sqlite_url, spill_path) as trail:
        await until(lambda: trail.health.pending == 0)
    assert {*killed.ids[:50]} <= {*await stored_ids(sqlite_url)}


async def test_a_full_disk_costs_no_record_while_the_database_takes_them(
    postgresql: PostgresServer, empty_database: str, spill_path: Path
) -> None:
    await migrated(empty_database)
    with writing(empty_database, spill_path, "300") as process:  # less than one record
        process.read(200)
        expected = {*process.ids[:100]}
        async with asyncio.timeout(30):
            while not expected <= {*await stored_ids(empty_database)}:
                await asyncio.sleep(0.05)


async def test_a_record_that_is_none_is_counted_as_lost(
    sqlite_url: str, spill_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken, record = replace(audit_record(), time="never"), audit_record()  # type: ignore[arg-type]  # of an app
    async with open_audit(sqlite_url, spill_path) as trail:
        trail.write(broken)
        trail.write(record)
        await until(lambda: trail.health.lost == 1 and trail.health.pending == 0)
    assert await stored_ids(sqlite_url) == [record.id]
    assert "an audit record cannot be stored: AttributeError" in caplog.messages


async def test_a_refused_record_that_the_disk_does_not_take_is_lost(sqlite_url: str, spill_path: Path) -> None:
    leave(spill_path, b"torn")
    leave(spill_path / "refused.jsonl", b"")
    async with open_audit(sqlite_url, spill_path) as trail:
        await until(lambda: trail.health.pending == 0)
    assert (trail.health.refused, trail.health.lost, trail.health.disk_error) == (1, 1, "eisdir")


def test_a_trail_that_has_not_started_is_up() -> None:
    queue = RecordQueue()
    queue.write(audit_record())
    trail = AuditTrail(queue, SqlAuditReader(parse_database_url("sqlite:///audit.db")), IGNORE)
    assert trail.health == replace(WELL, pending=1)
