"""What an operator sees of settings: a start that is refused, and names that are not settings."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from auth0_sso.service.settings import EX_CONFIG
from support.environment import GOOD
from support.process import COMMAND, environment, eventually, free_port, process

ROOT = Path(__file__).parents[2]


@pytest.mark.usefixtures("clean_environment")
def test_the_example_file_as_it_is_starts_nothing_and_says_what_to_fill_in(tmp_path: Path) -> None:
    shutil.copy(ROOT / ".env.example", tmp_path / ".env")
    start = subprocess.run([*COMMAND, "serve"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert start.returncode == EX_CONFIG
    first, *lines = start.stderr.splitlines()
    assert first == "auth0-sso: The settings cannot be used:"
    assert [line.split(":")[0] for line in lines] == [
        "  AUTH0_DOMAIN still has the example's value",
        "  AUTH0_AUDIENCE still has the example's value",
    ]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.usefixtures("clean_environment")
def test_a_misspelt_setting_is_told_once_at_the_start(tmp_path: Path, workers: int) -> None:
    log, port = tmp_path / "log", free_port()
    variables = environment(free_port(), port) | {"LOG_TO": str(log), "AUTH0_ALOWED_CLIENTS": "the-value"}
    with process(*COMMAND, "serve", "--workers", str(workers), **variables):
        eventually(f"http://127.0.0.1:{port}/healthz", 200)
    told = [line for line in log.read_text().splitlines() if "AUTH0_ALOWED_CLIENTS" in line]
    assert len(told) == 1
    assert " WARNING auth0_sso.settings [" in told[0]
    assert told[0].endswith("is ignored; did you mean AUTH0_ALLOWED_CLIENTS?")
    assert "the-value" not in log.read_text()


@pytest.mark.usefixtures("clean_environment")
def test_an_app_that_reads_its_settings_tells_a_misspelt_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (GOOD | {"AUTH0_ALOWED_CLIENTS": "the-value"}).items():
        monkeypatch.setenv(name, value)
    script = "from auth0_sso import create_app; create_app()"
    built = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert built.stderr.count("AUTH0_ALOWED_CLIENTS is not a setting of auth0-sso") == 1
    assert "the-value" not in built.stderr
