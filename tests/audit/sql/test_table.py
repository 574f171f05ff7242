from datetime import UTC, datetime, timedelta, timezone

from sqlalchemy import NullPool, func, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from auth0_sso.audit.columns import columns_of
from auth0_sso.audit.database_url import parse_database_url
from auth0_sso.audit.sql.database import AuditDatabase, connections
from auth0_sso.audit.sql.table import AUDIT
from support.audit_records import audit_record

NEW_YORK = timezone(timedelta(hours=-5))


async def newest(connection: AsyncConnection) -> datetime | None:
    found = await connection.scalar(select(func.max(AUDIT.c.time)))
    assert found is None or isinstance(found, datetime)
    return found


async def test_a_time_comes_back_in_utc_whatever_its_zone_was(database_url: str) -> None:
    database = AuditDatabase(parse_database_url(database_url))
    of = connections(parse_database_url(database_url), NullPool)
    async with of.transaction() as connection:
        assert await newest(connection) is None
    time = datetime(2026, 11, 26, 23, 30, 0, 5, tzinfo=NEW_YORK)
    await database.insert([columns_of(audit_record(time=time))])
    async with of.transaction() as connection:
        found = await newest(connection)
        assert await connection.scalar(select(null().cast(AUDIT.c.time.type))) is None
    assert found == time
    assert found.tzinfo is UTC
    await database.aclose()
