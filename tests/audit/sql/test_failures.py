import sqlite3

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from auth0_sso.audit.sql.failures import failure_word, is_refusal


def wrapped(error: BaseException) -> DBAPIError:
    """Return an error as SQLAlchemy raises it: of the driver's adapter, behind which is the driver's own."""
    adapted = RuntimeError()
    adapted.__cause__ = error
    return DBAPIError("INSERT ...", ["secret"], adapted, hide_parameters=True)


def sqlite_error(statement: str, *, read_only: bool = False) -> sqlite3.Error:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY CHECK (a > 0))")
    connection.execute(f"PRAGMA query_only = {int(read_only)}")
    try:
        with pytest.raises(sqlite3.Error) as caught:
            connection.execute(statement)
    finally:
        connection.close()
    return caught.value


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (asyncpg.DiskFullError(), "disk_full"),
        (asyncpg.TooManyConnectionsError(), "too_many_connections"),
        (asyncpg.UndefinedTableError(), "not_migrated"),
        (asyncpg.UndefinedColumnError(), "not_migrated"),
        (asyncpg.CannotConnectNowError(), "starting"),
        (asyncpg.InternalServerError(), "sqlstate_XX000"),
        (asyncpg.exceptions.ConnectionDoesNotExistError(), "sqlstate_08003"),
        (asyncpg.InterfaceError("the password is s3cr3t"), "DBAPIError"),
        (ConnectionRefusedError(), "connection"),
        (ConnectionResetError(), "connection"),
        (TimeoutError(), "timeout"),
        (sqlite_error("INSERT INTO t VALUES (1)", read_only=True), "read_only"),
        (sqlite_error("SELECT * FROM missing"), "sqlite_error"),
        (ValueError("s3cr3t"), "DBAPIError"),
    ],
    ids=repr,
)
def test_a_failure_is_one_word_without_values(error: BaseException, word: str) -> None:
    assert failure_word(wrapped(error)) == word
    assert not is_refusal(wrapped(error)) or isinstance(error, ValueError)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.NotNullViolationError(),
        asyncpg.CheckViolationError(),
        asyncpg.UntranslatableCharacterError(),
        asyncpg.ProgramLimitExceededError(),
        asyncpg.exceptions._base.DataError("invalid input for query argument $1"),  # noqa: SLF001 - asyncpg raises it
        OverflowError(),
        sqlite_error("INSERT INTO t VALUES (0)"),
    ],
    ids=repr,
)
def test_an_error_of_the_values_is_a_refusal(error: BaseException) -> None:
    assert is_refusal(wrapped(error))
