"""Traces of a running service: from each worker, until the last request, whatever the collector does."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.collector import Collector, collector
from support.process import eventually, free_port, token_of
from support.service import USER
from support.serving import serve, serve_timed

TOO_LONG = 10.0
CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def collected() -> Iterator[Collector]:
    with collector() as running:
        yield running


def traced(url: str) -> dict[str, str]:
    return {"TRACING_ENABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_RESOURCE_ATTRIBUTES": "env=tests"}


def access_lines(log: Path) -> list[dict[str, object]]:
    lines = map(json.loads, log.read_text().splitlines())
    return [line for line in lines if line["logger"] == "auth0_sso.access"]


def test_each_worker_sends_its_spans_and_the_last_ones_as_it_stops(
    tenant_port: int, tmp_path: Path, collected: Collector
) -> None:
    log = tmp_path / "log"
    with serve(tenant_port, log, 2, LOG_FORMAT="json", **traced(collected.url)) as serving:
        headers = token_of(tenant_port, USER)
        pids = serving.workers(2)
        for _ in range(10):
            assert httpx.get(f"{serving.url}/profile", headers=headers).status_code == 200
        code, seconds = serving.timed_stop()
    assert code == 0
    assert seconds < TOO_LONG
    served = collected.named("GET /profile")
    assert len(served) == 10
    assert {span.resource["process.pid"] for span in served} <= set(pids)
    assert {span.resource["env"] for span in served} == {"tests"}
    logged = {line["trace_id"] for line in access_lines(log) if line["route"] == "/profile"}
    assert logged == {span.trace_id for span in served}
    assert len(collected.named("fetch signing keys")) >= 2


@pytest.mark.parametrize("workers", [1, 2])
def test_a_hanging_collector_delays_neither_requests_nor_the_shutdown(
    tenant_port: int, tmp_path: Path, collected: Collector, workers: int
) -> None:
    collected.may_answer.clear()
    with serve(tenant_port, tmp_path / "log", workers, **traced(collected.url)) as serving:
        headers = token_of(tenant_port, USER)
        begun = time.monotonic()
        with httpx.Client() as client:
            for _ in range(50):
                assert client.get(f"{serving.url}/", headers=headers).status_code == 200
        assert time.monotonic() - begun < TOO_LONG
        code, seconds = serving.timed_stop()
    assert code == 0
    assert seconds < TOO_LONG
    assert "Traceback" not in (tmp_path / "log").read_text()


async def test_a_request_that_takes_too_long_leaves_time_for_the_spans(
    tenant_port: int, tmp_path: Path, collected: Collector
) -> None:
    timing = {"shutdown_timeout": 4.0}
    with serve_timed(tenant_port, tmp_path / "log", 1, timing=timing, **traced(collected.url)) as serving:
        headers = token_of(tenant_port, USER)
        eventually(f"{serving.url}/readyz", 200)
        async with httpx.AsyncClient(timeout=30) as client:
            await client.get(f"{serving.url}/", headers=headers)
            request = await serving.slow(client, headers, hangs=True)
            code, seconds = serving.timed_stop()
            request.cancel()
    assert seconds < 4.5
    assert "timed out" not in (tmp_path / "log").read_text()
    assert code == 0
    assert collected.named("GET /")


def test_a_dead_collector_is_one_line_of_the_log(tenant_port: int, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with serve(tenant_port, tmp_path / "log", 1, **traced(url)) as serving:
        serving.logged(f"spans cannot be sent to {url}/v1/traces")
        for _ in range(3):
            assert httpx.get(f"{serving.url}/", headers={"traceparent": CALLER}).status_code == 200
        assert serving.stop() == 0
    text = (tmp_path / "log").read_text()
    assert text.count("spans cannot be sent") == 1
    assert "opentelemetry" not in text
