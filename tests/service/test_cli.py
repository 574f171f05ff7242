import gc
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from auth0_devtenant import PEOPLE, TenantOptions
from auth0_sso.errors import ConfigurationError
from auth0_sso.service.cli import main
from auth0_sso.service.dev import banner
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.service.shutdown import SHUTDOWN_SIGNALS
from support.environment import GOOD


def unused_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_token_is_the_command_of_the_tenant_under_this_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "--machine", "--tenant", unused_address()]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("auth0-sso: no tenant responds at http://127.0.0.1:")
    assert output.err.endswith("start one with: auth0-sso dev\n")
    with pytest.raises(SystemExit) as caught:
        main(["token", "--help"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("usage: auth0-sso token [-h]")


@pytest.mark.parametrize("command", [["dev"], ["token", "--machine"], ["token", "--help"]], ids=" ".join)
def test_without_the_tenants_package_the_command_says_what_to_install(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "auth0_devtenant", None)
    assert main(command) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert re.fullmatch(rf"auth0-sso: {command[0]} needs the package auth0-devtenant: install .+\n", output.err)


@pytest.mark.parametrize("command", ["serve", "dev"])
def test_without_the_services_packages_the_command_says_which_extra_to_install(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.setitem(sys.modules, "httptools", None)
    assert main([command]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == f"auth0-sso: {command} needs uvicorn, httptools: install auth0-sso[service]\n"


def test_serve_without_settings_exits_with_78_and_names_them(
    clean_environment: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["serve", "--workers", "2"])
    assert caught.value.code == 78
    assert "AUTH0_DOMAIN is missing" in capsys.readouterr().err


def test_version_is_that_of_the_installed_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"auth0-sso {version('auth0-sso')}\n"


def test_ctrl_c_exits_with_130_and_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def interrupt() -> None:
            with listening.accept()[0]:
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
                finished.wait(30)

        finished, interrupting = threading.Event(), threading.Thread(target=interrupt)
        interrupting.start()
        tenant = f"http://127.0.0.1:{listening.getsockname()[1]}"
        assert main(["token", "--machine", "--tenant", tenant]) == 130
        finished.set()
        interrupting.join(30)
    assert capsys.readouterr() == ("", "")


def test_ctrl_c_while_an_app_is_imported_exits_with_130(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "interrupted_app.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert main(["routes", "interrupted_app:app"]) == 130
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def signals_restored() -> Iterator[None]:
    """Undo at the end what the test changes in the handling of signals."""
    before = {number: signal.getsignal(number) for number in SHUTDOWN_SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.filterwarnings("ignore:unclosed")  # the process exits then, and closes nothing itself
@pytest.mark.usefixtures("clean_environment", "logging_restored", "signals_restored")
def test_serve_at_a_port_in_use_exits_with_1(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, value in (GOOD | {"HOST": "192.0.2.1", "PORT": "1"}).items():
        monkeypatch.setenv(name, value)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = str(taken.getsockname()[1])
        assert main(["serve", "--host", "127.0.0.1", "--port", number]) == 1
    gc.collect()
    logging.root.handlers[0].flush()
    assert f"cannot listen on 127.0.0.1 port {number}: Address already in use" in capfd.readouterr().err


WITHOUT_TENANT = """
import sys
sys.modules["auth0_devtenant"] = None
from auth0_sso.service.cli import main
raise SystemExit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--help"], 0, "{serve,dev,token}|COMMAND"),
        (["dev", "--help"], 0, "--tenant-port"),
        (["serve", "--help"], 0, "--workers"),
        (["serve"], 78, "AUTH0_DOMAIN"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_help_and_serve_do_not_import_the_tenant(arguments: list[str], code: int, words: str, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AUTH0_")}
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENANT, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
        cwd=tmp_path,
        env=environment,
    )
    assert result.returncode == code, result.stderr
    assert re.search(words, result.stdout + result.stderr)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "COMMAND"),
        (["unknown"], "unknown"),
        (["token"], "--machine"),
        (["token", "a@example.com", "--machine"], "not allowed with argument"),
        (["dev", "--port", "http"], "argument --port: 'http' is not a whole number from 0 to 65535"),
        (["dev", "--port", "99999"], "argument --port: '99999' is not a whole number from 0 to 65535"),
        (["dev", "--port", "-1"], "argument --port: '-1' is not"),
        (["dev", "--port", "9" * 5000], "argument --port:"),
        (["dev", "--tenant-port", "65536"], "argument --tenant-port: '65536' is not"),
        (
            ["dev", "--port", "4000", "--tenant-port", "4000"],
            "--port, --tenant-port and --playground-port must differ",
        ),
        (["dev", "--port", "3002"], "--port, --tenant-port and --playground-port must differ"),
        (["dev", "--host", "nowhere.invalid"], "argument --host: invalid choice: 'nowhere.invalid'"),
        (["dev", "--host", "192.168.0.1"], "argument --host: invalid choice: '192.168.0.1'"),
        (["dev", "--set", "RATE_LIMIT"], "'RATE_LIMIT' is not NAME=VALUE"),
        (["dev", "--set", "RATE_LIMITS=1/minute"], "'RATE_LIMITS' is not a setting of docs/settings.md"),
        (["dev", "--set", "AUTH0_DOMAIN=acme.eu.auth0.com"], "AUTH0_DOMAIN follows from the development tenant"),
        (["dev", "--set", "port=4000"], "port follows from the development tenant, --host and --port"),
        (["serve", "--port", "65536"], "argument --port: '65536' is not a whole number from 0 to 65535"),
        (["serve", "--host", ""], "argument --host: an address to listen on is needed"),
        (["serve", "--workers", "0"], "argument --workers: '0' is not a whole number from 1 to 256"),
        (["serve", "--workers", "-1"], "argument --workers: '-1' is not a whole number from 1 to 256"),
        (["serve", "--workers", "257"], "argument --workers: '257' is not a whole number from 1 to 256"),
        (["serve", "--workers", "two"], "argument --workers: 'two' is not a whole number from 1 to 256"),
        (["token", "--machine", "--tenant", "127.0.0.1:3001"], "is not a URL such as http://127.0.0.1:3001/"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)
def test_bad_usage_exits_with_2_and_says_what_is_wrong(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    errors = capsys.readouterr().err
    assert "usage:" in errors
    assert said in errors


def test_the_option_allows_as_many_workers_as_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"auth0_domain": "acme.eu.auth0.com", "auth0_audience": "https://api.example.com"}
    assert ServiceSettings.of(**given, workers="256").workers == 256
    with pytest.raises(ConfigurationError):
        ServiceSettings.of(**given, workers="257")


@pytest.mark.parametrize("port", ["--port", "--tenant-port", "--playground-port"])
def test_a_port_in_use_is_named_with_the_option_changing_it(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = str(taken.getsockname()[1])
        assert main(["dev", "--port", "0", "--tenant-port", "0", "--playground-port", "0", port, number]) == 1
    said = f"auth0-sso: cannot listen on 127.0.0.1:{number}: Address already in use; {port} chooses another port\n"
    assert capsys.readouterr().err == said


def test_a_changed_setting_that_cannot_be_used_exits_with_78(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["dev", "--port", "0", "--tenant-port", "0", "--playground-port", "0", "--set", "RATE_LIMIT=often"])
        == 78
    )
    output = capsys.readouterr()
    assert output.out == ""
    assert "RATE_LIMIT is not a rate limit such as 10/minute" in output.err


def test_the_banner_names_the_command_as_the_shell_finds_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "$(.venv/bin/auth0-sso token --machine)" in banner(TenantOptions(), "http://127.0.0.1:3000")
    (tmp_path / "auth0-sso").touch(mode=0o755)
    assert "$(auth0-sso token --machine)" in banner(TenantOptions(), "http://127.0.0.1:3000")


def test_the_banner_shows_what_runs_and_the_people() -> None:
    text = banner(TenantOptions(), "http://127.0.0.1:3000")
    assert "DEVELOPMENT ONLY" in text
    for person in PEOPLE:
        assert person.email in text
        assert person.password in text
    assert "--tenant" not in text
    assert "EVERY ADDRESS" not in text
    assert "EVERY ADDRESS" in banner(TenantOptions(), "http://127.0.0.1:3000", everywhere=True)
    assert "--tenant http://127.0.0.1:4001/" in banner(
        TenantOptions("http://127.0.0.1:4001/"), "http://127.0.0.1:4000"
    )
