"""docs/refusals.md as the tests read it: each reason, and the sentence the caller gets for it."""

import re
from pathlib import Path

_DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "refusals.md"
_PLACE = re.compile(r"<(\w+)>")


def documented_sentence(reason: str) -> str:
    """Return the one sentence documented for a reason, its own row going before its family's."""
    found: list[str] = []
    for name, sentence in re.findall(r"^\| `(\S+)` \| (.+?) \| .+ \|$", _DOCUMENT.read_text(), re.MULTILINE):
        pattern = _PLACE.sub(r"(?P<\1>\\w+?)", name)
        match = re.fullmatch(pattern, reason)
        if match is not None:
            found.append(_PLACE.sub(lambda place, match=match: str(match[place[1]]), sentence))  # type: ignore[misc]  # bound early
    assert found, f"{reason} is not documented"
    return found[0]
