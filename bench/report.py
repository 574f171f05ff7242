"""docs/benchmarks.md: what `make bench` measured, on what and how."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version

from budget import REQUESTS, ROUNDS, Cost
from contenders import NODE, why_without_node
from sockets import CONNECTIONS, TOKENS, Field
from wanted import Results, wanted

_PACKAGES = [
    "fastapi",
    "starlette",
    "uvicorn",
    "httptools",
    "pydantic",
    "cryptography",
    "python-jose",
    "auth0-fastapi-api",
    "auth0-api-python",
    "authlib",
    "pyjwt",
    "joserfc",
    "redis",
]
_NODE_PACKAGES: tuple[str, ...] = (
    *("fastapi", "starlette", "uvicorn", "httptools", "pydantic", "cryptography", "python-jose", "auth0-fastapi-api"),
    *("auth0-api-python", "authlib", "pyjwt", "joserfc", "redis"),
)
_NODE_PACKAGES = ("express", "express-oauth2-jwt-bearer", "fastify", "@fastify/jwt", "fast-jwt")

INTRODUCTION = """\
# Benchmarks

`make bench` writes this page. `make bench-quick` prints the parts without sockets in less than a minute.

All figures are ratios within one run, because times depend on the machine and on what else it does. Compare ratios of
two runs with caution: differences below 10 % are noise."""

METHOD = """\
## Method

- Over sockets: all Python servers run in uvicorn, in one process, with the same event loop, httptools and no access
  log of uvicorn. wrk sends `GET` requests with {tokens:,} tokens in random order on {connections} connections.
  {cores}
  There are {rounds} rounds, in which each server is measured for {seconds} s. Before each round every server must
  answer 200 to a valid token and 401 to a tampered one.
- The tokens are RS256 with a key of 2,048 bits and 830 characters long, as Auth0 issues them; the issuer is local.
  Each token has its own subject. Roles come from a claim (`AUTH0_ROLE_SOURCE=claim`); rate limits are counted in
  memory and are never reached. No request has an `Origin` header. Access logs go to a file.
- "Everything on" is `protect` with a role and a rate limit, and `harden` with all its parts. Where nothing else is
  said, routes are `GuardedRoute`s. The caches of verified tokens, of auth0_sso and of @fastify/jwt, hold all tokens;
  the other libraries have none.
- In process: requests go directly to the app, {requests} in each of {budget_rounds} interleaved rounds, of which the
  minimum counts."""


def document(results: Results) -> str:
    """Return the whole page."""
    parts = [INTRODUCTION]
    if results.field is not None:
        parts += ["![Throughput of each server as a ratio to FastAPI without authentication](benchmarks.svg)"]
    parts += [*sections(results)]
    if results.field is not None:
        parts += [_method(results.field)]
    return "\n\n".join([*parts, _versions(results.field)]) + "\n"


def sections(results: Results) -> Iterator[str]:
    """Yield what was measured: a heading and a table each."""
    if results.field is not None:
        yield from _sockets(results.field)
    yield "## In process: the budget by layer"
    yield "What a request takes in an app with one layer more than another, without a server."
    yield _budget(results.costs)
    yield "## Verification of one token"
    yield "The floor is cryptography, base64 and json alone."
    yield table(
        ("library", "ratio to the floor"), [(name, f"{ratio:.2f}") for name, ratio in results.verifications.items()]
    )
    yield "## Wanted and measured"
    yield "`make load` measures what is wanted of `auth0-sso serve` and its workers."
    rows = [
        (
            each.what,
            f"{'>=' if each.at_least else '<='} {each.bound:.2f}",
            _figure(each.measured),
            "" if each.by_cpu is None else f"{each.by_cpu:.2f}",
            each.met,
        )
        for each in wanted(results)
    ]
    yield table(("what", "wanted", "measured", "by CPU", "met"), rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose columns are aligned in plain text too; figures to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    right = [
        column > 0 and all(re.match(r"[-+>~<\d]|not|$", row[column]) for row in rows) for column in range(len(head))
    ]

    def line(cells: Sequence[str]) -> str:
        placed = [
            cell.rjust(width) if at_right else cell.ljust(width)
            for cell, width, at_right in zip(cells, widths, right, strict=True)
        ]
        return f"| {' | '.join(placed)} |"

    rule = [
        f"{'-' * (width - 1)}:" if at_right else "-" * width for width, at_right in zip(widths, right, strict=True)
    ]
    return "\n".join([line(head), line(rule), *map(line, rows)])


def _figure(measured: float | None) -> str:
    return "not measured" if measured is None else f"{measured:.2f}"


def _sockets(field: Field) -> Iterator[str]:
    yield "## Over sockets: the field"
    yield (
        "Ratios to FastAPI without authentication in the same round: the median, and the middle half of the rounds.\n"
        "CPU is the throughput per second of the server's CPU time, which other programs on the machine influence\n"
        "less. Of latencies (p50, p99) less is better."
    )
    rows = []
    for row in field.rows:
        low, high = row.middle_half("per_second")
        rows.append(
            (
                row.contender.name,
                f"{row.ratio('per_second'):.2f}",
                f"{low:.2f} - {high:.2f}",
                *(f"{row.ratio(figure):.2f}" for figure in ("per_cpu_second", "p50", "p99")),
            )
        )
    yield table(("server", "throughput", "middle half", "CPU", "p50", "p99"), rows)
    if field.left_out:
        yield "Left out: " + "; ".join(f"{name} ({reason})" for name, reason in field.left_out.items()) + "."


def _budget(costs: Sequence[Cost]) -> str:
    head = ("layer", "microseconds", "added", "to", "ratio to bare")
    rows = [
        (
            cost.layer.name,
            f"{cost.microseconds:.1f}",
            f"{cost.added:+.1f}",
            "" if cost.layer.on == cost.layer.name else cost.layer.on,
            f"{cost.ratio:.2f}",
        )
        for cost in costs
    ]
    return table(head, rows)


def _method(field: Field) -> str:
    pinned = "The servers have one core for themselves and wrk another." if field.pinned else "No core was reserved."
    return METHOD.format(
        tokens=TOKENS,
        connections=CONNECTIONS,
        cores=pinned,
        rounds=field.rounds,
        seconds=field.seconds,
        requests=REQUESTS,
        budget_rounds=ROUNDS,
    )


def _versions(field: Field | None) -> str:
    found = [f"Python {platform.python_version()}", f"{os.cpu_count()} cores ({platform.machine()})"]
    if field is not None:
        found += [f"event loop: {field.loop}", *_programs()]
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return "## Versions\n\n" + _wrapped(", ".join(found) + ".")


def _programs() -> Iterator[str]:
    yield _printed("wrk", "-v").split(" [")[0].replace("debian/", "")
    if why_without_node() is not None:
        return
    yield f"Node.js {_printed('node', '-v').strip()}"
    for name in _NODE_PACKAGES:
        package = json.loads((NODE / "node_modules" / name / "package.json").read_text())
        yield f"{name} {package['version']}"


def _printed(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # wrk -v exits with 1


def _wrapped(text: str, width: int = 118) -> str:
    lines = [""]
    for word in text.split(" "):
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] += f"{' ' * bool(lines[-1])}{word}"
    return "\n".join(lines)
