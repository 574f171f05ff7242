"""The values of the settings of the audit database."""

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, SecretStr

from auth0_sso.audit.database_url import parse_database_url
from auth0_sso.audit.spill.directory import require_private
from auth0_sso.settings.environment import EnvironmentSettings, setting
from auth0_sso.settings.values import can_hold_files

_SPILL_SUFFIX: Final = "-spill"


def _database(value: SecretStr) -> SecretStr:
    if url := value.get_secret_value():
        missing = parse_database_url(url).missing_packages
        if missing:
            raise ValueError(f"needs {', '.join(missing)}: install auth0-sso[audit]")
    return value


def _directory(value: Path | None) -> Path | None:
    if value is not None and not can_hold_files(value):
        raise ValueError("is not a directory that exists or can be created")
    if value is not None and value.exists():
        _require_private(value)
    return value


def _require_private(directory: Path) -> None:
    try:
        require_private(directory)
    except (OSError, ValueError) as error:
        raise ValueError(f"cannot be used: {error}") from None


AuditDatabase = Annotated[SecretStr, AfterValidator(_database)]
Directory = Annotated[Path | None, AfterValidator(_directory)]


def audit_database(default: Any) -> Any:  # noqa: ANN401 - as `setting` does
    """Declare AUDIT_DATABASE_URL, with its default."""
    return setting(
        default,
        "The database of the audit trail, PostgreSQL or a file of SQLite; none without.",
        "write postgresql://user:password@host:5432/database or sqlite:///file",
    )


class MigrationSettings(EnvironmentSettings):
    """What `auth0-sso audit migrate` reads: a job that migrates needs no tenant."""

    audit_database_url: AuditDatabase = audit_database(...)


def spill_directory(chosen: Path | None, url: SecretStr) -> Path:
    """Return where records are kept until the database has them: beside a file of SQLite, unless chosen.

    Raises `ValueError` for PostgreSQL without a directory.
    """
    database = parse_database_url(url.get_secret_value())
    if chosen is not None:
        return chosen
    if database.kind == "sqlite":
        return database.file.with_name(database.file.name + _SPILL_SUFFIX)
    raise ValueError("is missing, and AUDIT_DATABASE_URL is set: records are kept there while PostgreSQL is down")


def require_spill_directory(chosen: Path | None, url: SecretStr | None) -> Path | None:
    """Refuse an audit database without a spill directory."""
    if url is not None and url.get_secret_value():
        spill_directory(chosen, url)
    return chosen
