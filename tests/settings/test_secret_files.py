import os
from collections.abc import Callable
from pathlib import Path

import pytest

from auth0_sso.calling.confidential_client import proofs_of
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.settings import Settings
from auth0_sso.settings.secret_files import changes_credentials, read, signature
from support.environment import GOOD, load

OLD, NEW = "the-old-secret-0123", "the-new-secret-0123"
NAME = "AUTH0_MANAGEMENT_CLIENT_SECRET"

pytestmark = pytest.mark.usefixtures("clean_environment")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "secrets" / NAME
    path.write_text(f"{OLD}\n")
    return path


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, file: Path) -> Settings:
    assert file.exists()
    return load(monkeypatch, AUTH0_MANAGEMENT_CLIENT_ID="client", RATE_LIMIT="7/minute")


def rename(path: Path) -> None:
    (path.parent / "other").write_text(f"{NEW}\n")
    os.utime(path.parent / "other", ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))  # as `cp --preserve` does
    (path.parent / "other").rename(path)


def write_in_place(path: Path) -> None:
    path.write_text(f"{NEW}\n")


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [rename, write_in_place, remove])
def test_a_change_of_a_file_changes_the_signature(file: Path, change: Callable[[Path], None]) -> None:
    before = signature()
    assert signature() == before
    change(file)
    assert signature() != before


def test_the_signature_changes_with_a_link_above_as_in_kubernetes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mounted = tmp_path / "mounted"
    for version in ("..1", "..2"):
        (mounted / version).mkdir(parents=True)
        (mounted / version / NAME).write_text(OLD)
    (mounted / "..data").symlink_to("..1")
    (mounted / NAME).symlink_to(f"..data/{NAME}")
    monkeypatch.setenv("SECRETS_DIR", str(mounted))
    before = signature()
    (mounted / "..next").symlink_to("..2")
    (mounted / "..next").rename(mounted / "..data")
    assert signature() != before


def test_other_files_are_not_looked_at(file: Path) -> None:
    before = signature()
    (file.parent / "another").write_text("x")
    assert signature() == before


def test_a_changed_secret_is_read(settings: Settings, file: Path) -> None:
    file.write_text(f"{NEW}\n{OLD}\n")
    reading = read(settings)
    assert proofs_of(reading.settings) == (NEW, OLD)
    assert (reading.changed, reading.faults) == ((NAME,), ())
    assert changes_credentials(reading)
    assert read(reading.settings) == reading._replace(changed=())


def test_a_file_that_has_not_changed_changes_nothing(settings: Settings) -> None:
    reading = read(settings)
    assert reading.settings is settings
    assert (reading.changed, reading.faults) == ((), ())
    assert not changes_credentials(reading)


def test_only_secrets_are_read_again(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RATE_LIMIT", "not a limit")
    (tmp_path / ".env").write_text("AUTH0_LEEWAY_SECONDS=99\nPORT=no\n")
    (tmp_path / "secrets" / NAME).write_text(NEW)
    reading = read(settings)
    assert (reading.changed, reading.faults) == ((NAME,), ())
    assert (reading.settings.rate_limit, reading.settings.auth0_leeway_seconds) == ("7/minute", 10)


def test_a_secret_in_the_dotenv_file_is_read_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{NAME}={OLD}\n")
    settings = load(monkeypatch, AUTH0_MANAGEMENT_CLIENT_ID="client")
    before = signature()
    (tmp_path / ".env").write_text(f'{NAME}="{OLD}\\n{NEW}"\n')
    assert signature() != before
    assert proofs_of(read(settings).settings) == (OLD, NEW)


def test_the_environment_wins_over_a_changed_file(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    monkeypatch.setenv(NAME, OLD)
    file.write_text(NEW)
    assert read(settings).changed == ()


def test_a_secret_that_load_was_given_stays(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    settings = ServiceSettings.load(auth0_management_client_id="client", auth0_management_client_secret=OLD)
    file.write_text(NEW)
    assert read(settings).settings is settings


def test_settings_made_in_code_are_not_read_again(file: Path) -> None:
    settings = ServiceSettings.of(
        auth0_domain="acme.eu.auth0.com",
        auth0_audience="https://api.example.com",
        auth0_management_client_id="client",
        auth0_management_client_secret=OLD,
    )
    file.write_text(NEW)
    assert not settings.is_rereadable
    assert read(settings).settings is settings


NOT_TOGETHER = "and AUTH0_MANAGEMENT_CLIENT_ID are not set together"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", f"{NAME} {NOT_TOGETHER}"),
        (b"\n\n", f"{NAME} {NOT_TOGETHER}"),
        (f"{NEW} x".encode(), f"{NAME} has whitespace or a control character in it"),
        (f"{NEW}\nb\nc".encode(), f"{NAME} has more than 2 lines"),
        (NEW.encode() + b"\xff", f"{NAME} cannot be read: make it readable text in UTF-8."),
    ],
    ids=["empty", "blank", "whitespace", "three-lines", "not-utf-8"],
)
def test_content_that_cannot_be_used_is_a_fault_by_name(
    settings: Settings, file: Path, content: bytes, fault: str
) -> None:
    file.write_bytes(content)
    reading = read(settings)
    assert reading.settings is settings
    assert len(reading.faults) == 1
    assert reading.faults[0].startswith(fault)
    assert NEW not in reading.faults[0]


def test_a_missing_file_is_a_fault(settings: Settings, file: Path) -> None:
    file.unlink()
    assert read(settings).faults[0].startswith(f"{NAME} {NOT_TOGETHER}")


def test_a_directory_of_secrets_that_is_gone_is_a_fault(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path / "gone"))
    assert read(settings).settings is settings
    assert read(settings).faults[0].startswith("SECRETS_DIR is not a directory: ")


def test_a_private_key_that_is_cut_off_is_a_fault(settings: Settings, file: Path) -> None:
    file.rename(file.with_name("AUTH0_MANAGEMENT_PRIVATE_KEY"))
    file.with_name("AUTH0_MANAGEMENT_PRIVATE_KEY").write_text("-----BEGIN PRIVATE KEY-----\nMIIEvQ")
    faults = read(settings).faults
    assert faults[0].startswith("AUTH0_MANAGEMENT_PRIVATE_KEY is not a private key in PEM")
    assert "MIIEvQ" not in " ".join(faults)


def test_a_store_is_neither_begun_nor_ended_while_the_app_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "secrets" / "rate_limit_storage_url"
    without = load(monkeypatch)
    file.write_text("redis://:word@127.0.0.1:6379/0")
    with_store = load(monkeypatch)
    (fault,) = read(without).faults
    assert fault.startswith("RATE_LIMIT_STORAGE_URL is set now and was not at the start: ")
    file.write_text("redis://:next@127.0.0.1:6379/0")
    assert read(with_store).changed == ("RATE_LIMIT_STORAGE_URL",)
    file.unlink()
    (fault,) = read(with_store).faults
    assert fault.startswith("RATE_LIMIT_STORAGE_URL is not set any more, or memory://: ")
