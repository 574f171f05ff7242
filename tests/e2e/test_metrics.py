"""Metrics of real processes, scraped as Prometheus does."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import httpx
import pytest

from auth0_devtenant import PEOPLE
from support.process import eventually, free_port, token_of, until
from support.service import ADMIN, USER
from support.serving import Serving, serve, serve_timed

HOME = 'auth0_sso_http_requests_total{method="GET",route="/",status="200"}'

_CLIENT = httpx.Client(timeout=10, limits=httpx.Limits(max_keepalive_connections=0))
"""One for all: a client takes 50 ms to make."""


def exposition(port: int) -> str:
    response = _CLIENT.get(f"http://127.0.0.1:{port}/metrics")
    assert response.status_code == 200
    return response.text


def scraped(port: int) -> dict[str, float]:
    """Return each sample's value by its name and labels."""
    lines = (line for line in exposition(port).splitlines() if not line.startswith("#"))
    values = [line.rpartition(" ") for line in lines]
    samples = {name: float(value) for name, _, value in values}
    assert len(samples) == len(values), "a sample is there twice"
    return samples


def ask(serving: Serving, times: int, path: str = "/", headers: dict[str, str] | None = None) -> None:
    """Send requests, each over a connection of its own, so that all workers get some."""
    with httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), headers=headers, timeout=30) as client:
        for _ in range(times):
            client.get(f"{serving.url}{path}")


def test_two_workers_are_summed_and_a_killed_one_loses_nothing(tenant_port: int, tmp_path: Path) -> None:
    port = free_port()
    timing = {"min_backoff": 0.1}
    changes = {"METRICS_ENABLED": "true", "METRICS_PORT": str(port)}
    with serve_timed(tenant_port, tmp_path / "log", 2, timing=timing, **changes) as serving:
        pids = serving.workers(2)
        eventually(f"{serving.url}/readyz", 200)
        ask(serving, 60)
        until(lambda: scraped(port).get(HOME) == 60)
        os.kill(pids[0], signal.SIGKILL)
        serving.workers(3)
        until(lambda: scraped(port)["auth0_sso_workers"] == 2)
        assert scraped(port)[HOME] == 60
        ask(serving, 40)
        until(lambda: scraped(port)[HOME] == 100)
        samples = scraped(port)
        assert samples['auth0_sso_worker_exits_total{reason="killed by SIGKILL"}'] == 1
        assert samples['auth0_sso_signing_keys_state{state="fresh"}'] == 2
        assert {name for name in samples if name.startswith("process_open_fds")} == {
            f'process_open_fds{{worker="{worker}"}}' for worker in ("0", "1", "supervisor")
        }
        assert httpx.get(f"{serving.url}/metrics").status_code == 404  # not at the port of the API
        assert serving.stop() == 0


def test_rolling_restarts_keep_all_counts_and_take_no_more_memory(tenant_port: int, tmp_path: Path) -> None:
    port = free_port()
    with serve(
        tenant_port, tmp_path / "log", 2, METRICS_ENABLED="true", METRICS_PORT=str(port), SHUTDOWN_NOTICE_SECONDS="0"
    ) as serving:
        ask(serving, 20)
        for restart in (1, 2):
            serving.send(signal.SIGHUP)
            serving.logged("rolling restart finished", restart)
            ask(serving, 20)
        until(lambda: scraped(port)[HOME] == 60)
        samples = scraped(port)
        workers = {name for name in samples if name.startswith("process_open_fds")}
        assert len(workers) == 3  # two workers and the supervisor
        assert workers <= {f'process_open_fds{{worker="{worker}"}}' for worker in (0, 1, 2, "supervisor")}
        assert not any(name.startswith("auth0_sso_worker_exits") for name in samples)
        assert _shared_bytes(serving.running.pid) == 4 * 2 * 1024 * 1024
        assert serving.stop() == 0


def _shared_bytes(pid: int) -> int:
    """Return the size of the memory that the processes share: its descriptor is the supervisor's."""
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        if "memfd:auth0-sso-metrics" in str(descriptor.readlink()):
            return descriptor.stat().st_size
    raise AssertionError("there is no shared memory")


