"""Text from outside in log lines: quoted, of limited length, and without control characters."""

from collections.abc import Iterable
from typing import Final

MAX_QUOTED: Final = 200
"""MAX length of a quoted text, in characters; a longer one is cut, which `...` shows."""


def quoted(text: str, limit: int = MAX_QUOTED) -> str:
    """Return a text in quotes, with all but printable ASCII escaped: line breaks, bidirectional controls."""
    escaped = ascii(text[: limit + 1])
    return escaped if len(escaped) <= limit + 2 else f"{escaped[:limit]}..."


def expected_and_found(expected: Iterable[str], found: Iterable[str]) -> str:
    """Return both in words for a log line; each side is quoted, and at most `MAX_QUOTED` characters long."""
    return (
        f"expected {_bounded(' or '.join(map(quoted, expected)))}, found {_bounded(' and '.join(map(quoted, found)))}"
    )


def _bounded(text: str) -> str:
    return text if len(text) <= MAX_QUOTED + 2 else f"{text[:MAX_QUOTED]}..."
