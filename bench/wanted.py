"""What is wanted of the request path, beside what was measured. Nothing fails: a shared machine is no judge."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import budget
import verification
from budget import Cost
from contenders import ASGI_GUARD, AUTH0_SDK, BARE, EVERYTHING, EXPRESS, VERIFIED
from sockets import Field


@dataclass(frozen=True, slots=True)
class Results:
    """All that one run measured; without sockets no `field`."""

    costs: Sequence[Cost]
    verifications: Mapping[str, float]
    refresh_ms: float
    field: Field | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A figure, its bound, and what was measured; None where it was not."""

    what: str
    bound: float
    measured: float | None
    by_cpu: float | None = None
    """Of a throughput: the same ratio, of the requests per second of CPU time."""
    at_least: bool = False

    @property
    def met(self) -> str:
        """Whether the bound is kept: yes, no, or empty where it was not measured."""
        if self.measured is None:
            return ""
        kept = self.measured >= self.bound if self.at_least else self.measured <= self.bound
        return "yes" if kept else "no"


def wanted(results: Results) -> Iterator[Wanted]:
    """Yield each figure that is wanted."""
    costs = {cost.layer.name: cost for cost in results.costs}
    yield Wanted("in process: verified / bare", 1.30, costs[budget.TOKEN].ratio)
    yield Wanted(
        "in process: token, role, rate limit in memory, CORS configured / bare", 1.80, costs[budget.ALL].ratio
    )
    yield Wanted("in process: the service's /api/data / bare", 2.00, costs[budget.SERVICE].ratio)
    yield Wanted("a first-seen token / the floor", 1.30, results.verifications[verification.FIRST_SEEN])
    yield Wanted("a repeated token / the floor", 0.10, results.verifications[verification.REPEATED])
    yield Wanted("refresh of ten keys on the event loop, ms", 2.00, results.refresh_ms)
    if results.field is not None:
        yield from _wanted_over_sockets(results.field)


def _wanted_over_sockets(field: Field) -> Iterator[Wanted]:
    yield _throughput("verified / bare", 0.90, field, VERIFIED.name)
    yield _throughput("everything on / bare", 0.78, field, EVERYTHING.name)
    for rival, bound in ((AUTH0_SDK, 3.2), (EXPRESS, 2.2)):
        yield _throughput(f"verified / {rival.name}", bound, field, VERIFIED.name, rival.name)
    yield _throughput("the ASGI guard with Starlette / bare", 1.50, field, ASGI_GUARD.name)
    yield Wanted("sockets: p99 with everything on / bare", 1.33, field.ratio(EVERYTHING.name, "p99"))


def _throughput(what: str, bound: float, field: Field, *names: str) -> Wanted:
    """Return what is wanted of a contender's throughput as a ratio to that of another, or of the bare app."""
    measured, by_cpu = (_quotient(field, figure, *names) for figure in ("per_second", "per_cpu_second"))
    return Wanted(f"sockets: {what}", bound, measured, by_cpu, at_least=True)


def _quotient(field: Field, figure: str, own: str, other: str = BARE.name) -> float | None:
    first, second = field.ratio(own, figure), field.ratio(other, figure)
    return None if first is None or second is None else first / second
