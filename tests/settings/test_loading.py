import logging
import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from auth0_sso.errors import ConfigurationError
from auth0_sso.service.settings import EX_CONFIG, ServiceSettings
from auth0_sso.settings import fix_of, loading
from support.environment import load, problems

SECRET = "Xy-very-secret-0123456789"

pytestmark = pytest.mark.usefixtures("clean_environment")


def test_secrets_come_from_files_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secrets" / "auth0_management_client_secret").write_text(f"{SECRET}\n")
    settings = load(monkeypatch, AUTH0_MANAGEMENT_CLIENT_ID="client")
    assert settings.auth0_management_client_secret == SecretStr(SECRET)
    assert SECRET not in repr(settings)


def test_an_unreadable_secret_is_a_problem_without_its_value(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secrets" / "auth0_management_client_secret").write_bytes(b"\xff" + SECRET.encode())
    (problem,) = problems(monkeypatch)
    assert problem == ".env, or a file among the secrets, cannot be read: make it readable text in UTF-8."


def test_a_missing_directory_of_secrets_is_the_only_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path / "gone"))
    (problem,) = problems(monkeypatch)
    assert problem.startswith("SECRETS_DIR is not a directory: ")


def test_without_a_directory_of_secrets_settings_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRETS_DIR")
    monkeypatch.setattr(loading, "SECRETS_DIRECTORY", Path("gone"))
    monkeypatch.setenv("AUTH0_ALOWED_CLIENTS", "x")
    assert load(monkeypatch).issuer == "https://acme.eu.auth0.com/"
    assert [text.split()[0] for text in loading.unknown_names(ServiceSettings)] == ["AUTH0_ALOWED_CLIENTS"]


def test_a_dotenv_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("AUTH0_DOMAIN=file.auth0.com\nPORT=4000\nSOMETHING_ELSE=1\n")
    settings = load(monkeypatch)
    assert (settings.auth0_domain, settings.port) == ("acme.eu.auth0.com", 4000)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"AUTH0_DOMAIN=\xe9\n"], ids=["utf-16", "latin-1"])
def test_a_dotenv_file_that_is_not_text_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / ".env").write_bytes(content)
    (problem,) = problems(monkeypatch)
    assert problem.startswith(".env")


def test_empty_variables_count_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, AUTH0_ISSUER_BASE_URL="", PORT="", AUTH0_CLIENT_ID="")
    assert (settings.port, settings.issuer) == (3000, "https://acme.eu.auth0.com/")


LISTS = [name.upper() for name, field in ServiceSettings.model_fields.items() if field.annotation == tuple[str, ...]]


@pytest.mark.parametrize("value", [",", " , ", " "], ids=ascii)
@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_is_set_names_something(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    (problem,) = problems(monkeypatch, **{name: value})
    assert problem == f"{name} is set but names nothing: {fix_of(ServiceSettings, name.lower())}."


def test_settings_made_in_code_name_an_audience() -> None:
    with pytest.raises(ConfigurationError) as raised:
        ServiceSettings.of(auth0_domain="acme.eu.auth0.com", auth0_audience=())
    assert raised.value.problems[0].startswith("AUTH0_AUDIENCE names no audience: ")


def test_these_are_all_lists() -> None:
    assert {
        "AUTH0_AUDIENCE",
        "AUTH0_ALLOWED_CLIENTS",
        "CORS_ALLOWED_ORIGINS",
        "CORS_ALLOWED_HEADERS",
        "TRUSTED_PROXIES",
    } <= {*LISTS}
    assert len(LISTS) == 9


def test_an_empty_list_of_allowed_clients_does_not_allow_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    expected = (
        f"AUTH0_ALLOWED_CLIENTS is set but names nothing: {fix_of(ServiceSettings, 'auth0_allowed_clients')}.",
    )
    assert problems(monkeypatch, AUTH0_ALLOWED_CLIENTS="") == expected
    monkeypatch.delenv("AUTH0_ALLOWED_CLIENTS")
    (tmp_path / ".env").write_text("AUTH0_ALLOWED_CLIENTS=\n")
    assert problems(monkeypatch) == expected
    (tmp_path / ".env").unlink()
    (tmp_path / "secrets" / "auth0_allowed_clients").write_text("")
    assert problems(monkeypatch) == expected


def test_an_empty_file_among_the_secrets_counts_as_unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("trusted_proxies", "auth0_client_id"):
        (tmp_path / "secrets" / name).write_text("\n")
    settings = load(monkeypatch)
    assert (settings.trusted_proxies, settings.auth0_client_id) == ((), "")


def test_an_empty_variable_gives_way_to_a_value_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("AUTH0_ALLOWED_CLIENTS=app\nPORT=4000\n")
    settings = load(monkeypatch, AUTH0_ALLOWED_CLIENTS="", PORT="")
    assert (settings.auth0_allowed_clients, settings.port) == (("app",), 4000)


def test_a_missing_directory_of_secrets_is_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path / "none"))
    reported = problems(monkeypatch, PORT="x")
    assert [each.split(" ")[0] for each in reported] == ["SECRETS_DIR", "PORT"]
    assert "none" not in reported[0]


