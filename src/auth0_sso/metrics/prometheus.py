"""`PrometheusMetrics`: the observer that counts events, and what a scrape gets."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from typing import Final, Protocol, get_args

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from auth0_sso import events
from auth0_sso.audit.health import AuditHealth
from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.events import EventHandlers
from auth0_sso.jwks.health import KeysHealth
from auth0_sso.metrics import families
from auth0_sso.metrics.collector import ProcessesCollector, SegmentsCollector
from auth0_sso.metrics.families import REQUEST_BUCKETS, Family
from auth0_sso.metrics.processes import own_pid
from auth0_sso.metrics.segment import Counts, Segment, new_memory

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"})
_REQUEST_SUM: Final = len(REQUEST_BUCKETS) + 1
_KEY_STATES: Final = ("fresh", "stale", "missing")


class TokenCache(Protocol):
    """The cache of verified tokens."""

    cache_hits: int
    cache_misses: int

    @property
    def cache_entries(self) -> int:
        """How many tokens it holds now."""


def _own_segment() -> Segment:
    segment = Segment(new_memory())
    segment.name = "0"
    return segment


class PrometheusMetrics(EventHandlers, Collector):
    """Counts events of one app, and shows them with those of the other processes that share its memory.

    It is an `Observer`, and a collector of prometheus_client: `registry.register(metrics)` adds it to a registry of
    yours, without the metrics of the process, which are that registry's own matter. Make one for each app.
    """

    content_type = CONTENT_TYPE_LATEST
    """Of the exposition."""

    def __init__(
        self,
        counts: Counts | None = None,
        segments: Callable[[], Sequence[Segment]] | None = None,
        *,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Take where to count, and what returns the segments of all processes; by default of this one alone."""
        self._counts = Counts(_own_segment()) if counts is None else counts
        own = self._counts.segment
        self._numbers = own.numbers
        self._clock = clock
        # Where the numbers of hot events are. How many there are is limited by what an app declares, not by callers.
        self._requests: dict[tuple[str, str | None, int], tuple[int, int]] = {}
        self._lookups: dict[str, int] = {}
        self._decisions: dict[events.RateLimitDecision, int] = {}
        self._allowed = self._counts.place(families.ALLOWED)
        self._read: Callable[[], None] | None = None
        self._hits = self._misses = 0
        collected = segments or (lambda: (own,))
        self._collector = SegmentsCollector(collected)
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        self._registry.register(ProcessesCollector(collected))
        self.handlers = {
            events.RequestServed: self._count_request,
            events.RequestRefused: self._count_refusal,
            events.RequestShed: lambda event: self._counts.add(families.REQUESTS_SHED, event.reason),
            events.TokenVerified: self._count_verification,
            events.RateLimitDecision: self._count_decision,
            events.RoleLookup: self._count_role_lookup,
            events.TenantRequest: self._count_tenant_request,
            events.TenantCallShed: lambda event: self._counts.add(
                families.TENANT_CALLS_SHED, event.api, event.reason
            ),
            events.KeysChanged: lambda event: self._counts.add(families.KEYS_CHANGES, event.issuer),
            events.TokensRevoked: lambda event: self._counts.add(families.REVOCATIONS, event.cause),
            events.TenantLogEvents: lambda event: self._counts.add(
                families.TENANT_LOG_EVENTS, event.type, by=event.number
            ),
            events.OutageBegan: self._begin_outage,
            events.OutageEnded: lambda event: self._counts.set(families.OUTAGE, 0.0, event.component, event.issuer),
        }

    def watch(
        self,
        keys_health: Mapping[str, Callable[[], KeysHealth]],
        token_cache: TokenCache,
        store_is_up: Callable[[], bool] | None,
        audit_health: Callable[[], AuditHealth] | None = None,
        *,
        deny_list: Sized | None = None,
    ) -> None:
        """Take what `refresh` reads: the state of the keys, the token cache, shared store, audit trail, deny list.

        The keys are named by their issuer, or with an empty text where there is one.
        """

        def read() -> None:
            for issuer, health in keys_health.items():
                self._read_keys(issuer, health())
            self._read_token_cache(token_cache)
            self._counts.set(families.STORE_UP, None if store_is_up is None else float(store_is_up()))
            self._counts.set(families.DENY_LIST_ENTRIES, None if deny_list is None else len(deny_list))
            self._read_audit(None if audit_health is None else audit_health())

        self._hits = self._misses = self._lost = 0
        self._read = read
        self._begin_at_zero(keys_health)
        self._counts.segment.pid = own_pid()

    def refresh(self) -> None:
        """Write what is not counted by events, for other processes; a scrape of this process does so itself."""
        if self._read is not None:
            self._read()

    def describe(self) -> Iterator[Metric]:
        """Yield the metrics without values (prometheus_client: custom collectors)."""
        return self._collector.describe()

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics (prometheus_client: custom collectors)."""
        self.refresh()
        return self._collector.collect()

    def exposition(self) -> bytes:
        """Return all metrics in the Prometheus text format, with those of the processes."""
        return generate_latest(self._registry)

    def _begin_at_zero(self, issuers: Iterable[str]) -> None:
        """Add the counters whose labels are known: a rate does not see what a counter begins with."""
        for issuer in issuers:
            self._counts.place(families.KEYS_CHANGES, issuer)
        for result in get_args(events.RoleLookupResult):
            self._counts.place(families.ROLE_LOOKUPS, result)
        for cause in get_args(events.RevocationCause):
            self._counts.place(families.REVOCATIONS, cause)
        for component in get_args(events.Component):
            self._counts.place(families.OUTAGES, component)

    def _count_request(self, event: events.RequestServed) -> None:
        method, route, status, seconds, allowed = event
        key = (method if method in _METHODS else "other", route, status)
        places = self._requests.get(key)
        if places is None:
            places = self._requests[key] = self._places_of(*key)
        count, histogram = places
        numbers = self._numbers
        numbers[count] += 1.0
        numbers[histogram + bisect_left(REQUEST_BUCKETS, seconds)] += 1.0
        numbers[histogram + _REQUEST_SUM] += seconds
        if allowed:
            numbers[self._allowed] += 1.0

    def _places_of(self, method: str, route: str | None, status: int) -> tuple[int, int]:
        known = "unknown" if route is None else route
        counts = self._counts
        return (
            counts.place(families.REQUESTS, method, known, str(status) if status else "aborted"),
            counts.place(families.REQUEST_SECONDS, method, known),
        )

    def _count_role_lookup(self, event: events.RoleLookup) -> None:
        place = self._lookups.get(event.result)
        if place is None:
            place = self._lookups[event.result] = self._counts.place(families.ROLE_LOOKUPS, event.result)
        self._numbers[place] += 1.0

    def _count_decision(self, event: events.RateLimitDecision) -> None:
        place = self._decisions.get(event)
        if place is None:
            decision = "allowed" if event.allowed else "refused"
            place = self._counts.place(families.RATE_LIMIT_DECISIONS, event.name, decision, event.counted_by)
            self._decisions[event] = place
        self._numbers[place] += 1.0

    def _observe_at(self, place: int, family: Family, seconds: float) -> None:
        buckets, numbers = family.buckets, self._numbers
        numbers[place + bisect_left(buckets, seconds)] += 1.0
        numbers[place + len(buckets) + 1] += seconds

    def _count_refusal(self, event: events.RequestRefused) -> None:
        self._counts.add(families.REFUSALS, event.error.code, event.error.reason)

    def _count_verification(self, event: events.TokenVerified) -> None:
        family = families.VERIFICATION_SECONDS
        place = self._counts.place(family, "valid" if event.valid else "invalid")
        self._observe_at(place, family, event.seconds)

    def _count_tenant_request(self, event: events.TenantRequest) -> None:
        counts, operation = self._counts, f"{event.method} {event.operation}"
        status = (event.error or "failed") if event.status is None else str(event.status)
        counts.add(families.TENANT_REQUESTS, event.api, operation, status)
        place = counts.place(families.TENANT_SECONDS, event.api, operation)
        self._observe_at(place, families.TENANT_SECONDS, event.seconds)
        if event.retry:
            counts.add(families.TENANT_RETRIES, event.api)
        if event.budget_left is not None:
            counts.set_latest(families.BUDGET, event.budget_left, event.issuer, at=self._clock.wall())

    def _begin_outage(self, event: events.OutageBegan) -> None:
        self._counts.set(families.OUTAGE, 1.0, event.component, event.issuer)
        self._counts.add(families.OUTAGES, event.component)

    def _read_keys(self, issuer: str, health: KeysHealth) -> None:
        counts = self._counts
        for state in _KEY_STATES:
            counts.set(families.KEYS_STATE, float(state == health.state), state, issuer)
        counts.set(families.KEYS, health.keys, issuer)
        counts.set(families.KEYS_FAILURES, health.failures, issuer)
        fetched_at = None if health.age is None else round(self._clock.wall() - health.age)
        counts.set(families.KEYS_FETCHED, fetched_at, issuer)

    def _read_audit(self, health: AuditHealth | None) -> None:
        self._counts.set(families.AUDIT_PENDING, None if health is None else health.pending)
        if health is not None:
            self._counts.add(families.AUDIT_LOST, by=health.lost - self._lost)
            self._lost = health.lost

    def _read_token_cache(self, cache: TokenCache) -> None:
        counts, hits, misses = self._counts, cache.cache_hits, cache.cache_misses
        counts.add(families.TOKEN_CACHE, "hit", by=hits - self._hits)
        counts.add(families.TOKEN_CACHE, "miss", by=misses - self._misses)
        self._hits, self._misses = hits, misses
        counts.set(families.TOKEN_CACHE_ENTRIES, cache.cache_entries)
