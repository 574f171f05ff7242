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
    assert sorted(fired) == sorted(alert["alert"] for alert in ALERTS)


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


def test_the_dashboard_has_the_fields_that_grafana_requires() -> None:
    # By jsonschema/dashboard.jsonschema.json of grafana/grafana-foundation-sdk, by which the dashboard was valid.
    assert DASHBOARD.keys() >= {"schemaVersion", "templating", "annotations"}
    assert all(panel["gridPos"].keys() == {"h", "w", "x", "y"} for panel in DASHBOARD["panels"])
    assert all(graph["fieldConfig"].keys() >= {"defaults", "overrides"} for graph in GRAPHS)


def test_the_dashboard_is_what_the_tool_makes() -> None:
    assert dashboard.FILE.read_text() == dashboard.as_text()


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
