"""All metrics that are counted, with their labels; docs/operations.md explains each to operators.

Names and units follow https://prometheus.io/docs/practices/naming/. The label `issuer` is there where there are
several. No label holds an id, a path or text from outside.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Kind = Literal["counter", "gauge", "histogram"]
Merge = Literal["sum", "min", "max", "latest"]
"""How the gauges of several processes become one; counters and histograms are added."""

REQUEST_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
VERIFICATION_BUCKETS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1, 1.0, 5.0)
TENANT_BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name without `_total`, and what its values are."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    merge: Merge = "sum"
    buckets: tuple[float, ...] = ()
    """The upper bounds of a histogram's buckets; the last one, which has none, is not among them."""

    @property
    def width(self) -> int:
        """How many numbers a series has: of a histogram those of all buckets and the sum; of the latest its time."""
        if self.kind == "histogram":
            return len(self.buckets) + 2
        return 2 if self.merge == "latest" else 1


REQUESTS: Final = Family("auth0_sso_http_requests", "counter", "Requests.", ("method", "route", "status"))
REQUEST_SECONDS: Final = Family(
    "auth0_sso_http_request_duration_seconds",
    "histogram",
    "Seconds until the response was sent.",
    ("method", "route"),
    buckets=REQUEST_BUCKETS,
)
ALLOWED: Final = Family(
    "auth0_sso_requests_allowed", "counter", "Requests with a verified token that were not refused."
)
REFUSALS: Final = Family("auth0_sso_refusals", "counter", "Refused requests, by code and reason.", ("code", "reason"))
VERIFICATION_SECONDS: Final = Family(
    "auth0_sso_token_verification_duration_seconds",
    "histogram",
    "Seconds to verify a token that was not in the cache.",
    ("result",),
    buckets=VERIFICATION_BUCKETS,
)
TOKEN_CACHE: Final = Family(
    "auth0_sso_token_cache_requests", "counter", "Look-ups in the cache of verified tokens.", ("result",)
)
TOKEN_CACHE_ENTRIES: Final = Family("auth0_sso_token_cache_entries", "gauge", "Tokens in the caches of all workers.")
ROLE_LOOKUPS: Final = Family("auth0_sso_role_lookups", "counter", "Role look-ups, by where they ended.", ("result",))
RATE_LIMIT_DECISIONS: Final = Family(
    "auth0_sso_rate_limit_decisions",
    "counter",
    "Requests under a rate limit.",
    ("limit", "decision", "counted_by"),
)
TENANT_REQUESTS: Final = Family(
    "auth0_sso_tenant_requests", "counter", "HTTP requests to Auth0.", ("api", "operation", "status")
)
TENANT_SECONDS: Final = Family(
    "auth0_sso_tenant_request_duration_seconds",
    "histogram",
    "Seconds of one HTTP request to Auth0.",
    ("api", "operation"),
    buckets=TENANT_BUCKETS,
)
TENANT_RETRIES: Final = Family(
    "auth0_sso_tenant_retries", "counter", "HTTP requests to Auth0 that repeated a failed one.", ("api",)
)
TENANT_CALLS_SHED: Final = Family(
    "auth0_sso_tenant_calls_shed",
    "counter",
    "Calls of Auth0 that were not sent, or not waited for.",
    ("api", "reason"),
)
REQUESTS_SHED: Final = Family(
    "auth0_sso_requests_shed", "counter", "Requests answered 503 because too many are in progress.", ("reason",)
)
BUDGET: Final = Family(
    "auth0_sso_management_budget_remaining",
    "gauge",
    "What Auth0 last said remains of its rate limit.",
    ("issuer",),
    merge="latest",
)
OUTAGE: Final = Family(
    "auth0_sso_outage", "gauge", "1 while a part fails in any worker.", ("component", "issuer"), merge="max"
)
OUTAGES: Final = Family("auth0_sso_outages", "counter", "Outages begun, in each worker.", ("component",))
KEYS: Final = Family(
    "auth0_sso_signing_keys", "gauge", "Signing keys that can verify tokens.", ("issuer",), merge="min"
)
KEYS_STATE: Final = Family(
    "auth0_sso_signing_keys_state", "gauge", "Workers whose signing keys are in this state.", ("state", "issuer")
)
KEYS_FETCHED: Final = Family(
    "auth0_sso_signing_keys_fetched_timestamp_seconds",
    "gauge",
    "When the signing keys were fetched, in seconds since 1970.",
    ("issuer",),
    merge="min",
)
KEYS_FAILURES: Final = Family(
    "auth0_sso_signing_keys_failures",
    "gauge",
    "Consecutive failed fetches of the signing keys.",
    ("issuer",),
    merge="max",
)
KEYS_CHANGES: Final = Family(
    "auth0_sso_signing_keys_changes",
    "counter",
    "Fetches that found other signing keys than before, in each worker.",
    ("issuer",),
)
TENANT_LOG_EVENTS: Final = Family(
    "auth0_sso_tenant_log_events", "counter", "What Auth0 has logged and sent to /auth0-logs.", ("type",)
)
REVOCATIONS: Final = Family(
    "auth0_sso_revocations", "counter", "Sessions and users whose access tokens were revoked, by cause.", ("cause",)
)
DENY_LIST_ENTRIES: Final = Family(
    "auth0_sso_deny_list_entries", "gauge", "Entries of the deny list, in the worker that has the most.", merge="max"
)
STORE_UP: Final = Family(
    "auth0_sso_shared_store_up", "gauge", "1 while the shared store accepts writes, 0 while it is down.", merge="min"
)
AUDIT_PENDING: Final = Family(
    "auth0_sso_audit_pending_records", "gauge", "Audit records that the database does not have yet."
)
AUDIT_LOST: Final = Family(
    "auth0_sso_audit_lost_records", "counter", "Audit records that neither the database nor the disk has taken."
)
WORKERS: Final = Family("auth0_sso_workers", "gauge", "Workers that serve.")
WORKER_EXITS: Final = Family(
    "auth0_sso_worker_exits", "counter", "Workers that exited or were killed unexpectedly.", ("reason",)
)

