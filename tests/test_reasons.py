"""docs/refusals.md, reasons.md and operations.md name every reason and metric that the code has, and no others."""

import re
from pathlib import Path

from auth0_sso.metrics.families import COUNTED, OF_PROCESSES
from support.reasons import reasons

DOCS = Path(__file__).parent.parent / "docs"


def documented(*names: str, heading: str = "") -> set[str]:
    """Return the first cells of the tables below a heading, with `<>` for what varies."""
    found: set[str] = set()
    for name in names:
        section = (DOCS / name).read_text().partition(heading)[2] if heading else (DOCS / name).read_text()
        found |= {re.sub(r"<[^>]+>", "<>", cell) for cell in re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)}
    return found


def metrics() -> set[tuple[str, ...]]:
    """Return the name of each metric as a scraper sees it, its type and its labels."""
    families = (*COUNTED, *OF_PROCESSES)
    return {
        (f"{each.name}_total" if each.kind == "counter" else each.name, each.kind, *each.labels) for each in families
    }


def documented_metrics() -> list[tuple[str, ...]]:
    section = (DOCS / "operations.md").read_text().partition("\n## Metrics\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|([^|]*)\| [^|]+ \|$", section, re.MULTILINE)
    return [(name, kind, *re.findall(r"`(\w+)`", labels)) for name, kind, labels in rows]


def test_every_reason_is_documented() -> None:
    known = documented("refusals.md") | documented("reasons.md")
    missing = {reason: place for reason, place in reasons().items() if reason not in known}
    assert not missing, f"add these reasons to docs/reasons.md: {missing}"


def test_no_reason_is_documented_that_the_code_does_not_have() -> None:
    gone = (documented("refusals.md") | documented("reasons.md")) - reasons().keys()
    assert not gone, f"nothing gives these reasons any more: {gone}"


def test_every_metric_is_documented_with_its_type_and_labels_and_no_other() -> None:
    assert sorted(documented_metrics()) == sorted(metrics())
