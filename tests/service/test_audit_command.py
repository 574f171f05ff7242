import asyncio
import threading

import pytest

from auth0_sso.service.cli import main
from support.audit_records import stored_ids
from support.postgresql_server import PostgresServer

pytestmark = pytest.mark.usefixtures("clean_environment")


def migrate(monkeypatch: pytest.MonkeyPatch, url: str) -> int:
    monkeypatch.setenv("AUDIT_DATABASE_URL", url)
    return main(["audit", "migrate"])


def test_migrate_creates_the_table_and_needs_no_tenant(
    empty_database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert migrate(monkeypatch, empty_database) == 0
        assert capsys.readouterr().out == "The audit database is up to date.\n"
    assert asyncio.run(stored_ids(empty_database)) == []


def test_migrate_says_in_a_word_why_it_failed(
    postgresql: PostgresServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert migrate(monkeypatch, postgresql.url(password="s3cr3t-and-wrong")) == 1
    output = capsys.readouterr()
    assert (output.out, output.err) == ("", "auth0-sso: the audit database could not be migrated: authentication\n")


@pytest.mark.parametrize("file", ["missing/audit.db", "secrets"], ids=["no-directory", "a-directory"])
def test_a_file_that_cannot_be_opened_is_one_sentence(
    file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    threads = threading.enumerate()
    assert migrate(monkeypatch, f"sqlite:///{file}") == 1
    assert threading.enumerate() == threads  # one that outlives the event loop would print a traceback
    assert capsys.readouterr().err == "auth0-sso: the audit database could not be migrated: cannot_be_opened\n"


def test_migrate_without_a_database_exits_with_78(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "migrate"]) == 78
    assert "AUDIT_DATABASE_URL is missing" in capsys.readouterr().err
