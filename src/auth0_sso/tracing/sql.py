"""Spans of SQL statements, for an engine of SQLAlchemy.

SQLAlchemy is not imported: the code that has the engine adds these listeners to it.

    for name, listener in statement_listeners("postgresql").items():
        sqlalchemy.event.listen(engine.sync_engine, name, listener)
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from auth0_sso.tracing.current import inner_spans

_KEY: Final = "auth0_sso.span"
_MAX_OPERATION: Final = 16


def statement_listeners(system: str) -> Mapping[str, Callable[..., None]]:
    """Return the listeners for an engine's events, by the names of the events.

    `system` is the database's name in OpenTelemetry, such as `postgresql` or `sqlite`. Inside of a trace, each
    execution of a statement is a span with its first word; the span has neither its text nor its parameters.
    """

    def begin(connection: Any, _: object, statement: str, *_more: object) -> None:  # noqa: ANN401 - SQLAlchemy's Connection
        spans = inner_spans()
        if spans is not None:
            connection.info[_KEY] = spans.begin_statement(system, operation_of(statement))

    def end(connection: Any, *_: object) -> None:  # noqa: ANN401 - SQLAlchemy's Connection
        if (span := connection.info.pop(_KEY, None)) is not None:
            span.end()

    def fail(failure: Any) -> None:  # noqa: ANN401 - SQLAlchemy's ExceptionContext
        connection = failure.connection
        if connection is not None and (span := connection.info.pop(_KEY, None)) is not None:
            span.failed(failure.original_exception)

    return {"before_cursor_execute": begin, "after_cursor_execute": end, "handle_error": fail}


def operation_of(statement: str) -> str:
    """Return the first word of a statement, such as SELECT."""
    first = statement.split(None, 1)
    return first[0][:_MAX_OPERATION].upper() if first else "SQL"
