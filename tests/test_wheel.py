"""The wheel in an environment of its own, as a user installs it: its types, its guards, and nothing of an extra."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

from support.empty_environment import TIMEOUT, build_wheel, dependencies, install

ROOT = Path(__file__).parent.parent

APP = """
from fastapi import Depends, FastAPI

from auth0_sso import CurrentRoles, CurrentToken, Settings, harden, protect, require_role

app = FastAPI()


@app.get("/me")
async def read_me(token: CurrentToken) -> str:
    return token.subject


@app.get("/reports", dependencies=[Depends(require_role("admin"))])
async def read_reports(roles: CurrentRoles) -> list[str]:
    return sorted(roles)


harden(app, security_headers=True)
protect(app, Settings.of(auth0_domain="acme.eu.auth0.com", auth0_audience=("https://api.example.com",)))
"""

USE = """
from app_of_test import app
from auth0_sso.testing import client, expired

with client(app) as api:
    print(api.as_user("auth0|ann").get("/me").json())
    print(api.as_bearer(expired()).get("/me").status_code)
    print(api.as_user(roles={"admin"}).get("/reports").json())
    print(api.as_user(roles={"editor"}).get("/reports").status_code)
"""

TYPES = """
from app_of_test import app
from auth0_sso import CurrentToken, require_role
from auth0_sso.testing import client


def show(token: CurrentToken) -> None:
    reveal_type(token)
    reveal_type(token.subject)


reveal_type(require_role("admin"))
reveal_type(client(app))
"""

MISTAKES = """
from auth0_sso import protec
from auth0_sso import protect, require_role

require_role(1)
protect("app")
"""


@dataclass(frozen=True)
class Installed:
    """The wheel, and the Python of the environment that has it."""

    wheel: Path
    python: Path
    folder: Path

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run that Python in a folder of its own, with nothing of this process's environment."""
        environment = {"PATH": os.environ["PATH"]}
        command = [str(self.python), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=TIMEOUT, cwd=self.folder, env=environment
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    for name, text in {"app": APP, "use": USE, "types": TYPES, "mistakes": MISTAKES}.items():
        (folder / f"{name}_of_test.py").write_text(text)
    wheel = build_wheel(ROOT, tmp_path_factory.mktemp("wheel"))
    return Installed(wheel, install(wheel, tmp_path_factory.mktemp("environment") / "env"), folder)


@pytest.fixture(scope="module")
def checked(installed: Installed) -> list[str]:
    """What mypy says of the files; it is installed beside this test, not there."""
    names = sorted(path.name for path in installed.folder.glob("*.py"))
    options = ["--strict", "--config-file=", "--cache-dir=/dev/null", "--no-color-output", "--no-error-summary"]
    command = [sys.executable, "-m", "mypy", *options, "--python-executable", str(installed.python), *names]
    run = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
        cwd=installed.folder,
        env={"PATH": os.environ["PATH"]},
    )
    assert run.stderr == ""
    return run.stdout.splitlines()


def test_the_wheel_has_its_types_marked_and_its_lua_scripts(installed: Installed) -> None:
    names = set(ZipFile(installed.wheel).namelist())
    assert "auth0_sso/py.typed" in names
    scripts = {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src").rglob("*.lua")}
    assert scripts
    assert scripts <= names
    assert not [name for name in names if not name.startswith("auth0_sso")]


def test_a_guarded_app_runs_on_the_base_dependencies_alone(installed: Installed) -> None:
    run = installed.run("-W", "error", "use_of_test.py")
    assert run.stderr == ""
    assert run.stdout.split("\n") == ["auth0|ann", "401", "['admin']", "403", ""]


def test_what_an_extra_installs_is_not_there(installed: Installed) -> None:
    optional = dependencies(installed.wheel, "service") - dependencies(installed.wheel)
    assert {"fastapi-swagger", "httptools", "prometheus-client", "redis", "uvicorn", "email-validator"} <= optional
    for name in ("fastapi_swagger", "httptools", "prometheus_client", "redis", "uvicorn", "email_validator"):
        assert f"No module named '{name}'" in installed.run("-c", f"import {name}").stderr


def test_each_extra_is_part_of_the_extra_service(installed: Installed) -> None:
    service = dependencies(installed.wheel, "service")
    for extra in ("redis", "metrics", "docs"):
        assert dependencies(installed.wheel, extra) <= service


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        (
            "from app_of_test import app; from auth0_sso import add_docs; add_docs(app, path='/swagger')",
            r"the docs page needs fastapi_swagger: install auth0-sso\[docs\]",
        ),
        (
            "from app_of_test import app; from auth0_sso import harden; harden(app, trusted_proxies=['10.0.0.1'])",
            r"trusted proxies need uvicorn: install auth0-sso\[service\]",
        ),
        (
            "from auth0_sso import Settings; Settings.of(rate_limit_storage_url='redis://127.0.0.1:6379')",
            r"RATE_LIMIT_STORAGE_URL needs redis.*: install auth0-sso\[redis\]",
        ),
    ],
    ids=["docs", "proxies", "redis"],
)
def test_what_needs_an_extra_says_which(installed: Installed, program: str, sentence: str) -> None:
    assert re.search(rf"ConfigurationError: (.+\n)+.*{sentence}", installed.run("-c", program).stderr)


@pytest.mark.parametrize("command", ["serve", "dev"])
def test_the_command_says_which_extra_it_needs(installed: Installed, command: str) -> None:
    run = installed.run("-m", "auth0_sso", command)
    assert (run.returncode, run.stdout) == (1, "")
    assert re.fullmatch(rf"auth0-sso: {command} needs uvicorn, .+: install auth0-sso\[service\]\n", run.stderr)


def test_a_strict_check_of_a_guarded_app_finds_nothing(checked: list[str]) -> None:
    assert [line for line in checked if line.startswith(("app_of_test", "use_of_test"))] == []


def test_types_reach_the_user(checked: list[str]) -> None:
    found = [line for line in checked if line.startswith("types_of_test")]
    assert [re.sub(r'.+ Revealed type is "(?:auth0_sso\.[a-z_.]+\.)?(.+)"', r"\1", line) for line in found] == [
        "AccessToken",
        "str",
        "TokenGuard",
        "AppUnderTest",
    ]


def test_a_strict_check_finds_a_wrong_name_and_wrong_types(checked: list[str]) -> None:
    found = [line for line in checked if line.startswith("mistakes_of_test")]
    assert [re.sub(r".+\[([a-z-]+)\]$", r"\1", line) for line in found] == ["attr-defined", "arg-type", "arg-type"]