def test_an_empty_secrets_dir_is_not_the_working_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "port").write_text("4000")
    monkeypatch.setenv("SECRETS_DIR", "")
    assert load(monkeypatch).port == 3000


def unknown(caplog: pytest.LogCaptureFixture, *, misspelt_only: bool = False) -> list[str]:
    caplog.clear()
    ServiceSettings.log_unknown_names(misspelt_only=misspelt_only)
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_names_that_are_not_settings_are_logged_wherever_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AUTH0_ALOWED_CLIENTS", SECRET)
    (tmp_path / ".env").write_text(f"AUTH0_AUDIENC={SECRET}\nAUTH0_EMPTY=\nDATABASE_URL={SECRET}\n")
    (tmp_path / "secrets" / "auth0_managment_client_secret").write_text(SECRET)
    assert load(monkeypatch).auth0_allowed_clients == ()
    ignored = "is not a setting of auth0-sso and is ignored"
    assert unknown(caplog) == [
        f"AUTH0_ALOWED_CLIENTS {ignored}; did you mean AUTH0_ALLOWED_CLIENTS?",
        f"AUTH0_AUDIENC {ignored}; did you mean AUTH0_AUDIENCE?",
        f"AUTH0_EMPTY {ignored}",
        f"AUTH0_MANAGMENT_CLIENT_SECRET {ignored}; did you mean AUTH0_MANAGEMENT_CLIENT_SECRET?",
    ]
    assert unknown(caplog, misspelt_only=True) == [line for line in unknown(caplog) if "AUTH0_EMPTY" not in line]


def test_names_that_are_nearly_a_setting_are_logged_without_the_prefix_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = ("AUTHO_DOMAIN", "RATE_LIMTI", "CORS_ALOWED_ORIGINS", "WORKER", "HOSTNAME", "AUTH0_CLIENT_SECRET")
    (tmp_path / ".env").write_text("".join(f"{name}={SECRET}\n" for name in names))
    load(monkeypatch)
    assert [line.split()[0] for line in unknown(caplog)] == ["AUTHO_DOMAIN", "CORS_ALOWED_ORIGINS", "RATE_LIMTI"]
    assert [line.split()[0] for line in unknown(caplog, misspelt_only=True)] == ["AUTHO_DOMAIN"]
    assert SECRET not in caplog.text


def test_settings_and_names_of_others_are_not_logged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AUTH0SSO", "1")
    monkeypatch.setenv("MY_AUTH0_DOMAIN", "1")
    (tmp_path / ".env").write_text("auth0_client_id=app\n")
    load(monkeypatch)
    assert unknown(caplog) == []


def test_a_name_cannot_write_its_own_line_into_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(os.environ, "AUTH0_A\nB", "1")
    (reported,) = unknown(caplog)
    assert reported.startswith("AUTH0_A\\nB is not a setting")


def test_a_start_that_fails_names_the_misspelt_setting_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUTH0_DOMIAN", SECRET)
    with pytest.raises(SystemExit) as caught:
        ServiceSettings.load_or_exit()
    assert caught.value.code == EX_CONFIG
    reported = capsys.readouterr().err
    assert "AUTH0_DOMAIN is missing" in reported
    assert "AUTH0_DOMIAN is not a setting of auth0-sso and is ignored; did you mean AUTH0_DOMAIN?" in reported
    assert SECRET not in reported


def test_a_start_without_readable_files_still_exits_with_its_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    with pytest.raises(SystemExit) as caught:
        ServiceSettings.load_or_exit()
    assert caught.value.code == EX_CONFIG
    assert ".env, or a file among the secrets, cannot be read" in capsys.readouterr().err


def test_the_files_of_settings_are_those_that_are_named_like_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secrets = tmp_path / "secrets"
    for name in ("AUTH0_DOMAIN", "auth0_audience", "auth0_issuer_base_url"):
        (secrets / name).touch()
    fields = {"auth0_domain", "auth0_audience"}
    assert loading.files_of(fields) == (Path(".env"), secrets / "AUTH0_DOMAIN", secrets / "auth0_audience")
    monkeypatch.delenv("SECRETS_DIR")
    monkeypatch.setattr(loading, "SECRETS_DIRECTORY", Path("gone"))
    assert loading.files_of(fields) == (Path(".env"),)
