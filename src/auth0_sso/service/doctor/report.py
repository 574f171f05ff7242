"""The findings as text for a person, or as JSON for a program."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from auth0_sso.service.doctor.checks import Line
from auth0_sso.service.doctor.findings import Status
from auth0_sso.service.output import paint, paragraph

_COLOURS: Final[Mapping[Status, str]] = {"pass": "green", "warn": "yellow", "fail": "red", "skip": "dim"}
_STATUS_WIDTH, _CHECK_WIDTH = 4, 17
_INDENT: Final = _STATUS_WIDTH + 2 + _CHECK_WIDTH + 2
_WORDS: Final[Mapping[Status, str]] = {"pass": "passed", "warn": "warned", "fail": "failed", "skip": "skipped"}


def as_text(line: Line) -> str:
    """Return a finding as aligned lines, its fix below it."""
    status, name = line.finding.status, line.check
    first = f"{paint(status.upper(), _COLOURS[status])}  {name.ljust(_CHECK_WIDTH)}  "
    lines = paragraph(line.finding.message, first=first, indent=_INDENT)
    if line.finding.fix:
        label = "Hint: " if status == "skip" else "Fix: "
        lines += paragraph(line.finding.fix, first=" " * _INDENT + label, indent=_INDENT + len(label))
    return "\n".join(lines)


def summary(lines: Sequence[Line]) -> str:
    """Return how many findings of each status there are."""
    counts = Counter(line.finding.status for line in lines)
    return ", ".join(f"{counts[status]} {word}" for status, word in _WORDS.items())


def as_json(lines: Sequence[Line]) -> str:
    """Return an array of objects with the members check, status, message and fix."""
    return json.dumps(
        [
            {
                "check": line.check,
                "status": line.finding.status,
                "message": line.finding.message,
                "fix": line.finding.fix,
            }
            for line in lines
        ],
        indent=2,
    )
