"""`auth0-sso doctor` and `auth0-sso token explain` as processes, beside a running `auth0-sso dev`."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from auth0_devtenant import SPA_CLIENT_ID
from support.process import COMMAND, dev, environment, free_port

API = "https://api.example.com"


def run(*arguments: str, cwd: Path, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=os.environ | variables,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.usefixtures("clean_environment")
def test_a_developer_checks_the_tenant_and_a_token(tmp_path: Path) -> None:
    with dev() as running:
        variables = environment(int(running.tenant.rstrip("/").rpartition(":")[2]), free_port())
        variables["PORT"] = running.api.rpartition(":")[2]
        variables["AUTH0_CLIENT_ID"] = SPA_CLIENT_ID
        token = running.token("user@example.com")
        checked = run("doctor", "--json", "--token", "-", cwd=tmp_path, stdin=token, **variables)
        explained = run("token", "explain", "-", cwd=tmp_path, stdin=token, **variables)
        options = ("--issuer", running.tenant, "--audience", f"{API}/")
        refused = run("token", "explain", "--json", *options, cwd=tmp_path, stdin=token)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
    statuses = {each["check"]: each["status"] for each in json.loads(checked.stdout)}
    assert [statuses[name] for name in ("discovery", "management", "callback-urls", "api", "token")] == ["pass"] * 5
    assert (explained.returncode, explained.stderr) == (0, "")
    assert explained.stdout.startswith("ACCEPTED\n")
    assert "\033" not in explained.stdout
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["reason"] == "aud_mismatch"


@pytest.mark.usefixtures("clean_environment")
def test_with_nothing_there_it_says_so_and_ends(tmp_path: Path) -> None:
    variables = environment(free_port(), free_port())
    checked = run("doctor", cwd=tmp_path, **variables)
    assert (checked.returncode, checked.stderr) == (1, "")
    assert "connection_refused" in checked.stdout
    assert variables["AUTH0_MANAGEMENT_CLIENT_SECRET"] not in checked.stdout
