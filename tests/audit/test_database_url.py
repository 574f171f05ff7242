import sys
from pathlib import Path

import pytest

from auth0_sso.audit.database_url import parse_database_url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app:secret@db.example:5432/audit?sslmode=verify-full",
        "postgres://app:secret@db.example:5432/audit?sslmode=verify-full",
        "postgresql+asyncpg://app:secret@db.example:5432/audit?sslmode=verify-full",
    ],
)
def test_postgresql_has_several_names(url: str) -> None:
    found = parse_database_url(url)
    assert found.kind == "postgresql"
    assert found.url == "postgresql://app:secret@db.example:5432/audit?sslmode=verify-full"
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///audit.db", "audit.db"),
        ("sqlite:////var/lib/audit.db", "/var/lib/audit.db"),
        ("sqlite+aiosqlite:////var/lib/a%20b.db", "/var/lib/a b.db"),
    ],
)
def test_sqlite_is_a_file(url: str, file: str) -> None:
    found = parse_database_url(url)
    assert (found.kind, found.file) == ("sqlite", Path(file))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "audit.db",
        "mysql://app:secret@db/audit",
        "postgresql:///audit",
        "sqlite://",
        "sqlite:///",
        "sqlite://host/audit.db",
        "sqlite:///audit.db?mode=memory",
        "postgresql://app:secret@db:port/audit",
        "postgresql://app:secret@[db/audit",
    ],
)
def test_another_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="is n") as caught:
        parse_database_url(url)
    assert "secret" not in str(caught.value)


def test_missing_packages_are_those_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    assert parse_database_url("postgresql://db/audit").missing_packages == ["asyncpg"]
    assert parse_database_url("sqlite:///audit.db").missing_packages == []
