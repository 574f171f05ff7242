"""Writes deploy/grafana/dashboard.json: what an operator watches, in five rows.

python tools/dashboard.py; a test compares the file with what this makes.
"""

import json
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
FILE: Final = ROOT / "deploy" / "grafana" / "dashboard.json"

_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
_SELECTED: Final = 'job="$job",instance=~"$instance"'
_COLUMNS: Final = 24
_WIDTH: Final = 8
_HEIGHT: Final = 8

Panel = tuple[str, str, str, list[tuple[str, str]]]
"""Title, description, unit, and queries with the names of their lines. `#` in a query is the selected instances."""


def _rate(metric: str, by: str, matching: str = "") -> str:
    return f"sum by ({by}) (rate({metric}{{#{matching}}}[$__rate_interval]))"


def _quantile(quantile: float, histogram: str, by: str = "le") -> str:
    return f"histogram_quantile({quantile}, {_rate(f'{histogram}_bucket', by)})"


_TOKEN_CACHE_HITS: Final = _rate("auth0_sso_token_cache_requests_total", "job", ',result="hit"')

ROWS: Final[dict[str, list[Panel]]] = {
    "Requests": [
        (
            "Requests by status",
            "All requests, health checks included.",
            "reqps",
            [(_rate("auth0_sso_http_requests_total", "status"), "{{status}}")],
        ),
        (
            "Duration",
            "Until the response was sent.",
            "s",
            [
                (_quantile(0.5, "auth0_sso_http_request_duration_seconds"), "p50"),
                (_quantile(0.99, "auth0_sso_http_request_duration_seconds"), "p99"),
            ],
        ),
        (
            "Slowest routes",
            "The 99th percentile of each route.",
            "s",
            [(f"topk(8, {_quantile(0.99, 'auth0_sso_http_request_duration_seconds', 'le, route')})", "{{route}}")],
        ),
        (
            "Refused requests",
            "By reason: docs/refusals.md and docs/reasons.md.",
            "reqps",
            [(_rate("auth0_sso_refusals_total", "code, reason"), "{{code}} {{reason}}")],
        ),
        (
            "Rate limits",
            "Decisions by limit, and what counted them.",
            "reqps",
            [
                (
                    _rate("auth0_sso_rate_limit_decisions_total", "limit, decision, counted_by"),
                    "{{limit}} {{decision}} {{counted_by}}",
                )
            ],
        ),
        (
            "Shed requests",
            "Answered 503 at once, since too many are in progress.",
            "reqps",
            [(_rate("auth0_sso_requests_shed_total", "reason"), "{{reason}}")],
        ),
    ],
    "Tokens and keys": [
        (
            "Token cache",
            "The share of verifications that the cache saves.",
            "percentunit",
            [(f"{_TOKEN_CACHE_HITS} / {_rate('auth0_sso_token_cache_requests_total', 'job')}", "hits")],
        ),
        (
            "Verification",
            "Of tokens that were not in the cache.",
            "s",
            [
                (_quantile(0.5, "auth0_sso_token_verification_duration_seconds"), "p50"),
                (_quantile(0.99, "auth0_sso_token_verification_duration_seconds"), "p99"),
            ],
        ),
        (
            "Age of the signing keys",
            "Of the worker whose keys are the oldest.",
            "s",
            [("time() - min by (instance) (auth0_sso_signing_keys_fetched_timestamp_seconds{#})", "{{instance}}")],
        ),
        (
            "State of the signing keys",
            "Workers whose keys are fresh, stale or missing.",
            "short",
            [("sum by (state) (auth0_sso_signing_keys_state{#})", "{{state}}")],
        ),
        (
            "Revocations",
            "Sessions and users whose access tokens were revoked.",
            "reqps",
            [(_rate("auth0_sso_revocations_total", "cause"), "{{cause}}")],
        ),
        (
            "Deny list",
            "Entries; each is removed when the tokens that it refuses have expired.",
            "short",
            [("max by (instance) (auth0_sso_deny_list_entries{#})", "{{instance}}")],
        ),
    ],
    "Auth0": [
        (
            "Requests to Auth0",
            "By operation and status, or the reason why there was no response.",
            "reqps",
            [(_rate("auth0_sso_tenant_requests_total", "operation, status"), "{{operation}} {{status}}")],
        ),
        (
            "Duration of requests to Auth0",
            "The 99th percentile of each operation.",
            "s",
            [(_quantile(0.99, "auth0_sso_tenant_request_duration_seconds", "le, operation"), "{{operation}}")],
        ),
        (
            "Budget left",
            "What Auth0 last said remains of its rate limit.",
            "short",
            [("min by (instance, issuer) (auth0_sso_management_budget_remaining{#})", "{{instance}} {{issuer}}")],
        ),
        (
            "Logged by Auth0",
            "Failed and successful logins, blocked accounts: docs/operations.md has the codes.",
            "reqps",
            [(_rate("auth0_sso_tenant_log_events_total", "type"), "{{type}}")],
        ),
        (
            "Role look-ups",
            "Those that are fetched cost two calls each.",
            "reqps",
            [(_rate("auth0_sso_role_lookups_total", "result"), "{{result}}")],
        ),
        (
            "Calls that were not sent",
            "Since the circuit breaker was open, Auth0 asked to wait, or too many requests wait already.",
            "reqps",
            [(_rate("auth0_sso_tenant_calls_shed_total", "api, reason"), "{{api}} {{reason}}")],
        ),
        (
            "Retries",
            "Requests to Auth0 that repeated a failed one.",
            "reqps",
            [(_rate("auth0_sso_tenant_retries_total", "api"), "{{api}}")],
        ),
    ],
    "Outages, store and audit trail": [
        (
            "Outages",
            "1 while a component fails in any worker.",
            "short",
            [("max by (component) (auth0_sso_outage{#})", "{{component}}")],
        ),
        (
            "Shared store",
            "0 while it takes no writes from a worker.",
            "short",
            [("min by (instance) (auth0_sso_shared_store_up{#})", "{{instance}}")],
        ),
        (
            "Audit records that wait",
            "On disk or in memory, until the database takes them.",
            "short",
            [("sum by (instance) (auth0_sso_audit_pending_records{#})", "{{instance}}")],
        ),
        (
            "Audit records lost",
            "Neither the database nor the disk took them.",
            "short",
            [("sum by (instance) (increase(auth0_sso_audit_lost_records_total{#}[$__range]))", "{{instance}}")],
        ),
    ],
    "Processes": [
        (
            "CPU",
            "Cores in use; one worker uses one at most.",
            "short",
            [(_rate("process_cpu_seconds_total", "instance, worker"), "{{instance}} {{worker}}")],
        ),
        (
            "Memory",
            "Resident memory.",
            "bytes",
            [("process_resident_memory_bytes{#}", "{{instance}} {{worker}}")],
        ),
        (
            "Open files",
            "The share of the limit, in the process that has the most.",
            "percentunit",
            [("max by (instance) (process_open_fds{#} / process_max_fds{#})", "{{instance}}")],
        ),
        (
            "Workers",
            "Those that serve.",
            "short",
            [("min by (instance) (auth0_sso_workers{#})", "{{instance}}")],
        ),
        (
            "Worker exits",
            "Without those of a shutdown or a rolling restart.",
            "short",
            [("sum by (reason) (increase(auth0_sso_worker_exits_total{#}[$__range]))", "{{reason}}")],
        ),
    ],
}


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana imports it."""
    return {
        "uid": "auth0-sso",
        "title": "auth0-sso",
        "description": "An Auth0 resource server: requests, tokens, Auth0 and its processes.",
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "utc",
        "tags": ["auth0-sso"],
        "annotations": {"list": []},
        "templating": {"list": [_datasource(), _job(), _instance()]},
        "panels": _panels(),
    }


def _panels() -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = []
    top = 0
    for title, row in ROWS.items():
        panels.append(_row(len(panels) + 1, title, top))
        for number, panel in enumerate(row):
            place = {"x": number * _WIDTH % _COLUMNS, "y": top + 1 + number * _WIDTH // _COLUMNS * _HEIGHT}
            panels.append(_graph(len(panels) + 1, panel, place))
        top += 1 + -(-len(row) * _WIDTH // _COLUMNS) * _HEIGHT
    return panels


def _row(number: int, title: str, top: int) -> dict[str, Any]:
    place = {"x": 0, "y": top, "w": _COLUMNS, "h": 1}
    return {"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}


def _graph(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    title, description, unit, queries = panel
    return {
        "id": number,
        "type": "timeseries",
        "title": title,
        "description": description,
        "datasource": _SOURCE,
        "gridPos": {**place, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": _SOURCE,
                "expr": query.replace("#", _SELECTED),
                "legendFormat": legend,
            }
            for index, (query, legend) in enumerate(queries)
        ],
    }


def _datasource() -> dict[str, Any]:
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}


def _job() -> dict[str, Any]:
    return {
        "name": "job",
        "label": "Job",
        "type": "query",
        "datasource": _SOURCE,
        "query": "label_values(auth0_sso_build_info, job)",
        "refresh": 2,
    }


def _instance() -> dict[str, Any]:
    return {
        "name": "instance",
        "label": "Instance",
        "type": "query",
        "datasource": _SOURCE,
        "query": 'label_values(auth0_sso_build_info{job="$job"}, instance)',
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "allValue": ".+",
    }


def as_text() -> str:
    """Return the file's text."""
    return json.dumps(dashboard(), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(as_text())
