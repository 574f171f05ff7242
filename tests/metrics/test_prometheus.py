"""What events become, read from the exposition as a scraper does."""

import subprocess
from collections.abc import Iterator
from functools import partial

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from auth0_sso import events
from auth0_sso.audit.health import AuditHealth
from auth0_sso.errors import InvalidTokenError
from auth0_sso.jwks.health import KeysHealth
from auth0_sso.metrics import families
from auth0_sso.metrics.families import Family
from auth0_sso.metrics.prometheus import PrometheusMetrics
from auth0_sso.metrics.segment import Counts, Segment, new_memory
from auth0_sso.testing.clock import HandClock
from support.redis_server import require_program

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Cache:
    cache_hits = 0
    cache_misses = 0
    cache_entries = 0


def health(**changes: object) -> KeysHealth:
    values = {"state": "fresh", "keys": 2, "age": 5.0, "next_refresh": 1.0, "failures": 0, "last_error": None}
    return KeysHealth(**(values | changes))  # type: ignore[arg-type]  # the test's own values


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(metrics: PrometheusMetrics, name: str, **labels: str) -> float | None:
    return samples(metrics.exposition().decode()).get((name, frozenset(labels.items())))


def of_processes(clock: HandClock, number: int) -> list[PrometheusMetrics]:
    """Return the metrics of several processes that share their memory."""
    segments = [Segment(new_memory()) for _ in range(number)]
    each = [PrometheusMetrics(Counts(segment), lambda: segments, clock=clock) for segment in segments]
    for name, segment in enumerate(segments):
        segment.pid, segment.name = 2**30 + name, str(name)
    return each


def test_a_request_is_counted_by_method_template_and_status(clock: HandClock) -> None:
    metrics = PrometheusMetrics(clock=clock)
    for status in (200, 200, 404):
        metrics(events.RequestServed("GET", "/users/{id}", status, 0.02, allowed=status == 200))
    metrics(events.RequestServed("GET", "/users/{id}", 0, 70.0))
    get = {"method": "GET", "route": "/users/{id}"}
    assert value(metrics, "auth0_sso_http_requests_total", **get, status="200") == 2
    assert value(metrics, "auth0_sso_http_requests_total", **get, status="404") == 1
    assert value(metrics, "auth0_sso_http_requests_total", **get, status="aborted") == 1
    assert value(metrics, "auth0_sso_requests_allowed_total") == 2
    seconds = "auth0_sso_http_request_duration_seconds"
    assert value(metrics, f"{seconds}_bucket", **get, le="0.01") == 0
    assert value(metrics, f"{seconds}_bucket", **get, le="0.025") == 3
    assert value(metrics, f"{seconds}_bucket", **get, le="10.0") == 3
    assert value(metrics, f"{seconds}_bucket", **get, le="+Inf") == 4
    assert value(metrics, f"{seconds}_count", **get) == 4
    assert value(metrics, f"{seconds}_sum", **get) == pytest.approx(70.06)


def test_garbage_methods_and_paths_make_one_series_each(clock: HandClock) -> None:
    metrics = PrometheusMetrics(clock=clock)
    for number in range(2000):
        metrics(events.RequestServed(f"GARBAGE{number}", None, 404, 0.001))
    assert value(metrics, "auth0_sso_http_requests_total", method="other", route="unknown", status="404") == 2000
    assert metrics.exposition().count(b"\nauth0_sso_http_requests_total{") == 1


def test_equal_lookups_and_decisions_are_counted_each_time(clock: HandClock) -> None:
    metrics = PrometheusMetrics(clock=clock)
    for _ in range(3):
        metrics(events.RoleLookup("cached"))
        metrics(events.RateLimitDecision("GET /orders", allowed=True, counted_by="memory"))
    assert value(metrics, "auth0_sso_role_lookups_total", result="cached") == 3
    decision = {"limit": "GET /orders", "decision": "allowed", "counted_by": "memory"}
    assert value(metrics, "auth0_sso_rate_limit_decisions_total", **decision) == 3


class LaterEvent(events.RequestShed):
    """An event of another class than those that are counted."""


