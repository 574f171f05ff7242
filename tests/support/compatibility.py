"""The table of docs/compatibility.md: the clients and issuers that the tests ran, and what they did with them."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

DOCUMENT: Final = Path(__file__).parent.parent.parent / "docs" / "compatibility.md"
WRITE: Final = os.environ.get("COMPATIBILITY") == "write"

_END = "<!-- end -->\n"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the document between a line that begins it and one that ends it."""

    begin: str
    head: str

    def committed(self) -> list[str]:
        """Return the rows of the committed table."""
        _, _, table = DOCUMENT.read_text().partition(self.begin + self.head)
        return table.partition(_END)[0].splitlines(keepends=True)

    def write(self, rows: Iterable[str]) -> None:
        """Replace the rows of the committed table."""
        before, _, rest = DOCUMENT.read_text().partition(self.begin)
        DOCUMENT.write_text(before + self.begin + self.head + "".join(rows) + _END + rest.partition(_END)[2])


CLIENTS: Final = Table(
    "<!-- written by tests/clients -->\n",
    "| | version | language | what the tests do with it |\n|---|---|---|---|\n",
)
OPINIONS: Final = Table(
    "<!-- written by tests/clients/test_second_opinions_on_proofs.py -->\n",
    "| proof | ours | auth0-fastapi-api | express-oauth2-jwt-bearer | who is right |\n|---|---|---|---|---|\n",
)


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
