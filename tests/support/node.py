"""Programs of tests/clients/programs and examples/nextjs, run by Node.js with the packages of `make test`."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

PROGRAMS: Final = Path(__file__).parent.parent / "clients" / "programs"
NEXTJS: Final = PROGRAMS.parent.parent.parent / "examples" / "nextjs"
INSTALLED: Final = Path(sys.prefix) / "clients"
"""Where `make test` installs tests/clients/package-lock.json."""

_OLDEST = (20, 19)
_PATIENCE = 30.0


@cache
def why_not() -> str | None:
    """Return why no program can run, or None."""
    node = shutil.which("node")
    if node is None:
        return "node is not installed"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < _OLDEST:
        return f"node is {version.strip()}, and {_OLDEST[0]}.{_OLDEST[1]} is the oldest that the clients run with"
    return None if (INSTALLED / "node_modules").is_dir() else "the clients are not installed: run make test"


def version_of(package: str) -> str:
    """Return the installed version of a package."""
    return str(json.loads((INSTALLED / "node_modules" / package / "package.json").read_text())["version"])


@dataclass(frozen=True, slots=True)
class Program:
    """A running program, and the JSON object that it printed when it was ready."""

    ready: dict[str, Any]

    @property
    def url(self) -> str:
        """The address that it listens on, without a slash at the end."""
        return str(self.ready["url"])


@contextmanager
def program(name: str, **environment: str) -> Iterator[Program]:
    """Run a program until the block ends; it is ready when it has printed a line of JSON."""
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            ["node", _installed(name)], stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | environment
        ) as running,
    ):
        try:
            assert running.stdout is not None
            line = running.stdout.readline()
            log.seek(0)
            assert line, f"{name} has stopped: {log.read()}"
            yield Program(json.loads(line))
        finally:
            running.terminate()
            try:
                running.wait(_PATIENCE)
            finally:
                running.kill()


def output_of(name: str, **environment: str) -> Any:  # noqa: ANN401 - JSON
    """Run a program to its end; return the JSON that it prints."""
    result = subprocess.run(
        ["node", _installed(name)],
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
        env=os.environ | environment,
    )
    assert result.returncode == 0, f"{name} has failed: {result.stderr}"
    return json.loads(result.stdout)


def _installed(name: str) -> Path:
    """Copy the programs to the packages, where Node.js looks for what they import."""
    for source in PROGRAMS.glob("*.mjs"):
        shutil.copy2(source, INSTALLED)
    own = shutil.ignore_patterns("node_modules", ".next")
    shutil.copytree(NEXTJS, INSTALLED / "examples" / "nextjs", ignore=own, dirs_exist_ok=True)
    return INSTALLED / name
