"""`auth0-sso serve` with workers, and restarts under load, over real sockets."""

import asyncio
import os
import signal
import subprocess
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.process import COMMAND, environment, eventually, free_port, process, token_of
from support.redis_server import RedisServer, require_program
from support.service import USER
from support.serving import Serving, serve

HAPROXY = Path(__file__).parents[2] / "deploy" / "haproxy.cfg"


async def many(url: str, number: int, headers: dict[str, str]) -> Counter[int]:
    """Send concurrent requests, each on its own connection, so that all workers get some."""
    async with httpx.AsyncClient(limits=httpx.Limits(max_keepalive_connections=0), timeout=30) as client:
        responses = await asyncio.gather(*(client.get(url, headers=headers) for _ in range(number)))
    return Counter(response.status_code for response in responses)


async def test_four_workers_with_redis_allow_exactly_ten_of_fifty(
    tenant_port: int, redis: RedisServer, tmp_path: Path
) -> None:
    with serve(tenant_port, tmp_path / "log", 4, RATE_LIMIT_STORAGE_URL=redis.url) as serving:
        headers = token_of(tenant_port, USER)
        serving.workers(4)
        assert await many(f"{serving.url}/api/data", 50, headers) == {200: 10, 429: 40}
    assert "without a shared store" not in serving.log.read_text()


def test_workers_without_a_shared_store_log_a_warning(tenant_port: int, tmp_path: Path) -> None:
    with serve(tenant_port, tmp_path / "log", 2) as serving:
        pass
    assert "2 workers without a shared store" in serving.log.read_text()


@pytest.mark.parametrize("workers", [1, 2])
def test_the_options_win_and_one_line_names_the_setup(tenant_port: int, tmp_path: Path, workers: int) -> None:
    port, log = free_port(), tmp_path / "log"
    options = ["--host", "127.0.0.2", "--port", str(port), "--workers", str(workers)]
    names = environment(tenant_port, free_port()) | {"LOG_TO": str(log)}
    with process(*COMMAND, "serve", *options, **names):
        eventually(f"http://127.0.0.2:{port}/readyz", 200)
    text = log.read_text()
    assert text.count(f"issuer http://127.0.0.1:{tenant_port}/; audience ") == 1
    assert f"; {workers} worker" in text
    assert f"listening on http://127.0.0.2:{port}" in text


def test_a_killed_worker_is_restarted(tenant_port: int, tmp_path: Path) -> None:
    with serve(tenant_port, tmp_path / "log", 2) as serving:
        os.kill(serving.workers(2).pop(), signal.SIGKILL)
        serving.workers(3)
        assert httpx.get(f"{serving.url}/healthz").status_code == 200
        assert serving.stop() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_start_that_fails_exits_with_1(tenant_port: int, tmp_path: Path, workers: int) -> None:
    with serve(tenant_port, tmp_path / "log") as serving:
        taken = serving.url.rpartition(":")[2]
        again = subprocess.run(
            [*COMMAND, "serve", "--workers", str(workers)],
            check=False,
            env=os.environ | environment(tenant_port, int(taken)),
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert again.returncode == 1
    assert "address already in use" in again.stderr.lower()
    assert "Traceback" not in again.stderr


@pytest.mark.parametrize(("workers", "number"), [(1, signal.SIGTERM), (2, signal.SIGTERM), (1, signal.SIGHUP)])
async def test_a_graceful_shutdown_drains_connections_and_finishes_requests_in_progress(
    tenant_port: int, tmp_path: Path, workers: int, number: signal.Signals
) -> None:
    with serve(tenant_port, tmp_path / "log", workers) as serving:
        headers = token_of(tenant_port, USER)
        async with httpx.AsyncClient(base_url=serving.url, timeout=30) as client:
            slow = await serving.slow(client, headers)
            serving.send(number)
            refused = await asyncio.to_thread(eventually, f"{serving.url}/readyz", 503)
            assert refused.json()["code"] == "shutting_down"
            drained = await client.get("/healthz")  # still served while connections drain
            assert (drained.status_code, drained.headers["Connection"]) == (200, "close")
            assert not slow.done()
            assert (await slow).status_code == 200
            with pytest.raises(httpx.ConnectError):
                await client.get("/healthz")
        assert serving.running.wait(30) == 0
    assert "Traceback" not in serving.log.read_text()


async def test_a_rolling_restart_behind_a_load_balancer_loses_no_request(
    tenant_port: int, redis: RedisServer, tmp_path: Path
) -> None:
    haproxy, listen, ports = require_program("haproxy"), free_port(), [free_port(), free_port()]
    servers = {f"REPLICA_{number}": f"127.0.0.1:{port}" for number, port in enumerate(ports, 1)}
    shared: dict[str, Any] = {
        "RATE_LIMIT_STORAGE_URL": redis.url,
        "TRUSTED_PROXIES": "127.0.0.1",
        "SHUTDOWN_NOTICE_SECONDS": "2",
    }

    def start(number: int, generation: int) -> Serving:
        log = tmp_path / f"{number}-{generation}"
        return stack.enter_context(serve(tenant_port, log, PORT=str(ports[number]), **shared))

    with ExitStack() as stack:
        replicas = [start(number, 0) for number in range(2)]
        stack.enter_context(process(haproxy, "-f", str(HAPROXY), LISTEN=f"127.0.0.1:{listen}", **servers))
        url = f"http://127.0.0.1:{listen}"
        eventually(f"{url}/readyz", 200)
        headers, stopping, seen = token_of(tenant_port, USER), asyncio.Event(), Counter[str]()

        async def caller(client: httpx.AsyncClient) -> None:
            while not stopping.is_set():
                try:
                    response = await client.get("/", headers=headers)
                    seen[f"{response.status_code}"] += 1
                except httpx.HTTPError as error:
                    seen[type(error).__name__] += 1

        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            callers = [asyncio.create_task(caller(client)) for _ in range(8)]
            for number in range(2):
                assert await asyncio.to_thread(replicas[number].stop) == 0
                await asyncio.to_thread(start, number, 1)
                await asyncio.sleep(1.5)  # the load balancer notices that it is ready again
            stopping.set()
            await asyncio.gather(*callers)
    assert seen.keys() == {"200"}
    assert seen["200"] > 100
