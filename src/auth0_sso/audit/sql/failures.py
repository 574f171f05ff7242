"""Failures of databases, in one word each: their own messages may repeat values, or the password."""

from collections.abc import Iterator
from typing import Final

_SQLSTATES: Final = {
    "25006": "read_only",
    "28000": "authentication",
    "28P01": "authentication",
    "3D000": "database_missing",
    "42501": "permission_denied",
    "42703": "not_migrated",
    "42P01": "not_migrated",
    "53100": "disk_full",
    "53300": "too_many_connections",
    "55P03": "lock_timeout",
    "57P01": "shutting_down",
    "57P03": "starting",
}
"""https://www.postgresql.org/docs/current/errcodes-appendix.html"""

_SQLITE: Final = {
    "SQLITE_BUSY": "locked",
    "SQLITE_CANTOPEN": "cannot_be_opened",
    "SQLITE_FULL": "disk_full",
    "SQLITE_READONLY": "read_only",
}
"""https://www.sqlite.org/rescode.html"""

_REFUSED_CLASSES: Final = ("22", "23", "54")
"""Data exceptions, violated constraints and exceeded limits: of the values, not of the database."""

_REFUSED_SQLITE: Final = ("SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_TOOBIG")


def failure_word(error: BaseException) -> str:
    """Return a word for a failure, such as `timeout` or `not_migrated`."""
    for each in _causes(error):
        if isinstance(state := getattr(each, "sqlstate", None), str):
            return _SQLSTATES.get(state, f"sqlstate_{state}")
        if isinstance(name := getattr(each, "sqlite_errorname", None), str):
            return next((word for code, word in _SQLITE.items() if name.startswith(code)), name.lower())
        if isinstance(each, TimeoutError):
            return "timeout"
        if isinstance(each, OSError):
            return "connection"
    return "connection" if _is_lost(error) else type(error).__name__


def is_refusal(error: BaseException) -> bool:
    """Return whether the database refuses what the rows contain: the same rows will fail again."""
    for each in _causes(error):
        if isinstance(state := getattr(each, "sqlstate", None), str):
            return state.startswith(_REFUSED_CLASSES)
        if isinstance(name := getattr(each, "sqlite_errorname", None), str):
            return name.startswith(_REFUSED_SQLITE)
    return any(_is_bad_argument(each) for each in _causes(error))


def _is_lost(error: BaseException) -> bool:
    return any("Connection" in type(each).__name__ for each in _causes(error))


def _is_bad_argument(error: BaseException) -> bool:
    """Return whether a driver cannot send a value; asyncpg's own DataError has no SQLSTATE."""
    return type(error) in {ValueError, TypeError, OverflowError} or (
        isinstance(error, ValueError) and type(error).__name__ == "DataError"
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what is behind it: SQLAlchemy's, the adapted driver's and the driver's own."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop(0)
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [getattr(each, "orig", None), each.__cause__]
