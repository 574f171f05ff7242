"""Alert rules, dashboard and runbook agree with each other and with the metrics that are documented."""

import json
import re
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

import dashboard
from auth0_sso.web.services.auth0_logs import TYPES
from support.redis_server import require_program

ROOT = Path(__file__).parent.parent
RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
RULE_TESTS = ROOT / "tests" / "prometheus" / "alerts.test.yaml"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
ALERTS: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
DASHBOARD: dict[str, Any] = json.loads(dashboard.FILE.read_text())
GRAPHS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] == "timeseries"]
QUERIES: list[str] = [target["expr"] for graph in GRAPHS for target in graph["targets"]]
METRIC = re.compile(r"\b(?:auth0_sso|process)_[a-z0-9_]+")


def documented_metrics() -> set[str]:
    _, _, section = (ROOT / "docs" / "operations.md").read_text().partition("\n## Metrics\n")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", section, re.MULTILINE)
    return {
        name + suffix
        for name, kind in rows
        for suffix in (("_bucket", "_count", "_sum") if kind == "histogram" else ("",))
    }


def promtool(*arguments: str | Path) -> None:
    run = subprocess.run(
        [require_program("promtool"), *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_promtool_accepts_the_alert_rules() -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", RULES)


def test_alerts_fire_when_they_should_and_not_before() -> None:
    promtool("test", "rules", RULE_TESTS)


def test_every_alert_fires_in_a_test() -> None:
    fired = re.findall(r'alertname="(\w+)"', RULE_TESTS.read_text())
    assert sorted(set(fired)) == sorted(alert["alert"] for alert in ALERTS)


def signals() -> list[tuple[str, str]]:
    """Return the alert and the reason of each anomaly signal that docs/security.md names."""
    (row,) = re.findall(r"^\| Anomaly signals \| (.+?) \|", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE)
    clauses = re.findall(r"`(Auth0Sso\w+)` for ([^;.]+)", row)
    return [(alert, reason) for alert, words in clauses for reason in re.findall(r"`(\w+)`", words)]


def code_of(reason: str) -> str:
    """Return the code of the refusals with a reason, as docs/refusals.md and docs/reasons.md have it."""
    row = f"\n| `{reason}` |"
    if row in (ROOT / "docs" / "refusals.md").read_text():
        return "invalid_dpop_proof" if reason.startswith("dpop_") else "invalid_token"
    (section,) = [each for each in (ROOT / "docs" / "reasons.md").read_text().split("\n## ") if row in each]
    (code,) = re.findall(r"`(\w+)`", section.partition("\n")[0])
    return str(code)


@pytest.mark.parametrize(("alert", "reason"), signals())
def test_every_signal_of_an_anomaly_raises_its_alert(alert: str, reason: str, tmp_path: Path) -> None:
    series = f'auth0_sso_refusals_total{{job="auth0-sso",code="{code_of(reason)}",reason="{reason}"}}'
    firing = {"expr": f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})'}
    case = {
        "interval": "1m",
        "input_series": [{"series": series, "values": "0+120x30"}],
        "promql_expr_test": [
            firing | {"eval_time": "1m"},
            firing | {"eval_time": "20m", "exp_samples": [{"labels": "{}", "value": 1}]},
        ],
    }
    file = tmp_path / "signal.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [case]}))
    promtool("test", "rules", file)


def test_the_usual_signals_of_an_anomaly_are_named() -> None:
    named = {reason for _, reason in signals()}
    assert named >= {"authentication_failures", "signature_mismatch", "kid_unknown", "iss_mismatch", "role_missing"}


def test_every_alert_has_its_section_in_the_runbook() -> None:
    assert re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE) == [alert["alert"] for alert in ALERTS]
    for alert in ALERTS:
        assert alert["annotations"]["runbook"] == f"docs/runbook.md#{alert['alert'].lower()}"


def test_every_section_says_what_callers_see_and_what_to_do() -> None:
    for section in re.split(r"^## ", RUNBOOK, flags=re.MULTILINE)[1:]:
        assert "**Callers see**" in section
        assert "**do**" in section.lower()


def test_every_alert_has_a_severity() -> None:
    assert {alert["labels"]["severity"] for alert in ALERTS} == {"critical", "warning"}


@pytest.mark.parametrize("source", ["alerts", "dashboard", "runbook"])
def test_only_documented_metrics_are_used(source: str) -> None:
    text = {"alerts": RULES.read_text(), "dashboard": "\n".join(QUERIES), "runbook": RUNBOOK}[source]
    used = set(METRIC.findall(text))
    histograms = {name.removesuffix("_bucket") for name in documented_metrics() if name.endswith("_bucket")}
    assert used
    assert used - documented_metrics() - (histograms if source == "runbook" else set()) == set()


def test_codes_of_the_tenant_log_are_documented_as_they_are_counted() -> None:
    _, _, section = (ROOT / "docs" / "operations.md").read_text().partition("\n## Auth0's own log\n")
    rows = re.findall(r"^\| ((?:`\w+`[,; ]*)+) \|", section.partition("\n## ")[0], re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", "".join(rows))) == sorted(TYPES)


def test_alerts_name_codes_of_the_tenant_log_that_are_counted() -> None:
    named = [re.findall(r'auth0_sso_tenant_log_events_total\{type=~"([^"]+)"', alert["expr"]) for alert in ALERTS]
    codes = {code for found in named for text in found for code in text.split("|")}
    assert {"fp", "fu", "limit_wc", "limit_mu"} <= codes
    assert [code for code in codes if not any(re.fullmatch(code, kind) for kind in TYPES)] == []


def test_the_dashboard_has_the_fields_that_grafana_requires() -> None:
    # By jsonschema/dashboard.jsonschema.json of grafana/grafana-foundation-sdk, by which the dashboard was valid.
    assert DASHBOARD.keys() >= {"schemaVersion", "templating", "annotations"}
    assert all(panel["gridPos"].keys() == {"h", "w", "x", "y"} for panel in DASHBOARD["panels"])
    assert all(graph["fieldConfig"].keys() >= {"defaults", "overrides"} for graph in GRAPHS)


def test_the_dashboard_is_what_the_tool_makes() -> None:
    assert dashboard.FILE.read_text() == dashboard.as_text()


def test_the_dashboard_shows_the_metrics_of_every_alert() -> None:
    shown = set(METRIC.findall("\n".join(QUERIES)))
    for alert in ALERTS:
        assert set(METRIC.findall(alert["expr"])) <= shown, alert["alert"]


def test_promtool_parses_every_query_of_the_dashboard(tmp_path: Path) -> None:
    rules = [
        {"record": f"query:number_{number}", "expr": re.sub(r"\$__\w+", "5m", query)}
        for number, query in enumerate(QUERIES)
    ]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", file)


def test_every_query_of_the_dashboard_shows_the_selected_instances_alone() -> None:
    for query in QUERIES:
        assert len(METRIC.findall(query)) == query.count('job="$job",instance=~"$instance"'), query


def test_every_graph_has_a_unit_a_description_and_a_place_of_its_own() -> None:
    titles = [graph["title"] for graph in GRAPHS]
    assert len(set(titles)) == len(titles)
    for graph in GRAPHS:
        assert graph["description"]
        assert graph["fieldConfig"]["defaults"]["unit"]
        assert graph["gridPos"]["x"] + graph["gridPos"]["w"] <= 24
    for one, other in combinations(DASHBOARD["panels"], 2):
        assert not _overlap(one["gridPos"], other["gridPos"]), (one["title"], other["title"])


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "w"), ("y", "h"))
    )