def test_an_event_that_no_metric_counts_changes_nothing(clock: HandClock) -> None:
    metrics = PrometheusMetrics(clock=clock)
    before = metrics.exposition()
    metrics(LaterEvent("concurrency"))
    assert metrics.exposition() == before


def test_a_tenant_request_without_a_response_has_its_cause_as_status(clock: HandClock) -> None:
    metrics = PrometheusMetrics(clock=clock)
    request = events.TenantRequest("management", "GET", "/users/{id}", 5.0, error="timeout", retry=True)
    metrics(request)
    operation = {"api": "management", "operation": "GET /users/{id}"}
    assert value(metrics, "auth0_sso_tenant_requests_total", **operation, status="timeout") == 1
    assert value(metrics, "auth0_sso_tenant_retries_total", api="management") == 1
    assert value(metrics, "auth0_sso_management_budget_remaining") is None


def test_the_budget_is_the_one_that_any_process_heard_last(clock: HandClock) -> None:
    one, other = of_processes(clock, 2)
    one(events.TenantRequest("management", "GET", "/users", 0.1, status=200, budget_left=5))
    clock.now += 1
    other(events.TenantRequest("management", "GET", "/users", 0.1, status=200, budget_left=9))
    assert value(one, "auth0_sso_management_budget_remaining") == 9
    clock.now += 1
    one(events.TenantRequest("management", "GET", "/users", 0.1, status=200, budget_left=8))
    assert value(other, "auth0_sso_management_budget_remaining") == 8


def test_each_tenant_has_a_budget_of_its_own(clock: HandClock) -> None:
    (metrics,) = of_processes(clock, 1)
    for issuer, left in (("https://a/", 5), ("https://b/", 9), ("https://a/", 4)):
        metrics(events.TenantRequest("management", "GET", "/x", 0.1, status=200, budget_left=left, issuer=issuer))
    assert value(metrics, "auth0_sso_management_budget_remaining", issuer="https://a/") == 4
    assert value(metrics, "auth0_sso_management_budget_remaining", issuer="https://b/") == 9


def test_counters_of_processes_are_added_and_the_worst_gauge_is_shown(clock: HandClock) -> None:
    one, other = of_processes(clock, 2)
    one.watch({"": lambda: health(keys=3, age=100.0)}, Cache(), lambda: True, deny_list=range(7))
    other.watch(
        {"": lambda: health(state="stale", age=700.0, failures=4)}, Cache(), lambda: False, deny_list=range(6)
    )
    for metrics in (one, other):
        metrics.refresh()
        metrics(events.RoleLookup("fetched"))
    one(events.OutageBegan("management", "timeout"))
    assert value(other, "auth0_sso_role_lookups_total", result="fetched") == 2
    assert value(other, "auth0_sso_signing_keys") == 2
    assert value(other, "auth0_sso_signing_keys_state", state="fresh") == 1
    assert value(other, "auth0_sso_signing_keys_state", state="stale") == 1
    assert value(other, "auth0_sso_signing_keys_failures") == 4
    assert value(other, "auth0_sso_signing_keys_fetched_timestamp_seconds") == round(clock.wall() - 700)
    assert value(other, "auth0_sso_shared_store_up") == 0
    assert value(other, "auth0_sso_deny_list_entries") == 7
    assert value(other, "auth0_sso_outage", component="management") == 1
    one(events.OutageEnded("management"))
    assert value(other, "auth0_sso_outage", component="management") == 0
    assert value(other, "auth0_sso_outages_total", component="management") == 1


def test_a_process_that_has_exited_leaves_counts_but_no_gauges(clock: HandClock) -> None:
    segments = [Segment(new_memory()), Segment(new_memory())]
    dead, alive = (PrometheusMetrics(Counts(segment), lambda: segments, clock=clock) for segment in segments)
    dead.watch({"": lambda: health(state="missing", keys=0)}, Cache(), lambda: False)
    dead.refresh()
    dead(events.KeysChanged(("a",), ()))
    segments[0].pid = 0
    alive.watch({"": health}, Cache(), lambda: True)
    assert value(alive, "auth0_sso_signing_keys_changes_total") == 1
    assert value(alive, "auth0_sso_signing_keys_state", state="missing") == 0
    assert value(alive, "auth0_sso_shared_store_up") == 1


