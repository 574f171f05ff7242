import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from auth0_sso.audit.columns import columns_of
from auth0_sso.audit.database_url import parse_database_url
from auth0_sso.audit.record import AuditRecord
from auth0_sso.audit.sql.database import AuditDatabase, SqlAuditReader
from auth0_sso.audit.trail import MAX_PAGE, AuditQuery
from auth0_sso.audit.writer import RefusedError
from auth0_sso.errors import AuditUnavailableError
from support.audit_records import WHEN, audit_record, migrated, stored_ids, until
from support.postgresql_server import PostgresServer, postgresql_server


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[AuditDatabase]:
    database = AuditDatabase(parse_database_url(database_url))
    yield database
    await database.aclose()


@pytest.fixture
async def reader(database_url: str) -> AsyncIterator[SqlAuditReader]:
    reader = SqlAuditReader(parse_database_url(database_url))
    yield reader
    await reader.aclose()


async def store(database: AuditDatabase, *records: AuditRecord) -> None:
    await database.insert([columns_of(record) for record in records])


async def found(reader: SqlAuditReader, query: AuditQuery) -> list[str]:
    return [record.id for record in (await reader.page(query)).records]


async def test_a_record_is_read_as_it_was_written(database: AuditDatabase, reader: SqlAuditReader) -> None:
    record = audit_record()
    await store(database, record)
    page = await reader.page(AuditQuery())
    assert page.records == (record,)
    assert page.records[0].time.tzinfo is not None
    assert page.next is None


async def test_a_record_is_stored_once(database: AuditDatabase, database_url: str) -> None:
    first, second = audit_record(), audit_record()
    await store(database, first)
    await store(database, first, second)
    await store(database, second, first)
    assert await stored_ids(database_url) == [first.id, second.id]


@pytest.mark.parametrize(
    "matching",
    [
        AuditQuery(actions=frozenset({"delete-user", "block-user"})),
        AuditQuery(outcome="success"),
        AuditQuery(subject="auth0|other"),
        AuditQuery(target="auth0|other"),
        AuditQuery(client_id="other"),
        AuditQuery(request_id="other"),
        AuditQuery(address="2001:db8::1"),
        AuditQuery(since=WHEN + timedelta(seconds=1)),
        AuditQuery(since=WHEN + timedelta(seconds=1), subject="auth0|other", outcome="success"),
    ],
    ids=lambda query: ",".join(
        name for name in AuditQuery.__slots__ if getattr(query, name) != getattr(AuditQuery(), name)
    ),
)
async def test_a_filter_passes_what_matches_alone(
    database: AuditDatabase, reader: SqlAuditReader, matching: AuditQuery
) -> None:
    other = audit_record(
        "delete-user",
        time=WHEN + timedelta(seconds=1),
        outcome="success",
        subject="auth0|other",
        client_id="other",
        address="2001:db8::1",
        request_id="other",
        target="auth0|other",
    )
    await store(database, audit_record(), other, audit_record())
    assert await found(reader, matching) == [other.id]


async def test_until_excludes_its_own_time(database: AuditDatabase, reader: SqlAuditReader) -> None:
    earlier, later = audit_record(time=WHEN), audit_record(time=WHEN + timedelta(microseconds=1))
    await store(database, earlier, later)
    assert await found(reader, AuditQuery(until=later.time)) == [earlier.id]
    assert await found(reader, AuditQuery(since=later.time)) == [later.id]


@pytest.mark.parametrize("order", ["newest", "oldest"])
async def test_pages_have_each_record_once(database: AuditDatabase, reader: SqlAuditReader, order: str) -> None:
    records = [audit_record() for _ in range(7)]
    await store(database, *records)
    query, ids = AuditQuery(limit=3, order="newest" if order == "newest" else "oldest"), []
    for _ in range(3):
        page = await reader.page(query)
        ids += [record.id for record in page.records]
        query = replace(query, after=page.next)
    expected = [record.id for record in records]
    assert ids == (expected if order == "oldest" else expected[::-1])
    assert (query.after is None) == (order == "newest")