def test_the_supervisor_answers_while_workers_hang(tenant_port: int, tmp_path: Path) -> None:
    port = free_port()
    changes = {"METRICS_ENABLED": "true", "METRICS_PORT": str(port)}
    with serve_timed(tenant_port, tmp_path / "log", 2, timing={"ping_timeout": 60.0}, **changes) as serving:
        pids = serving.workers(2)
        eventually(f"{serving.url}/readyz", 200)
        ask(serving, 10)
        until(lambda: scraped(port).get(HOME) == 10)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            assert scraped(port)[HOME] == 10
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)


def test_any_worker_shows_all_at_the_port_of_the_api(tenant_port: int, tmp_path: Path) -> None:
    with serve(tenant_port, tmp_path / "log", 2, METRICS_ENABLED="true") as serving:
        serving.workers(2)
        ask(serving, 50)
        until(lambda: scraped(serving.port)[HOME] == 50)
        for _ in range(20):
            assert scraped(serving.port)[HOME] == 50


@pytest.mark.parametrize("own_port", [False, True])
def test_one_process_serves_its_metrics_without_shared_memory(
    tenant_port: int, tmp_path: Path, *, own_port: bool
) -> None:
    port = free_port()
    changes = {"METRICS_PORT": str(port)} if own_port else {}
    with serve(tenant_port, tmp_path / "log", 1, METRICS_ENABLED="true", **changes) as serving:
        ask(serving, 10)
        samples = scraped(port if own_port else serving.port)
        assert samples[HOME] == 10
        assert 'process_open_fds{worker="0"}' in samples
        assert "auth0_sso_workers" not in samples
        assert "memfd" not in Path(f"/proc/{serving.running.pid}/maps").read_text()
        assert httpx.get(f"{serving.url}/metrics").status_code == (404 if own_port else 200)
        assert serving.stop() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_metrics_port_in_use_fails_the_start_and_is_named(tenant_port: int, tmp_path: Path, workers: int) -> None:
    with serve_timed(tenant_port, tmp_path / "first", METRICS_ENABLED="true", METRICS_PORT=str(port := free_port())):
        until(lambda: httpx.get(f"http://127.0.0.1:{port}/metrics").status_code == 200)
        with serve_timed(
            tenant_port, tmp_path / "log", workers, METRICS_ENABLED="true", METRICS_PORT=str(port)
        ) as serving:
            assert serving.running.wait(30) == 1
            assert f"METRICS_PORT: cannot listen on 127.0.0.1 port {port}" in serving.log.read_text()


def test_labels_hold_no_ids_paths_or_tokens_and_stay_few(tenant_port: int, tmp_path: Path) -> None:
    port = free_port()
    with serve(tenant_port, tmp_path / "log", 2, METRICS_ENABLED="true", METRICS_PORT=str(port)) as serving:
        user, admin = token_of(tenant_port, USER), token_of(tenant_port, ADMIN)
        for path in ("/", "/profile", "/dashboard", "/api/data", "/admin/users"):
            ask(serving, 2, path, user)
            ask(serving, 2, path, admin)
        for person in PEOPLE:
            ask(serving, 1, f"/admin/users/{person.user_id}/roles", admin)
        number = _number_of_series(port)
        with httpx.Client(base_url=serving.url, timeout=30) as client:
            for each in range(30):
                client.get(f"/garbage/{each}?q={each}")
                client.request("PROPFIND" if each % 2 else "REPORT", f"/x{each}")
                client.get("/profile", headers={"Authorization": f"Bearer secret{each}"})
        until(lambda: _sum(scraped(port), "auth0_sso_http_requests_total") >= 90)
        text = exposition(port)
    assert _number_of_series_in(text) < number + 60  # a path or method with series of its own would add a thousand
    secrets = [person.user_id for person in PEOPLE] + [person.email for person in PEOPLE]
    secrets += [header.removeprefix("Bearer ") for token in (user, admin) for header in token.values()]
    for secret in (*secrets, "garbage", "secret1", "auth0|", "eyJ", "PROPFIND"):
        assert secret not in text
    promtool = shutil.which("promtool")
    if promtool is not None:
        checked = subprocess.run(
            [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False, timeout=30
        )
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def _number_of_series(port: int) -> int:
    return _number_of_series_in(exposition(port))


def _number_of_series_in(text: str) -> int:
    return len(re.findall(r"^\w+(?:{.*})? \S+$", text, re.MULTILINE))


def _sum(samples: dict[str, float], name: str) -> float:
    return sum(value for sample, value in samples.items() if sample.startswith(f"{name}{{"))