def test_hits_of_the_token_cache_are_counted_once_however_often_they_are_read(clock: HandClock) -> None:
    metrics, cache = PrometheusMetrics(clock=clock), Cache()
    metrics.watch({"": health}, cache, None)
    cache.cache_hits, cache.cache_misses = 5, 2
    metrics.refresh()
    cache.cache_hits = 6
    assert value(metrics, "auth0_sso_token_cache_requests_total", result="hit") == 6
    assert value(metrics, "auth0_sso_token_cache_requests_total", result="miss") == 2
    metrics.watch({"": health}, Cache(), None)  # the app starts again, with a new cache
    assert value(metrics, "auth0_sso_token_cache_requests_total", result="hit") == 6


def test_a_registry_of_the_host_app_gets_the_metrics_without_those_of_the_process(clock: HandClock) -> None:
    metrics, registry = PrometheusMetrics(clock=clock), CollectorRegistry(auto_describe=True)
    metrics(events.RequestServed("GET", "/reports", 200, 0.01))
    registry.register(metrics)
    text = generate_latest(registry).decode()
    assert 'auth0_sso_http_requests_total{method="GET",route="/reports",status="200"} 1.0' in text
    assert "process_" not in text
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        registry.register(PrometheusMetrics(clock=clock))


def audit(*, pending: int = 0, lost: int = 0) -> AuditHealth:
    return AuditHealth("up", None, pending, 0, lost, 0, None)


def test_lost_audit_records_are_counted_on_when_an_app_starts_again(clock: HandClock) -> None:
    metrics = PrometheusMetrics(clock=clock)
    for lost, total in ((2, 2.0), (3, 5.0)):
        metrics.watch({"": health}, Cache(), None, partial(audit, pending=7, lost=lost))
        for _ in range(2):
            text = metrics.exposition().decode()
            assert f"auth0_sso_audit_lost_records_total {total}" in text
            assert "auth0_sso_audit_pending_records 7.0" in text


def everything(clock: HandClock) -> PrometheusMetrics:
    """Return metrics in which each family has a series."""
    counts = Counts(Segment(new_memory()))
    counts.set(families.WORKERS, 2)
    counts.add(families.WORKER_EXITS, "killed by SIGKILL")
    metrics = PrometheusMetrics(counts, clock=clock)
    metrics.watch({"": health}, Cache(), lambda: True, lambda: audit(pending=3, lost=2), deny_list=())
    error = InvalidTokenError("expired", "It has expired.")
    for event in (
        events.RequestServed("GET", "/", 200, 0.01, allowed=True),
        events.RequestRefused({}, error),
        events.RequestShed("concurrency"),
        events.TokenVerified(valid=True, seconds=0.01),
        events.RateLimitDecision("GET /api/data", True, "memory"),
        events.RoleLookup("cached"),
        events.TenantRequest("token", "POST", "/oauth/token", 0.1, status=200, budget_left=3, retry=True),
        events.TenantCallShed("management", "circuit_open"),
        events.TenantLogEvents("fp", 3),
        events.KeysChanged(("a",), ()),
        events.OutageBegan("shared store", "timeout"),
    ):
        metrics(event)
    return metrics


def declared() -> Iterator[Family]:
    yield from families.COUNTED
    yield from families.OF_PROCESSES


def test_the_exposition_has_every_declared_family_and_no_other(clock: HandClock) -> None:
    text = everything(clock).exposition().decode()
    shown = {family.name: family.type for family in text_string_to_metric_families(text)}
    assert shown == {family.name: family.kind for family in declared()}


def test_promtool_finds_nothing_wrong_with_the_metrics(clock: HandClock) -> None:
    command = [require_program("promtool"), "check", "metrics"]
    checked = subprocess.run(command, input=everything(clock).exposition(), capture_output=True, check=False)
    assert (checked.returncode, checked.stderr, checked.stdout) == (0, b"", b"")
