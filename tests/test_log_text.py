"""Text from outside cannot forge a log line, nor make one long."""

import pytest

from auth0_sso.log_text import MAX_QUOTED, expected_and_found, quoted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://a.example/", "'https://a.example/'"),
        ("a\r\nb", r"'a\r\nb'"),
        ("\x1b[2J\u202e", r"'\x1b[2J\u202e'"),
        ("it's", '"it\'s"'),
        ("\ud800", r"'\ud800'"),
    ],
    ids=ascii,
)
def test_a_text_is_quoted_in_printable_ascii(text: str, shown: str) -> None:
    assert quoted(text) == shown


@pytest.mark.parametrize("text", ["x" * 201, "x" * 100_000, "\u202e" * 100_000], ids=["one more", "long", "escaped"])
def test_a_long_text_is_cut(text: str) -> None:
    assert len(quoted(text)) == MAX_QUOTED + 3
    assert quoted(text).endswith("...")
    assert quoted("x" * 200).endswith("x'")


def test_many_texts_are_cut_as_one() -> None:
    said = expected_and_found(["a", "b"], ["c"] * 1000)
    assert said.startswith("expected 'a' or 'b', found 'c' and 'c'")
    assert len(said) < 2 * MAX_QUOTED + 30
