"""A page of the audit trail as SQL: filters, and the sequence number as the checkpoint (keyset paging)."""

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, select

from auth0_sso.audit.columns import record_of, text
from auth0_sso.audit.sql.table import AUDIT
from auth0_sso.audit.trail import MAX_PAGE, AuditPage, AuditQuery

_CHECKPOINT: Final = re.compile(r"\d{1,18}", re.ASCII)


def statement_of(query: AuditQuery) -> Select[Any]:
    """Return the statement that finds a page, and one row more. Raises `ValueError` for what no page had."""
    if not 1 <= query.limit <= MAX_PAGE:
        raise ValueError(f"a page has 1 to {MAX_PAGE} records")
    order = AUDIT.c.sequence.desc() if query.order == "newest" else AUDIT.c.sequence.asc()
    return select(AUDIT).where(*_conditions(query)).order_by(order).limit(query.limit + 1)


def page_of(query: AuditQuery, rows: Sequence[Row[Any]]) -> AuditPage:
    """Return the page of the rows that `statement_of` finds."""
    shown = rows[: query.limit]
    records = tuple(record_of(row._asdict()) for row in shown)
    last = str(shown[-1].sequence) if shown else query.after
    is_last = query.order == "newest" and len(rows) <= query.limit
    return AuditPage(records, None if is_last else last)


def _conditions(query: AuditQuery) -> list[ColumnElement[bool]]:
    columns = AUDIT.c
    equal = {
        columns.outcome: query.outcome,
        columns.subject: query.subject,
        columns.target: query.target,
        columns.client_id: query.client_id,
        columns.request_id: query.request_id,
        columns.address: query.address,
    }
    conditions: list[ColumnElement[bool]] = [
        column == text(value) for column, value in equal.items() if value is not None
    ]
    if query.actions:
        conditions.append(columns.action.in_(sorted(query.actions)))
    if query.since is not None:
        conditions.append(columns.time >= query.since)
    if query.until is not None:
        conditions.append(columns.time < query.until)
    if query.after is not None:
        after = _sequence(query.after)
        conditions.append(columns.sequence < after if query.order == "newest" else columns.sequence > after)
    return conditions


def _sequence(checkpoint: str) -> int:
    if not _CHECKPOINT.fullmatch(checkpoint):
        raise ValueError("the checkpoint is not one of a page")
    return int(checkpoint)
