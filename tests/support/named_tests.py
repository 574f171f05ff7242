"""The tests that a page of docs names as proof: `[test_x.py](../tests/test_x.py): `test_that_it_is_so``."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LINK = re.compile(r"\]\(\.\./([^)#]+)\)")
NAMED = re.compile(r"\]\(\.\./([^)#]+\.py)\): ((?:`test_\w+`(?:, )?)+)")


def page(name: str) -> str:
    """Return the text of docs/`name`."""
    return (ROOT / "docs" / name).read_text()


def named_tests(text: str) -> list[tuple[str, str]]:
    """Return the path and name of each test that a text names."""
    return [(path, name) for path, names in NAMED.findall(text) for name in re.findall(r"test_\w+", names)]


def assert_all_exist(text: str) -> None:
    """Assert that each path exists, and that each test is in the file that is named beside it."""
    assert [path for path in LINK.findall(text) if not (ROOT / path).is_file()] == []
    found = named_tests(text)
    assert [each for each in found if f"def {each[1]}(" not in (ROOT / each[0]).read_text()] == []
    assert set(re.findall(r"`(test_\w+)`", text)) == {name for _, name in found}, "a name without its file"
