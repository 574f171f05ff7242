"""docs/security.md names code and tests that exist, and what it says of the whole source is so."""

import re

import pytest

from support.named_tests import LINK, NAMED, ROOT, assert_all_exist, named_tests, page

PAGE = page("security.md")
LINE = re.compile(r"^\| (?!-|topic|line|STRIDE)(.+) \|$", re.MULTILINE)


def lines(heading: str) -> list[str]:
    section = re.split(r"^#+ ", PAGE.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return LINE.findall(section)


def test_every_named_path_and_test_exists() -> None:
    assert_all_exist(PAGE)
    assert len(named_tests(PAGE)) >= 60


@pytest.mark.parametrize("line", lines("Checklist"), ids=lambda line: line.partition(" | ")[0])
def test_each_line_of_the_checklist_has_code_and_a_test(line: str) -> None:
    _, _, code, tests = line.split(" | ")
    assert LINK.search(code)
    assert NAMED.search(tests)


def test_the_sections_of_asvs_are_complete() -> None:
    numbers = re.findall(r"^\| (\d+\.\d+\.\d+) \|", PAGE, re.MULTILINE)
    assert numbers == [
        *(f"9.1.{number}" for number in range(1, 4)),
        *(f"9.2.{number}" for number in range(1, 5)),
        *(f"10.1.{number}" for number in range(1, 3)),
        *(f"10.2.{number}" for number in range(1, 4)),
        *(f"10.3.{number}" for number in range(1, 6)),
    ]
    assert len(lines("Checklist")) >= 25


def test_the_source_reads_and_sets_no_cookie() -> None:
    sources = [*(ROOT / "src").rglob("*.py")]
    uses = re.compile(
        r"\.cookies\b|set_cookie|\bCookie\(|SessionMiddleware|APIKeyCookie|b\"(?:set-)?cookie\"", re.IGNORECASE
    )
    assert [path.name for path in sources if uses.search(path.read_text())] == []
    assert uses.search('response.set_cookie("session", value)')
