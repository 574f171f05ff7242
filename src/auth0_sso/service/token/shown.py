"""Text from outside as a terminal may show it: on one line, escaped and of limited length."""

import json
from typing import Final

_MAX_LENGTH: Final = 300


def shown(text: str, *, max_length: int = _MAX_LENGTH) -> str:
    """Return a text without control and invisible characters, which could rewrite the terminal, and not too long."""
    escaped = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text[: max_length + 1])
    return escaped if len(escaped) <= max_length else f"{escaped[:max_length]}..."


def shown_json(value: object, *, max_length: int = _MAX_LENGTH) -> str:
    """Return a JSON value in the same way; a tuple is an array."""
    try:
        return shown(json.dumps(value), max_length=max_length)
    except (TypeError, ValueError, RecursionError):
        return "(cannot be shown)"
