"""What HAProxy answers by itself with the configuration that is shipped."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.process import free_port, process, wait_for_port
from support.redis_server import require_program

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "haproxy.cfg"


@pytest.fixture(scope="module")
def proxy() -> Iterator[str]:
    """The address of a proxy without a replica that is ready."""
    haproxy, port = require_program("haproxy"), free_port()
    replicas = {f"REPLICA_{number}": f"127.0.0.1:{free_port()}" for number in (1, 2)}
    with process(haproxy, "-f", str(CONFIGURATION), LISTEN=f"127.0.0.1:{port}", **replicas):
        wait_for_port(port)
        yield f"http://127.0.0.1:{port}"


def test_without_a_ready_replica_the_answer_is_a_problem(proxy: str) -> None:
    answer = httpx.get(f"{proxy}/dashboard")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.headers["retry-after"] == str(answer.json()["retryAfter"])
    assert answer.json()["code"] == "temporarily_unavailable"


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/%6Detrics", "/metrics?x", "/metrics%2Fx"])
def test_metrics_do_not_pass_the_proxy(proxy: str, path: str) -> None:
    answer = httpx.get(f"{proxy}{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/metricsx", "/x/metrics", "/dashboard?/metrics"])
def test_paths_that_only_resemble_metrics_pass(proxy: str, path: str) -> None:
    assert httpx.get(f"{proxy}{path}").status_code == 503