async def test_a_page_of_the_newest_knows_that_it_is_the_last(
    database: AuditDatabase, reader: SqlAuditReader
) -> None:
    await store(database, *(audit_record() for _ in range(4)))
    first = await reader.page(AuditQuery(limit=2))
    assert first.next is not None
    assert (await reader.page(AuditQuery(limit=2, after=first.next))).next is None


async def test_a_follower_sees_a_record_that_was_stored_late(database: AuditDatabase, reader: SqlAuditReader) -> None:
    spilled = audit_record(time=WHEN)
    await store(database, audit_record(time=WHEN + timedelta(hours=1)))
    page = await reader.page(AuditQuery(order="oldest"))
    await store(database, spilled)
    following = await reader.page(AuditQuery(order="oldest", after=page.next))
    assert [record.id for record in following.records] == [spilled.id]
    idle = await reader.page(AuditQuery(order="oldest", after=following.next))
    assert (idle.records, idle.next) == ((), following.next)


async def test_a_follower_of_an_empty_trail_begins_at_its_start(reader: SqlAuditReader) -> None:
    page = await reader.page(AuditQuery(order="oldest"))
    assert (page.records, page.next) == ((), None)


@pytest.mark.parametrize("checkpoint", ["", "x", "-1", "1 OR 1=1", "9" * 40, "٣"])
async def test_a_checkpoint_that_no_page_had_is_refused(reader: SqlAuditReader, checkpoint: str) -> None:
    with pytest.raises(ValueError, match="the checkpoint is not one of a page"):
        await reader.page(AuditQuery(after=checkpoint))


@pytest.mark.parametrize("limit", [0, -1, MAX_PAGE + 1])
async def test_a_page_has_a_limited_size(reader: SqlAuditReader, limit: int) -> None:
    with pytest.raises(ValueError, match="a page has 1 to 1000 records"):
        await reader.page(AuditQuery(limit=limit))


async def test_old_records_are_deleted_in_batches(database: AuditDatabase, database_url: str) -> None:
    old = [audit_record(time=WHEN - timedelta(days=number)) for number in range(5, 0, -1)]
    kept = audit_record(time=WHEN)
    await store(database, kept, *old)
    assert await database.delete_before(WHEN, 3) == 3
    assert await stored_ids(database_url) == [kept.id, *(record.id for record in old[3:])]
    assert await database.delete_before(WHEN, 3) == 2
    assert await database.delete_before(WHEN, 3) == 0
    assert await stored_ids(database_url) == [kept.id]


async def test_the_checkpoint_of_a_deleted_record_is_never_given_again(
    database: AuditDatabase, reader: SqlAuditReader
) -> None:
    await store(database, audit_record(time=WHEN - timedelta(days=1)))
    page = await reader.page(AuditQuery(order="oldest"))
    await database.delete_before(WHEN, 10)
    late = audit_record()
    await store(database, late)
    assert await found(reader, AuditQuery(order="oldest", after=page.next)) == [late.id]


async def test_a_refused_record_stores_nothing_of_its_batch(database: AuditDatabase, database_url: str) -> None:
    refused = columns_of(audit_record()) | {"outcome": None}
    with pytest.raises(RefusedError) as caught:
        await database.insert([columns_of(audit_record()), refused])
    assert "auth0|" not in str(caught.value)
    assert await stored_ids(database_url) == []


async def test_a_replica_waits_for_the_commit_of_another(postgresql: PostgresServer, empty_database: str) -> None:
    """Otherwise its rows, which have higher numbers, could be read first: a follower would miss the others."""
    url = parse_database_url(await migrated(empty_database))
    first, second, reader = AuditDatabase(url), AuditDatabase(url), SqlAuditReader(url)
    records = [audit_record(), audit_record()]
    connections = first._connections  # noqa: SLF001 - a replica that is in the middle of a batch
    async with connections.transaction() as connection:
        await connections.begin_write(connection)
        await connection.execute(connections.insert, [columns_of(records[0])])
        storing = asyncio.create_task(store(second, records[1]))
        waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        await until(lambda: postgresql.execute(waiting) or storing.done())
        assert not storing.done()
        page = await reader.page(AuditQuery(order="oldest"))
        assert page.records == ()
    await storing
    assert await found(reader, AuditQuery(order="oldest", after=page.next)) == [record.id for record in records]
    for each in (first, second, reader):
        await each.aclose()


