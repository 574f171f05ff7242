"""docs/fuzzing.md: what the fuzzer has done so far, for each target."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from fuzz.target_list import NAMES, load

_DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "fuzzing.md"
_MARK = "<!-- `make fuzz` writes what follows -->"


@dataclass(frozen=True, slots=True)
class Run:
    """The time and the executions of all runs so far; the corpus and the failing inputs of the last one."""

    seconds: int = 0
    executions: int = 0
    features: int = 0
    inputs: int = 0
    failures: int = 0

    def with_more(self, later: "Run") -> "Run":
        """Return the sum with a later run."""
        return Run(
            self.seconds + later.seconds,
            self.executions + later.executions,
            later.features,
            later.inputs,
            later.failures,
        )

    def as_json(self) -> dict[str, int]:
        """Return the numbers by name."""
        return asdict(self)


def write_report(runs: Mapping[str, Run]) -> None:
    """Replace the table in the document."""
    introduction, _, _ = _DOCUMENT.read_text().partition(_MARK)
    rows = [_row(name, runs[name]) for name in NAMES if name in runs]
    total = Run(sum(run.seconds for run in runs.values()), sum(run.executions for run in runs.values()))
    head = (
        "| target | what it checks | minutes | executions | features | inputs kept |\n|---|---|---:|---:|---:|---:|"
    )
    foot = f"| all | | {total.seconds / 60:.0f} | {total.executions:,} | | |"
    _DOCUMENT.write_text("\n".join([f"{introduction}{_MARK}\n", head, *rows, foot, ""]))


def _row(name: str, run: Run) -> str:
    what = (load(name).check.__doc__ or "").splitlines()[0].rstrip(".")
    minutes = f"{run.seconds / 60:.0f}"
    return f"| `{name}` | {what} | {minutes} | {run.executions:,} | {run.features:,} | {run.inputs} |"
