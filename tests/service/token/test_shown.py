import pytest

from auth0_sso.service.token.shown import shown, shown_json


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("\x1b[2J\n", "\\x1b[2J\\n"),
        ("a\u202eb", "a\\u202eb"),
        ("x" * 400, "x" * 300 + "..."),
        ("\n" * 300, "\\n" * 150 + "..."),
    ],
    ids=["plain", "escape", "bidi", "long", "long-when-escaped"],
)
def test_text_from_outside_cannot_rewrite_the_terminal(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_what_is_no_json_is_not_shown() -> None:
    assert shown_json(("a", {"b": 1})) == '["a", {"b": 1}]'
    assert shown_json({1j}) == "(cannot be shown)"
