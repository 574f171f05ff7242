"""docs/security.md names code and tests that exist, and what it says of the whole source is so."""

import re

import pytest

from support.named_tests import LINK, NAMED, ROOT, assert_all_exist, named_tests, page

PAGE = page("security.md")
LINE = re.compile(r"^\| (?!-|topic|line|STRIDE|boundary)(.+) \|$", re.MULTILINE)


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


BOUNDARIES = {
    "client to service",
    "service to Auth0",
    "several issuers",
    "service to Redis",
    "service to its disk",
    "service to the audit database",
    "service to the trace collector",
    "scraper to the metrics port",
    "Auth0 to `/backchannel-logout`",
    "Auth0 to `/auth0-events`",
    "Auth0 to `/auth0-logs`",
}


def test_each_trust_boundary_has_threats_with_code_and_tests() -> None:
    rows = [line.split(" | ") for line in lines("Trust boundaries")]
    assert {row[0] for row in rows} == BOUNDARIES
    for _, threats, _, code, tests in rows:
        assert set(threats.split()) <= set("STRIDE")
        assert LINK.search(code)
        assert NAMED.search(tests)


# How many requirements each section of V9 and V10 has in ASVS 5.0.0.
ASVS = {"9.1": 3, "9.2": 4, "10.1": 2, "10.2": 3, "10.3": 5, "10.4": 16, "10.5": 5, "10.6": 2, "10.7": 3}


def test_the_sections_of_asvs_are_complete() -> None:
    numbers = re.findall(r"^\| (\d+\.\d+\.\d+) \|", PAGE, re.MULTILINE)
    assert numbers == [f"{section}.{number}" for section, count in ASVS.items() for number in range(1, count + 1)]
    assert len(lines("Checklist")) >= 25


@pytest.mark.parametrize(
    "line", re.findall(r"^\| (\d+\.\d+\.\d+ \|.+) \|$", PAGE, re.MULTILINE), ids=lambda line: line[:7]
)
def test_each_line_of_asvs_has_a_test_or_says_that_it_has_none(line: str) -> None:
    number, _, here, tests = line.split(" | ")
    assert here
    assert NAMED.search(tests) or tests in {"at Auth0, not tested here", "the same"}, number


def test_the_source_reads_and_sets_no_cookie() -> None:
    sources = [*(ROOT / "src").rglob("*.py")]
    uses = re.compile(
        r"\.cookies\b|set_cookie|\bCookie\(|SessionMiddleware|APIKeyCookie|b\"(?:set-)?cookie\"", re.IGNORECASE
    )
    assert [path.name for path in sources if uses.search(path.read_text())] == []
    assert uses.search('response.set_cookie("session", value)')
