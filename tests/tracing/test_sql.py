"""Spans of SQL statements, with SQLAlchemy and a real database."""

from pathlib import Path

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from auth0_sso.audit.database_url import parse_database_url
from auth0_sso.audit.sql.database import SqlAuditReader
from auth0_sso.audit.trail import AuditQuery
from auth0_sso.tracing.spans import Spans
from auth0_sso.tracing.sql import operation_of, statement_listeners
from support.audit_records import migrated


def traced_engine(folder: Path) -> AsyncEngine:
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder / 'test.db'}")
    for name, listener in statement_listeners("sqlite").items():
        event.listen(engine.sync_engine, name, listener)
    return engine


async def test_a_statement_is_a_span_without_its_text(
    tmp_path: Path, spans: Spans, exporter: InMemorySpanExporter
) -> None:
    engine = traced_engine(tmp_path)
    with spans.part("request"):
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE people (name TEXT)"))
            await connection.execute(text("insert into people values (:name)"), [{"name": "Ann"}, {"name": "Uma"}])
            await connection.execute(text("SELECT * FROM people WHERE name = 'Ann'"))
    await engine.dispose()
    *statements, request = exporter.get_finished_spans()
    assert [(span.name, dict(span.attributes or {})) for span in statements] == [
        (name, {"db.system.name": "sqlite", "db.operation.name": name}) for name in ("CREATE", "INSERT", "SELECT")
    ]
    assert {span.parent.span_id for span in statements if span.parent} == {request.context.span_id}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_what_a_request_reads_from_the_audit_trail_is_a_span(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, spans: Spans, exporter: InMemorySpanExporter
) -> None:
    url = f"sqlite:///{tmp_path}/audit.db" if kind == "sqlite" else request.getfixturevalue("empty_database")
    reader = SqlAuditReader(parse_database_url(await migrated(url)))
    with spans.part("request"):
        assert (await reader.page(AuditQuery())).records == ()
    await reader.aclose()
    found = [span for span in exporter.get_finished_spans() if span.name == "SELECT"]
    assert {span.attributes["db.system.name"] for span in found if span.attributes} == {kind}


async def test_a_failed_statement_is_named_by_the_class_of_its_error(
    tmp_path: Path, spans: Spans, exporter: InMemorySpanExporter
) -> None:
    engine = traced_engine(tmp_path)
    with spans.part("request"):
        async with engine.connect() as connection:
            with pytest.raises(OperationalError):
                await connection.execute(text("SELECT 'Ann' FROM nowhere"))
            await connection.execute(text("SELECT 1"))
    await engine.dispose()
    failed, good, _ = exporter.get_finished_spans()
    assert (failed.status.status_code, good.status.status_code) == (StatusCode.ERROR, StatusCode.UNSET)
    assert (failed.attributes or {})["error.type"] == "OperationalError"
    assert not failed.status.description
    assert not failed.events


@pytest.mark.usefixtures("spans")
async def test_statements_outside_of_a_trace_are_no_spans(tmp_path: Path, exporter: InMemorySpanExporter) -> None:
    engine = traced_engine(tmp_path)
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
        with pytest.raises(OperationalError):
            await connection.execute(text("SELECT 1 FROM nowhere"))
    await engine.dispose()
    assert exporter.get_finished_spans() == ()


async def test_without_spans_statements_run_as_before(tmp_path: Path) -> None:
    engine = traced_engine(tmp_path)
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar() == 1
    await engine.dispose()


@pytest.mark.parametrize(("statement", "operation"), [("select 1", "SELECT"), ("  \n", "SQL"), ("x" * 99, "X" * 16)])
def test_the_operation_is_the_first_word(statement: str, operation: str) -> None:
    assert operation_of(statement) == operation