async def test_a_follower_of_replicas_that_store_at_once_misses_none(
    database_url: str, reader: SqlAuditReader
) -> None:
    databases = [AuditDatabase(parse_database_url(database_url)) for _ in range(4)]
    seen: list[str] = []

    async def write(database: AuditDatabase) -> None:
        for _ in range(15):
            await store(database, *(audit_record() for _ in range(10)))

    async def follow() -> None:
        after = None
        while len(seen) < 4 * 15 * 10:
            page = await reader.page(AuditQuery(order="oldest", after=after, limit=50))
            seen.extend(record.id for record in page.records)
            after = page.next

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(follow())
        for database in databases:
            tasks.create_task(write(database))
    for database in databases:
        await database.aclose()
    assert seen == await stored_ids(database_url)


async def test_the_server_disconnects_a_writer_that_stops_in_its_transaction(empty_database: str) -> None:
    database = AuditDatabase(parse_database_url(empty_database))
    async with database._connections.transaction() as connection:  # noqa: SLF001 - what a stopped process holds
        await database._connections.begin_write(connection)  # noqa: SLF001 - the same
        limits = await connection.execute(
            text("SELECT current_setting('idle_in_transaction_session_timeout'), current_setting('lock_timeout')")
        )
        assert tuple(limits.one()) == ("10s", "4s")
    await database.aclose()


async def test_a_database_without_the_table_is_not_migrated(empty_database: str) -> None:
    url = parse_database_url(empty_database)
    database, reader = AuditDatabase(url), SqlAuditReader(url)
    with pytest.raises(Exception, match="auth0_sso_audit") as caught:
        await database.insert([columns_of(audit_record())])
    assert not isinstance(caught.value, RefusedError)
    assert database.failure_word(caught.value) == "not_migrated"
    with pytest.raises(AuditUnavailableError):
        await reader.page(AuditQuery())
    await database.aclose()
    await reader.aclose()


async def word_of(url: str) -> str:
    """Return the word for the failure of an insert."""
    database = AuditDatabase(parse_database_url(url), timeout=2)
    try:
        with pytest.raises(Exception, match=r".") as caught:
            await database.insert([columns_of(audit_record())])
        assert not isinstance(caught.value, RefusedError)
        return database.failure_word(caught.value)
    finally:
        await database.aclose()


async def test_a_failure_has_a_word(postgresql: PostgresServer, empty_database: str) -> None:
    name = empty_database.rpartition("/")[2]
    execute = postgresql.execute
    execute(f"CREATE ROLE {name} LOGIN PASSWORD 'reads'")
    assert await word_of(postgresql.url(name, password="wrong")) == "authentication"
    assert await word_of(postgresql.url("missing")) == "database_missing"
    assert await word_of("postgresql://auditor:x@127.0.0.1:1/audit") == "connection"
    assert await word_of("postgresql://auditor:x@name.invalid/audit") == "connection"
    execute(f"ALTER ROLE {name} SET default_transaction_read_only = on")
    await migrated(empty_database)
    assert await word_of(postgresql.url(name, user=name, password="reads")) == "read_only"
    execute(f"ALTER ROLE {name} SET default_transaction_read_only = off")
    assert await word_of(postgresql.url(name, user=name, password="reads")) == "permission_denied"


async def test_connections_to_a_frozen_server_are_cut_at_the_end() -> None:
    with postgresql_server() as server:
        url = parse_database_url(await migrated(server.url(server.create_database())))
        database = AuditDatabase(url)
        await database.insert([columns_of(audit_record())])  # its connection is kept
        (kept,) = database._connections._open  # type: ignore[union-attr]  # noqa: SLF001 - whether it is closed
        server.freeze()
        try:
            async with asyncio.timeout(5):
                await database.aclose()
            assert kept.is_closed()
        finally:
            server.thaw()
