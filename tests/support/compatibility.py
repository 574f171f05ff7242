"""The table of docs/compatibility.md: the clients and issuers that the tests ran, and what they did with them."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

DOCUMENT: Final = Path(__file__).parent.parent.parent / "docs" / "compatibility.md"
WRITE: Final = os.environ.get("COMPATIBILITY") == "write"

_BEGIN, _END = "<!-- written by tests/clients -->\n", "<!-- end -->\n"
_HEAD = "| | version | language | what the tests do with it |\n|---|---|---|---|\n"


@dataclass(frozen=True, order=True, slots=True)
class Entry:
    """A client or an issuer."""

    name: str
    version: str
    language: str


@dataclass
class Record:
    """What the tests of this run did, by client, in the order in which they ran."""

    done: dict[Entry, list[str]] = field(default_factory=dict)

    def add(self, entry: Entry, what: str) -> None:
        """Note that a test passed."""
        self.done.setdefault(entry, []).append(what)

    def rows(self) -> list[str]:
        """Return the rows of the table, in alphabetical order."""
        return [_row(entry, self.done[entry]) for entry in sorted(self.done, key=lambda entry: entry.name.lower())]


def _row(entry: Entry, done: list[str]) -> str:
    return f"| {entry.name} | {entry.version} | {entry.language} | {'; '.join(dict.fromkeys(done))} |\n"


def committed_rows() -> list[str]:
    """Return the rows of the committed table."""
    _, _, table = DOCUMENT.read_text().partition(_BEGIN + _HEAD)
    return table.partition(_END)[0].splitlines(keepends=True)


def write_rows(rows: Iterable[str]) -> None:
    """Replace the rows of the committed table."""
    before, _, rest = DOCUMENT.read_text().partition(_BEGIN)
    DOCUMENT.write_text(before + _BEGIN + _HEAD + "".join(rows) + _END + rest.partition(_END)[2])
