"""What is wanted of the request path, beside what was measured. Nothing fails: a shared machine is no judge."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import budget
import verification
from budget import Cost
from contenders import ASGI_GUARD, AUTH0_SDK, EVERYTHING, EXPRESS, VERIFIED
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
    verified, everything = field.ratio(VERIFIED.name), field.ratio(EVERYTHING.name)
    yield Wanted("sockets: verified / bare", 0.90, verified, at_least=True)
    yield Wanted("sockets: everything on / bare", 0.78, everything, at_least=True)
    for rival, bound in ((AUTH0_SDK, 3.2), (EXPRESS, 2.2)):
        other = field.ratio(rival.name)
        ratio = None if verified is None or other is None else verified / other
        yield Wanted(f"sockets: verified / {rival.name}", bound, ratio, at_least=True)
    yield Wanted("sockets: the ASGI guard with Starlette / bare", 1.50, field.ratio(ASGI_GUARD), at_least=True)
    yield Wanted("sockets: p99 with everything on / bare", 1.33, field.ratio(EVERYTHING.name, "p99"))
