"""The examples for JavaScript install what the tests run them with."""

import json
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parent
EXAMPLES = CLIENTS.parent.parent / "examples"


@pytest.mark.parametrize("name", ["spa", "nextjs"])
def test_an_example_installs_the_tested_versions(name: str) -> None:
    tested = json.loads((CLIENTS / "package.json").read_text())["dependencies"]
    own = json.loads((EXAMPLES / name / "package.json").read_text())["dependencies"]
    assert own
    assert own.items() <= tested.items()
