"""`exec` and `serve --json`: a tenant for programs in any language."""

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from auth0_devtenant.cli import main

from .command import COMMAND, TIMEOUT, served
from .visitor import USER

FETCH = """
import os, sys, urllib.request
url = os.environ["AUTH0_ISSUER_BASE_URL"] + ".well-known/jwks.json"
print(urllib.request.urlopen(url).status, os.environ["AUTH0_AUDIENCE"])
sys.exit(int(sys.argv[1]))
"""


def run(*arguments: str, code: int = 0) -> str:
    result = subprocess.run(
        [*COMMAND, *arguments], check=False, capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL
    )
    assert (result.returncode, result.stderr) == (code, "")
    return result.stdout


@pytest.mark.parametrize("code", [0, 3])
def test_a_command_runs_against_a_new_tenant_and_its_exit_code_is_returned(code: int) -> None:
    assert run("exec", "--", sys.executable, "-c", FETCH, str(code), code=code) == "200 https://api.example.com\n"


def test_with_tls_the_command_trusts_the_tenant(tmp_path: Path) -> None:
    options = ("--tls", "--tls-folder", str(tmp_path), "--audience", "https://orders.example.com")
    assert run("exec", *options, "--", sys.executable, "-c", FETCH, "0") == "200 https://orders.example.com\n"


def test_with_tls_the_token_command_trusts_the_tenant(tmp_path: Path) -> None:
    script = f"{shlex.join([*COMMAND, 'token', '--machine'])} --tenant $AUTH0_ISSUER_BASE_URL"
    token = run("exec", "--tls", "--tls-folder", str(tmp_path), "--", "sh", "-c", script)
    assert token.startswith("ey")


def test_a_command_that_a_signal_ended_returns_what_a_shell_would() -> None:
    kill = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert run("exec", "--", sys.executable, "-c", kill, code=128 + signal.SIGKILL) == ""


def test_a_command_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exec", "--", "no-such-command"]) == 127
    assert capsys.readouterr().err == "auth0-devtenant: no-such-command: No such file or directory\n"
    with pytest.raises(SystemExit):
        main(["exec"])
    assert "a command is required" in capsys.readouterr().err


def test_another_program_reads_one_line_of_json_and_stops_the_tenant_by_closing_a_pipe() -> None:
    command = [*COMMAND, "serve", "--port", "0", "--json", "--with-parent", "--quiet"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        document = json.loads(process.stdout.readline())
        jwks = httpx.get(f"{document['issuer']}.well-known/jwks.json")
        assert jwks.status_code == 200
        assert document["environment"]["AUTH0_ISSUER_BASE_URL"] == document["issuer"]
        assert [person["email"] for person in document["people"]][-1] == USER.email
        assert process.communicate(timeout=TIMEOUT) == ("", "")  # closes standard input
    assert process.returncode == 0


def test_a_saved_state_is_used_by_the_next_start(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with served("--state", str(file)) as running:
        keys = httpx.get(f"{running.issuer}.well-known/jwks.json").json()
        httpx.post(f"{running.issuer}_development/clock", json={"advance": 60})
        assert running.stop(signal.SIGTERM)[0] == 0
    assert file.stat().st_mode & 0o077 == 0
    with served("--state", str(file)) as running:
        assert httpx.get(f"{running.issuer}.well-known/jwks.json").json() == keys
        assert httpx.get(f"{running.issuer}_development/clock").json()["offset"] == 60
        assert httpx.post(f"{running.issuer}_development/tokens", json={}).status_code == 200


def test_the_management_api_of_an_imported_state_is_that_of_the_new_address(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    run("exec", "--export", str(file), "--", sys.executable, "-c", "")
    with served("--import", str(file)) as running:
        audience = f"{running.issuer}api/v2/"
        body = {
            "grant_type": "client_credentials",
            "client_id": "devManagementClient0000000000000",
            "client_secret": "development-only-management-secret",
            "audience": audience,
        }
        token = httpx.post(f"{running.issuer}oauth/token", data=body).json()["access_token"]
        users = httpx.get(f"{audience}users", headers={"Authorization": f"Bearer {token}"})
        assert users.status_code == 200


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--import", "missing.json"], "missing.json: No such file or directory"),
        (["--seed", "missing.toml"], "missing.toml: No such file or directory"),
        (["--state", "a", "--export", "b"], "--state is both --import and --export"),
        (["--seed", "seed.toml", "--audience", "x"], "--audience is for the built-in API; set it in seed.toml"),
    ],
)
def test_what_cannot_start_says_why(options: list[str], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", "0", *options]) == 1
    assert error in capsys.readouterr().err
