"""`make bench` and `make bench-quick`: measure everything, print it, and write docs/benchmarks.md.

    python bench/run.py [--quick] [--rounds 20] [--seconds 1] [--loop uvloop]

uvloop is the event loop of `auth0-sso serve` too.
"""

import argparse
import asyncio
import sys
from pathlib import Path

import budget
import plot
import report
import sockets
import verification
from wanted import Results

DOCS = Path(__file__).parent.parent / "docs"


def measure(options: argparse.Namespace) -> Results:
    """Measure, with sockets unless a quick run is wanted."""
    field = None
    if not options.quick:
        field = sockets.measure(rounds=options.rounds, seconds=options.seconds, loop=options.loop)
        if field is None:
            print("wrk is not installed: the measurement over sockets is left out", file=sys.stderr)
    costs = budget.measure(redis=not options.quick)
    ratios, refresh = asyncio.run(verification.ratios()), asyncio.run(verification.refresh_ms())
    return Results(costs, ratios, refresh, field)


def main() -> None:
    """Measure and print; a run with sockets writes the page and its plot."""
    parser = argparse.ArgumentParser(description="Measure this package beside others.")
    parser.add_argument("--quick", action="store_true", help="in process only")
    parser.add_argument("--rounds", type=int, default=20, help="rounds over sockets")
    parser.add_argument("--seconds", type=int, default=1, help="seconds of wrk for each server in each round")
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), default="uvloop", help="uvicorn's event loop")
    options = parser.parse_args()
    results = measure(options)
    if results.field is None:
        print("\n\n".join(report.sections(results)))
        return
    page = report.document(results)
    (DOCS / "benchmarks.md").write_text(page)
    (DOCS / "benchmarks.svg").write_text(plot.plot(results.field.rows))
    print(page)


if __name__ == "__main__":
    main()
