"""docs/guard-any-asgi-app.md: its files are a user's project, whose tests pass."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from auth0_sso.testing import hostile_tokens
from auth0_sso.testing.issuer import issuer_of_process
from support.pytest_plugin import PLUGIN

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "docs" / "guard-any-asgi-app.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.+?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)
FILES = {code.splitlines()[0].removeprefix("# "): code for _, code in BLOCKS}


@pytest.fixture
def project(pytester: pytest.Pytester, clean_environment: None) -> pytest.Pytester:
    """Write the document's files into a directory, with the JWK Set that one of them reads."""
    for name, code in FILES.items():
        (pytester.path / name).write_text(code)
    (pytester.path / "jwks.json").write_text(json.dumps(issuer_of_process().jwks("key-0")))
    pytester.makeini("[pytest]\nfilterwarnings = error\npythonpath = .\n")
    os.chdir(pytester.path)
    return pytester


def test_every_block_is_a_file() -> None:
    assert {language for language, _ in BLOCKS} == {"python"}
    assert len(FILES) == len(BLOCKS)
    assert all(name.endswith(".py") for name in FILES)


def test_the_documents_tests_pass_without_environment_or_warning(project: pytest.Pytester) -> None:
    named = sum(code.count("\ndef test_") for code in FILES.values())
    result = project.runpytest_subprocess(*PLUGIN, "-q", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=named - 1 + len(hostile_tokens()))


@pytest.mark.usefixtures("project")
def test_the_documents_files_pass_mypy_strict() -> None:
    mypy = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--cache-dir", os.devnull, *FILES]
    path = os.environ | {"MYPYPATH": str(ROOT / "src")}
    result = subprocess.run(mypy, env=path, capture_output=True, text=True, timeout=300, check=False)
    assert (result.returncode, result.stdout) == (0, f"Success: no issues found in {len(FILES)} source files\n")
