"""A page of docs whose blocks are a user's project: its files, and its commands."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from auth0_sso.testing import hostile_tokens
from auth0_sso.testing.issuer import issuer_of_process
from support.pytest_plugin import PLUGIN

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Document:
    """The blocks of a page: Python files by the name in their first line, and shell commands."""

    text: str
    blocks: list[tuple[str, str]]

    @classmethod
    def read(cls, name: str) -> "Document":
        """Read docs/`name`."""
        text = (ROOT / "docs" / name).read_text()
        return cls(text, re.findall(r"^```(\w+)\n(.+?)^```", text, re.DOTALL | re.MULTILINE))

    @property
    def files(self) -> dict[str, str]:
        return {
            code.splitlines()[0].removeprefix("# "): code for language, code in self.blocks if language == "python"
        }

    @property
    def commands(self) -> list[str]:
        return [code for language, code in self.blocks if language == "sh"]

    @property
    def scripts(self) -> list[str]:
        """The blocks for a browser, which tests/clients runs."""
        return [code for language, code in self.blocks if language == "js"]

    def write(self, pytester: pytest.Pytester) -> None:
        """Write the files into a directory and enter it, with the JWK Set that one of them reads."""
        for name, code in self.files.items():
            (pytester.path / name).write_text(code)
        (pytester.path / "jwks.json").write_text(json.dumps(issuer_of_process().jwks("key-0")))
        pytester.makeini("[pytest]\nfilterwarnings = error\npythonpath = .\n")
        os.chdir(pytester.path)

    def assert_every_block_is_known(self) -> None:
        """Assert that each block is a file of its own, a command or a script."""
        assert len(self.files) + len(self.commands) + len(self.scripts) == len(self.blocks)
        assert all(name.endswith(".py") for name in self.files)

    def assert_tests_pass(self, pytester: pytest.Pytester) -> None:
        """Assert that all tests in the files pass; one that takes `hostile_token` runs for each of them."""
        code = "\n".join(self.files.values())
        tests, hostile = re.findall(r"^(?:async )?def test_", code, re.MULTILINE), code.count("hostile_token: ")
        result = pytester.runpytest_subprocess(*PLUGIN, "-q", "-p", "no:cacheprovider")
        result.assert_outcomes(passed=len(tests) + hostile * (len(hostile_tokens()) - 1))

    def assert_types_are_strict(self) -> None:
        """Assert that the files, which are written, pass mypy."""
        mypy = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--cache-dir", os.devnull]
        path = os.environ | {"MYPYPATH": str(ROOT / "src")}
        result = subprocess.run(
            [*mypy, *self.files], env=path, capture_output=True, text=True, timeout=300, check=False
        )
        expected = f"Success: no issues found in {len(self.files)} source files\n"
        assert (result.returncode, result.stdout) == (0, expected)