COUNTED: Final = (
    REQUESTS,
    REQUEST_SECONDS,
    ALLOWED,
    REFUSALS,
    REQUESTS_SHED,
    VERIFICATION_SECONDS,
    TOKEN_CACHE,
    TOKEN_CACHE_ENTRIES,
    ROLE_LOOKUPS,
    RATE_LIMIT_DECISIONS,
    TENANT_REQUESTS,
    TENANT_SECONDS,
    TENANT_RETRIES,
    TENANT_CALLS_SHED,
    BUDGET,
    OUTAGE,
    OUTAGES,
    KEYS,
    KEYS_STATE,
    KEYS_FETCHED,
    KEYS_FAILURES,
    KEYS_CHANGES,
    REVOCATIONS,
    TENANT_LOG_EVENTS,
    DENY_LIST_ENTRIES,
    STORE_UP,
    AUDIT_PENDING,
    AUDIT_LOST,
    WORKERS,
    WORKER_EXITS,
)
"""In the order of the exposition."""

BY_NAME: Final[Mapping[str, Family]] = MappingProxyType({family.name: family for family in COUNTED})

# Of the processes themselves: read from the system at each scrape.
BUILD_INFO: Final = Family("auth0_sso_build_info", "gauge", "The version of this service.", ("version", "python"))
CPU_SECONDS: Final = Family("process_cpu_seconds", "counter", "CPU seconds of each process.", ("worker",))
MEMORY_BYTES: Final = Family("process_resident_memory_bytes", "gauge", "Memory of each process.", ("worker",))
OPEN_FDS: Final = Family("process_open_fds", "gauge", "Open file descriptors of each process.", ("worker",))
MAX_FDS: Final = Family("process_max_fds", "gauge", "Limit of open file descriptors.", ("worker",))
START_TIME: Final = Family(
    "process_start_time_seconds", "gauge", "When each process started, in seconds since 1970.", ("worker",)
)
OF_PROCESSES: Final = (BUILD_INFO, CPU_SECONDS, MEMORY_BYTES, OPEN_FDS, MAX_FDS, START_TIME)
