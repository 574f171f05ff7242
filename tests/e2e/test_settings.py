"""ServiceSettings at the start: invalid values are refused, and unknown names are warned of."""

import json
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
def test_the_unedited_example_file_is_refused_with_what_to_fill_in(tmp_path: Path) -> None:
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
def test_a_misspelled_setting_is_warned_of_once(tmp_path: Path, workers: int) -> None:
    log, port = tmp_path / "log", free_port()
    variables = environment(free_port(), port) | {"LOG_TO": str(log), "AUTH0_ALOWED_CLIENTS": "the-value"}
    with process(*COMMAND, "serve", "--workers", str(workers), **variables):
        eventually(f"http://127.0.0.1:{port}/healthz", 200)
    warnings = [line for line in log.read_text().splitlines() if "AUTH0_ALOWED_CLIENTS" in line]
    assert len(warnings) == 1
    line = json.loads(warnings[0])
    assert (line["level"], line["logger"]) == ("WARNING", "auth0_sso.settings")
    assert line["message"].endswith("is ignored; did you mean AUTH0_ALLOWED_CLIENTS?")
    assert "the-value" not in log.read_text()


@pytest.mark.parametrize("build", ["create_app()", "protect(FastAPI())"])
@pytest.mark.usefixtures("clean_environment")
def test_an_app_that_reads_its_settings_warns_of_a_misspelled_one(
    monkeypatch: pytest.MonkeyPatch, build: str
) -> None:
    for name, value in (GOOD | {"AUTH0_ALOWED_CLIENTS": "the-value"}).items():
        monkeypatch.setenv(name, value)
    script = "from auth0_sso import create_app; create_app()"
    built = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert built.stderr.count("AUTH0_ALOWED_CLIENTS is not a setting of auth0-sso") == 1
    assert "the-value" not in built.stderr
