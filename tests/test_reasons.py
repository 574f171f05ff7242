"""docs/refusals.md and docs/reasons.md name every reason and every metric that the code has, and no others."""

import ast
import re
from pathlib import Path

from support.reasons import SOURCE, reasons

_METRIC = re.compile(r"(Counter|Gauge|Histogram|Summary)(MetricFamily)?$")
DOCS = Path(__file__).parent.parent / "docs"


def documented(*names: str, heading: str = "") -> set[str]:
    """Return the first cells of the tables below a heading, with `<>` for what varies."""
    found: set[str] = set()
    for name in names:
        section = (DOCS / name).read_text().partition(heading)[2] if heading else (DOCS / name).read_text()
        found |= {re.sub(r"<[^>]+>", "<>", cell) for cell in re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)}
    return found


def metrics() -> set[str]:
    """Return the names of all metrics that the code makes, as a scraper sees them."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name(id=kind), args=[ast.Constant(value=str(name)), *_]):
                    if _METRIC.match(kind):
                        found.add(f"{name}_total" if kind.startswith("Counter") else name)
                case _:
                    pass
    return found


def test_every_reason_is_documented() -> None:
    known = documented("refusals.md") | documented("reasons.md")
    missing = {reason: place for reason, place in reasons().items() if reason not in known}
    assert not missing, f"add these reasons to docs/reasons.md: {missing}"


def test_no_reason_is_documented_that_the_code_does_not_have() -> None:
    gone = (documented("refusals.md") | documented("reasons.md")) - reasons().keys() - metrics()
    assert not gone, f"nothing gives these reasons any more: {gone}"


def test_every_metric_is_documented_and_no_other() -> None:
    assert metrics() == documented("reasons.md", heading="# Metrics")
