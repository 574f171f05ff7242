"""`make container` leaves a stamp for `make release` only if all passed for a commit.

main.sh runs in a checkout of its own, where scripts stand in for Docker and for the checks.
"""

import subprocess
from pathlib import Path

import pytest

MAIN = Path(__file__).parent.parent / "container" / "main.sh"
GIT = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    (folder / "tests" / "container").mkdir(parents=True)
    (folder / "tests" / "container" / "main.sh").write_bytes(MAIN.read_bytes())
    (folder / ".gitignore").write_text(".container\n")
    write(folder / "tests" / "container" / "check.sh", 'test "$1" != "${FAILING:-}"')
    subprocess.run([*GIT, "init", "--quiet"], cwd=folder, check=True)
    commit(folder)
    return folder


def write(path: Path, line: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def commit(folder: Path) -> str:
    subprocess.run([*GIT, "add", "."], cwd=folder, check=True)
    subprocess.run([*GIT, "commit", "--quiet", "--allow-empty", "-m", "x"], cwd=folder, check=True)
    return subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=folder, text=True).strip()


def run(folder: Path, *, docker: str = "exit 0", failing: str = "") -> "subprocess.CompletedProcess[str]":
    write(folder.parent / "bin" / "docker", docker)
    return subprocess.run(
        ["/bin/bash", "tests/container/main.sh"],
        cwd=folder,
        env={"PATH": f"{folder.parent}/bin:/usr/bin:/bin", "FAILING": failing},
        capture_output=True,
        text=True,
        check=False,
    )


def stamp(folder: Path) -> str | None:
    path = folder / ".container" / "passed"
    return path.read_text() if path.exists() else None


def test_a_pass_names_the_commit(checkout: Path) -> None:
    done, head = run(checkout), subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=checkout, text=True)
    assert done.returncode == 0, done.stderr
    assert stamp(checkout) == f"{head}the Docker engine of the machine\n"


def test_without_an_engine_there_is_no_stamp(checkout: Path) -> None:
    done = run(checkout, docker="exit 1")
    assert done.returncode == 0
    assert done.stdout.startswith("Skipped: no Docker engine answers")
    assert stamp(checkout) is None


@pytest.mark.parametrize("failing", ["build", "run"])
def test_a_failure_withdraws_the_stamp(checkout: Path, failing: str) -> None:
    run(checkout)
    assert run(checkout, failing=failing).returncode == 1
    assert stamp(checkout) is None


def test_changed_files_are_no_commit(checkout: Path) -> None:
    (checkout / "changed").touch()
    done = run(checkout)
    assert done.returncode == 0
    assert "Passed, but for no commit" in done.stdout
    assert stamp(checkout) is None
