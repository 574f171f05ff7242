"""The URL of the audit database, read again from its file."""

import logging
from pathlib import Path

import pytest

from auth0_sso.service.audit_url import CurrentAuditUrl
from support.environment import load

NAME = "AUDIT_DATABASE_URL"
OLD, NEW = (f"postgresql://auditor:{word}-s3cr3t@db/audit" for word in ("old", "new"))

pytestmark = pytest.mark.usefixtures("clean_environment")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "secrets" / NAME
    file.write_text(OLD)
    return file


@pytest.fixture
def url(file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> CurrentAuditUrl:
    caplog.set_level(logging.INFO)
    assert file.exists()
    return CurrentAuditUrl(load(monkeypatch, AUDIT_SPILL_DIRECTORY="spill"))


def test_a_changed_file_is_used_and_logged_once(
    url: CurrentAuditUrl, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert url() == OLD
    file.write_text(NEW)
    assert [url(), url()] == [NEW, NEW]
    assert [record.getMessage() for record in caplog.records] == [f"secrets were read again and are used now: {NAME}"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"not a URL s3cr3t", "is neither postgresql://host/database nor sqlite:///file"),
        (b"\xff\xfe", "cannot be read"),
        (b"", f"{NAME} names another kind of database: restart."),
        (b"sqlite:///audit-s3cr3t.db", f"{NAME} names another kind of database: restart."),
    ],
    ids=["no-url", "no-text", "empty", "another-kind"],
)
def test_what_cannot_be_used_leaves_the_old_url_and_is_logged_once(
    url: CurrentAuditUrl, file: Path, content: bytes, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_bytes(content)
    assert [url(), url()] == [OLD, OLD]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert why in record.getMessage()
    assert "s3cr3t" not in caplog.text
    file.write_text(NEW)
    assert url() == NEW


def test_a_variable_of_the_environment_stays(
    url: CurrentAuditUrl, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, OLD)
    file.write_text(NEW)
    assert url() == OLD
