import sys
from pathlib import Path

import pytest

from auth0_sso.service.audit_settings import spill_directory
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.settings import fix_of
from support.environment import load, problems

pytestmark = pytest.mark.usefixtures("clean_environment")

POSTGRESQL = "postgresql://app:s3cr3t@db.example:5432/audit"


def test_postgresql_needs_a_spill_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fix = fix_of(ServiceSettings, "audit_spill_directory")
    (told,) = problems(monkeypatch, AUDIT_DATABASE_URL=POSTGRESQL)
    missing = "AUDIT_SPILL_DIRECTORY is missing, and AUDIT_DATABASE_URL is set: records are kept there"
    assert told == f"{missing} while PostgreSQL is down: {fix}."
    settings = load(monkeypatch, AUDIT_DATABASE_URL=POSTGRESQL, AUDIT_SPILL_DIRECTORY=str(tmp_path / "spill"))
    assert settings.audit_spill_directory == tmp_path / "spill"
    assert "s3cr3t" not in repr(settings)


def test_sqlite_has_its_spill_directory_beside_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, AUDIT_DATABASE_URL="sqlite:////var/lib/audit.db")
    assert spill_directory(settings.audit_spill_directory, settings.audit_database_url) == Path(
        "/var/lib/audit.db-spill"
    )


def test_a_password_among_the_secrets_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secrets" / "AUDIT_DATABASE_URL").write_text(POSTGRESQL)
    settings = load(monkeypatch, AUDIT_SPILL_DIRECTORY=str(tmp_path))
    assert settings.audit_database_url.get_secret_value() == POSTGRESQL


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        (
            "AUDIT_DATABASE_URL",
            "mysql://app:s3cr3t@db/audit",
            "is neither postgresql://host/database nor sqlite:///file",
        ),
        ("AUDIT_SPILL_DIRECTORY", "/missing/below", "is not a directory that exists or can be created"),
        ("AUDIT_SPILL_DIRECTORY", "/etc/passwd", "is not a directory that exists or can be created"),
        ("AUDIT_SPILL_DIRECTORY", f"/{'a' * 5000}", "is not a directory that exists or can be created"),
        ("AUDIT_RETENTION_DAYS", "0", "cannot be used"),
        ("AUDIT_RETENTION_DAYS", "1.5", "cannot be used"),
    ],
)
def test_what_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, fault: str) -> None:
    assert problems(monkeypatch, **{name: value}) == (f"{name} {fault}: {fix_of(ServiceSettings, name.lower())}.",)


def test_a_spill_directory_that_others_can_write_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tmp_path.chmod(0o777)
    (told,) = problems(monkeypatch, AUDIT_SPILL_DIRECTORY=str(tmp_path))
    assert told.startswith("AUDIT_SPILL_DIRECTORY cannot be used: other users than its owner can write it: write ")


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    told = problems(monkeypatch, AUDIT_DATABASE_URL=POSTGRESQL)
    assert told[0].startswith("AUDIT_DATABASE_URL needs asyncpg: install auth0-sso[audit]: ")
