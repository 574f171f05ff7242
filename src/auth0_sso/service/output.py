"""How commands print: aligned, with colours on a terminal alone, wrapped at its width."""

import logging
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Final

from auth0_sso.settings.loading import allows_colours

_COLOURS: Final = {"green": "32", "yellow": "33", "red": "31", "dim": "2", "bold": "1"}
_MIN_WIDTH, _MAX_WIDTH, _LAST_COLUMN = 60, 120, 24


def paint(text: str, colour: str | None) -> str:
    """Return a text in a colour if standard output is a terminal and NO_COLOR is not set."""
    if colour is None or not sys.stdout.isatty() or not allows_colours():
        return text
    return f"\033[{_COLOURS[colour]}m{text}\033[0m"


_NO_OUTPUT: Final = logging.NullHandler()


def silence_logs() -> None:
    """Keep log records of the library off standard error: the command says it itself, for people."""
    logging.getLogger("auth0_sso").addHandler(_NO_OUTPUT)  # the same one, so that a second call adds none


def width() -> int:
    """Return how many columns a line may have."""
    return max(_MIN_WIDTH, min(shutil.get_terminal_size((100, 24)).columns, _MAX_WIDTH))


def paragraph(text: str, *, first: str, indent: int) -> list[str]:
    """Return a text as lines: the first one behind `first`, the others indented by as many columns."""
    room = max(width() - indent, _LAST_COLUMN)
    lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
    return [(first if number == 0 else " " * indent) + line for number, line in enumerate(lines)]


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, styles: Mapping[str, str]) -> list[str]:
    """Return rows as aligned lines under their titles; `styles` colours the first cell, the last one is wrapped."""
    widths = [max(len(row[number]) for row in (titles, *rows)) for number in range(len(titles) - 1)]
    lines = []
    for row in (titles, *rows):
        head, *middle = [cell.ljust(size) for cell, size in zip(row, widths, strict=False)]
        first = "  ".join([paint(head, styles.get(row[0])), *middle]) + "  "
        lines += paragraph(row[-1], first=first, indent=sum(widths) + 2 * len(widths))
    return [line.rstrip() for line in lines]
