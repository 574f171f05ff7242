import io
import sys

import pytest

from auth0_sso.service.token.given import plain_token, read_token


@pytest.mark.parametrize(
    "text",
    [
        "a.b.c",
        "a.b.c\n",
        "Bearer a.b.c",
        "Authorization: Bearer a.b.c\r\n",
        "'a.b.c'",
        '"a.b.c"',
        "authorization:bearer a.b.c",
    ],
)
def test_a_token_is_found_in_what_people_copy(text: str) -> None:
    assert plain_token(text) == "a.b.c"


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("a.b.c\n"))
    assert read_token("-") == "a.b.c"
    assert read_token("x.y.z") == "x.y.z"


def test_a_terminal_is_told_how_to_end_the_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = io.StringIO("a.b.c\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    assert read_token("-") == "a.b.c"
    assert "Ctrl-D" in capsys.readouterr().err
