import io
import sys

import pytest

from auth0_sso.service.output import paint, paragraph, table, width


def test_columns_are_aligned_and_the_last_is_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    rows = [("ok", "a-long-name", "one two three four five six seven eight nine ten eleven"), ("refused", "b", "x")]
    assert table(("check", "", "found"), rows, styles={"ok": "green"}) == [
        "check                 found",
        "ok       a-long-name  one two three four five six seven",
        "                      eight nine ten eleven",
        "refused  b            x",
    ]


@pytest.mark.parametrize(("columns", "expected"), [("20", 60), ("90", 90), ("500", 120)])
def test_lines_are_neither_too_short_nor_too_long(
    monkeypatch: pytest.MonkeyPatch, columns: str, expected: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert width() == expected


def test_a_word_longer_than_the_line_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    url = "https://" + "x" * 80
    assert paragraph(f"see {url}", first="Fix: ", indent=5) == ["Fix: see", f"     {url}"]
    assert paragraph("", first="Fix: ", indent=5) == ["Fix: "]


def test_a_pipe_gets_no_colours_and_a_terminal_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert paint("PASS", "green") == "PASS"
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", terminal)
    assert paint("PASS", "green") == "\033[32mPASS\033[0m"
    assert paint("PASS", None) == "PASS"
