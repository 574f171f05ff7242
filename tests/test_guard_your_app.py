"""docs/guard-your-app.md: its files are a user's project, whose tests pass; its commands work as they stand."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support.document import Document
from support.process import eventually, free_port

PAGE = Document.read("guard-your-app.md")


@pytest.fixture
def project(pytester: pytest.Pytester, clean_environment: None) -> pytest.Pytester:
    PAGE.write(pytester)
    return pytester


def test_every_block_is_a_file_or_a_command() -> None:
    PAGE.assert_every_block_is_known()


def test_the_documents_tests_pass_without_environment_or_warning(project: pytest.Pytester) -> None:
    PAGE.assert_tests_pass(project)


@pytest.mark.usefixtures("project")
def test_the_documents_files_pass_mypy_strict() -> None:
    PAGE.assert_types_are_strict()


@pytest.mark.usefixtures("project")
def test_the_table_of_routes_is_what_the_command_prints() -> None:
    [table] = re.findall(r"^```\n\$ auth0-sso routes app:app\n(.+?)^```", PAGE.text, re.DOTALL | re.MULTILINE)
    command = [sys.executable, "-m", "auth0_sso", "routes", "app:app", "--require-guards"]
    printed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (printed.returncode, printed.stdout, printed.stderr) == (0, table, "")


@pytest.mark.usefixtures("project")
def test_the_app_runs_against_the_development_tenant_as_documented() -> None:
    _, _, start, ask = PAGE.commands
    ports = {"3001": str(free_port()), "8000": str(free_port())}
    with bash(commands(start, ports) + "\nwait"):
        eventually(f"http://127.0.0.1:{ports['3001']}/.well-known/jwks.json", 200)
        eventually(f"http://127.0.0.1:{ports['8000']}/me", 401)
        answers = subprocess.run(
            ["bash", "-ec", commands(ask, ports)], capture_output=True, text=True, check=True, timeout=60
        ).stdout
    assert re.findall(r"HTTP/1\.1 (\d+)", answers) == ["200", "403"]
    assert '["a report"]' in answers


def test_the_install_commands_name_the_two_distributions() -> None:
    assert [line.split("  #")[0].strip() for line in PAGE.commands[:2]] == [
        "pip install .",
        "pip install ./devtenant",
    ]


def commands(block: str, ports: dict[str, str]) -> str:
    """Return a block's commands with other ports, and with the programs of this Python."""
    tenant, api = ports["3001"], ports["8000"]
    script = block.replace("devtenant serve", f"devtenant serve --port {tenant}").replace(
        "uvicorn app:app", f"uvicorn app:app --port {api}"
    )
    script = re.sub(r"(devtenant token \S+?)\)", rf"\1 --tenant http://127.0.0.1:{tenant}/)", script)
    script = script.replace("127.0.0.1:3001", f"127.0.0.1:{tenant}").replace("127.0.0.1:8000", f"127.0.0.1:{api}")
    for name, module in {"auth0-devtenant": "auth0_devtenant", "uvicorn": "uvicorn"}.items():
        script = f'{name}() {{ {sys.executable} -m {module} "$@"; }}\n{script}'
    return script


@contextmanager
def bash(script: str) -> Iterator[None]:
    """Run a script and what it started until the block ends."""
    with subprocess.Popen(["bash", "-ec", script], start_new_session=True, stdout=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
