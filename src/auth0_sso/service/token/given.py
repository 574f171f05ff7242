"""A token as a person gives it: as an argument, or on standard input so that it is in no shell history."""

import sys
from typing import Final

_MAX_BYTES: Final = 1024 * 1024
_PREFIXES: Final = ("authorization:", "bearer ")


def read_token(argument: str) -> str:
    """Return the token of an argument, of which `-` names standard input; empty if there is none."""
    if argument != "-":
        return plain_token(argument)
    if sys.stdin.isatty():
        print("Paste the token, then press Enter and Ctrl-D.", file=sys.stderr)
    return plain_token(sys.stdin.read(_MAX_BYTES))


def plain_token(text: str) -> str:
    """Return the token in a text that may be a whole Authorization header, quoted, or have a line break behind."""
    text = text.strip().strip("\"'")
    for prefix in _PREFIXES:
        if text.lower().startswith(prefix):
            text = text[len(prefix) :].strip()
    return text
