"""The manifests for Kubernetes and the unit for systemd agree with the service and with each other."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from auth0_sso.audit.spill.directory import MAX_BYTES
from auth0_sso.service.settings import EX_CONFIG, ServiceSettings
from auth0_sso.service.shutdown import EXIT_TIMEOUT, SHUTDOWN_TIMEOUT

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
UNIT = (DEPLOY / "systemd" / "auth0-sso.service").read_text()
MANIFESTS = {path.name: yaml.safe_load(path.read_text()) for path in (DEPLOY / "kubernetes").glob("*.yaml")}
LABELS = {"app.kubernetes.io/name": "auth0-sso"}


def pod() -> dict[str, Any]:
    found: dict[str, Any] = MANIFESTS["deployment.yaml"]["spec"]["template"]["spec"]
    return found


def container() -> dict[str, Any]:
    (found,) = pod()["containers"]
    return dict(found)


def in_unit(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)


def test_kustomize_applies_every_manifest() -> None:
    assert set(MANIFESTS["kustomization.yaml"]["resources"]) == MANIFESTS.keys() - {"kustomization.yaml"}


def test_every_manifest_selects_the_same_pods() -> None:
    assert MANIFESTS["deployment.yaml"]["spec"]["selector"]["matchLabels"] == LABELS
    assert MANIFESTS["deployment.yaml"]["spec"]["template"]["metadata"]["labels"] == LABELS
    assert MANIFESTS["service.yaml"]["spec"]["selector"] == LABELS
    assert MANIFESTS["poddisruptionbudget.yaml"]["spec"]["selector"]["matchLabels"] == LABELS
    assert MANIFESTS["networkpolicy.yaml"]["spec"]["podSelector"]["matchLabels"] == LABELS
    assert MANIFESTS["horizontalpodautoscaler.yaml"]["spec"]["scaleTargetRef"]["name"] == "auth0-sso"


def test_the_pod_has_no_rights_it_does_not_need() -> None:
    user = pod()["securityContext"]
    assert user["runAsNonRoot"] is True
    assert f"USER {user['runAsUser']}:{user['runAsGroup']}" in (ROOT / "Dockerfile").read_text()
    assert user["seccompProfile"] == {"type": "RuntimeDefault"}
    assert "fsGroup" not in user  # the key cache refuses a directory that a group can write
    rights = container()["securityContext"]
    assert rights == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod()["automountServiceAccountToken"] is False


def test_a_pod_that_drains_is_noticed_in_time_and_not_killed() -> None:
    readiness = container()["readinessProbe"]
    assert readiness["httpGet"]["path"] == "/readyz"
    notice = ServiceSettings.model_fields["shutdown_notice_seconds"].default
    assert readiness["periodSeconds"] * readiness["failureThreshold"] < notice
    assert pod()["terminationGracePeriodSeconds"] > SHUTDOWN_TIMEOUT + EXIT_TIMEOUT + 1


@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe"])
def test_an_outage_of_auth0_restarts_no_pod(probe: str) -> None:
    assert container()[probe]["httpGet"]["path"] == "/healthz"


def test_every_name_in_the_config_map_is_a_setting() -> None:
    names = {name.lower() for name in MANIFESTS["configmap.yaml"]["data"]}
    assert names <= ServiceSettings.model_fields.keys()


def test_the_key_cache_is_in_a_directory_below_the_volume() -> None:
    mounts = {each["name"]: each["mountPath"] for each in container()["volumeMounts"]}
    file = Path(MANIFESTS["configmap.yaml"]["data"]["AUTH0_JWKS_CACHE_FILE"])
    assert file.parent.parent == Path(mounts["cache"])


def test_spilled_audit_records_are_in_a_directory_below_the_volume() -> None:
    mounts = {each["name"]: each["mountPath"] for each in container()["volumeMounts"]}
    directory = Path(MANIFESTS["configmap.yaml"]["data"]["AUDIT_SPILL_DIRECTORY"])
    assert directory.parent == Path(mounts["spill"])
    limits = {each["name"]: each["emptyDir"]["sizeLimit"] for each in pod()["volumes"] if "emptyDir" in each}
    assert int(limits["spill"].removesuffix("Mi")) * 1024 * 1024 > MAX_BYTES  # beyond it the pod is evicted


def test_systemd_keeps_spilled_audit_records_in_the_state_directory() -> None:
    assert in_unit("StateDirectory") == ["auth0-sso"]
    assert "AUDIT_SPILL_DIRECTORY=/var/lib/auth0-sso/audit" in in_unit("Environment")


def test_pods_reach_the_store_and_auth0_and_are_not_reached_by_all() -> None:
    policy = MANIFESTS["networkpolicy.yaml"]["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert all(rule.get("from") for rule in policy["ingress"])
    assert all(rule.get("to") for rule in policy["egress"])
    assert [port["port"] for rule in policy["egress"] for port in rule["ports"]] == [53, 53, 6379, 443]


def test_rules_in_comments_open_the_audit_database_and_the_trace_collector() -> None:
    text = (DEPLOY / "kubernetes" / "networkpolicy.yaml").read_text()
    policy = yaml.safe_load(re.sub(r"^    # (- |  )", r"    \1", text, flags=re.MULTILINE))["spec"]
    assert all(rule.get("to") for rule in policy["egress"])
    assert [port["port"] for rule in policy["egress"] for port in rule["ports"]] == [53, 53, 6379, 5432, 4318, 443]


def test_the_scraper_reaches_the_metrics_and_nothing_else() -> None:
    data = MANIFESTS["configmap.yaml"]["data"]
    ports = {port["name"]: port["containerPort"] for port in container()["ports"]}
    annotations = MANIFESTS["deployment.yaml"]["spec"]["template"]["metadata"]["annotations"]
    assert str(ports["metrics"]) == data["METRICS_PORT"] == annotations["prometheus.io/port"]
    assert data["METRICS_ENABLED"] == annotations["prometheus.io/scrape"] == "true"
    rules = MANIFESTS["networkpolicy.yaml"]["spec"]["ingress"]
    allowed = {
        rule["from"][0]["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]: rule["ports"]
        for rule in rules
    }
    assert allowed == {"ingress-nginx": [{"port": "http"}], "monitoring": [{"port": "metrics"}]}
    assert [port["targetPort"] for port in MANIFESTS["service.yaml"]["spec"]["ports"]] == ["http"]


def test_systemd_waits_for_the_shutdown_and_leaves_invalid_settings() -> None:
    assert int(in_unit("TimeoutStopSec")[0]) > SHUTDOWN_TIMEOUT + EXIT_TIMEOUT + 1
    assert in_unit("RestartPreventExitStatus") == [str(EX_CONFIG)]
    assert in_unit("KillMode") == ["mixed"]
    assert in_unit("ExecStart") == ["/opt/auth0-sso/bin/auth0-sso serve"]
