"""Graceful shutdown of `auth0-sso serve` and `dev`: within its timeout, and after the last response."""

import asyncio
import re
import signal
import time
from pathlib import Path

import httpx
import pytest

from support.process import COMMAND, eventually, free_port, process, token_of
from support.service import USER
from support.serving import WITH_FAULTS, Serving, eventually_gone, serve_timed

one_and_two = pytest.mark.parametrize("workers", [1, 2])
TOO_LONG = 10.0  # a fault hangs for a minute, or forever


@one_and_two
def test_a_dns_look_up_that_hangs_does_not_delay_the_shutdown(tenant_port: int, tmp_path: Path, workers: int) -> None:
    domain, issuer = "tenant.example.test", "https://tenant.example.test/"
    with serve_timed(
        tenant_port, tmp_path / "log", workers, FAULT="dns", AUTH0_DOMAIN=domain, AUTH0_ISSUER_BASE_URL=issuer
    ) as serving:
        serving.logged("fault: look-up hangs", workers)
        eventually(f"{serving.url}/healthz", 200)
        code, seconds = serving.timed_stop()
        assert code == 0
        assert seconds < TOO_LONG
    left = "the server has finished; not waiting for threads that still run: .*asyncio_[0-9]"
    assert len(re.findall(left, serving.log.read_text())) == workers
    assert "Traceback" not in serving.log.read_text()


@one_and_two
@pytest.mark.parametrize("fault", ["close", "close-c"])
def test_a_shutdown_that_hangs_times_out_with_1(tenant_port: int, tmp_path: Path, workers: int, fault: str) -> None:
    with serve_timed(tenant_port, tmp_path / "log", workers, timing={"shutdown_timeout": 1}, FAULT=fault) as serving:
        eventually(f"{serving.url}/readyz", 200)
        pids = serving.workers(workers)
        code, seconds = serving.timed_stop()
        assert code == 1
        assert 1 <= seconds < TOO_LONG
        for pid in pids:
            eventually_gone(pid)
    assert serving.log.read_text().count("fault: close hangs") == workers
    assert serving.log.read_text().count("graceful shutdown timed out after 1.0 s") == workers


@one_and_two
def test_a_shutdown_during_a_start_that_hangs_exits_with_0(tenant_port: int, tmp_path: Path, workers: int) -> None:
    with serve_timed(
        tenant_port, tmp_path / "log", workers, timing={"shutdown_timeout": 1}, FAULT="start-c"
    ) as serving:
        serving.logged("fault: start hangs", workers)
        code, seconds = serving.timed_stop()
        assert code == 0
        assert seconds < TOO_LONG


@one_and_two
async def test_a_request_is_cancelled_only_after_the_shutdown_timeout(
    tenant_port: int, tmp_path: Path, workers: int
) -> None:
    with serve_timed(tenant_port, tmp_path / "log", workers, timing={"shutdown_timeout": 1}) as serving:
        eventually(f"{serving.url}/readyz", 200)
        async with httpx.AsyncClient(timeout=30) as client:
            slow = await serving.slow(client, token_of(tenant_port, USER), hangs=True)
            begun = time.monotonic()
            assert await asyncio.to_thread(serving.stop) == 0
            assert 1 <= time.monotonic() - begun < TOO_LONG
            assert (await slow).status_code == 500
    assert serving.log.read_text().count("Application shutdown complete") == workers


@one_and_two
async def test_a_second_sigterm_changes_nothing(tenant_port: int, tmp_path: Path, workers: int) -> None:
    with serve_timed(tenant_port, tmp_path / "log", workers) as serving:
        eventually(f"{serving.url}/readyz", 200)
        async with httpx.AsyncClient(timeout=30) as client:
            slow = await serving.slow(client, token_of(tenant_port, USER))
            for _ in range(2):
                serving.send(signal.SIGTERM)
                await port_closed(serving)
            assert (await slow).status_code == 200
        assert serving.running.wait(30) == 0


@one_and_two
async def test_a_second_sigint_exits_at_once_with_1(tenant_port: int, tmp_path: Path, workers: int) -> None:
    with serve_timed(tenant_port, tmp_path / "log", workers) as serving:
        eventually(f"{serving.url}/readyz", 200)
        pids = serving.workers(workers)
        async with httpx.AsyncClient(timeout=30) as client:
            slow = await serving.slow(client, token_of(tenant_port, USER), hangs=True)
            serving.send(signal.SIGINT)
            await port_closed(serving)
            assert not slow.done()
            serving.send(signal.SIGINT)
            assert serving.running.wait(5) == 1
            with pytest.raises(httpx.TransportError):
                await slow
        for pid in pids:
            eventually_gone(pid)
    assert "second SIGINT: exiting at once" in serving.log.read_text()


async def port_closed(serving: Serving) -> None:
    """Wait until the port is closed."""
    end = time.monotonic() + TOO_LONG
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", serving.port)
        except ConnectionRefusedError:
            return
        writer.close()
        assert time.monotonic() < end, "it is still listening"
        await asyncio.sleep(0.02)


def test_a_second_ctrl_c_ends_dev_when_its_shutdown_hangs(tmp_path: Path) -> None:
    port, tenant_port, log = free_port(), free_port(), tmp_path / "log"
    command = [*COMMAND, "dev", "--port", str(port), "--tenant-port", str(tenant_port), "--playground-port", "0"]
    with process(*command, LOG_TO=str(log), FAULT="close", PYTHONPATH=WITH_FAULTS) as running:
        serving = Serving(f"http://127.0.0.1:{port}", tenant_port, running, log)
        eventually(f"{serving.url}/readyz", 200)
        serving.send(signal.SIGINT)
        serving.logged("fault: close hangs")
        serving.send(signal.SIGINT)
        assert running.wait(5) == 0
    assert "second SIGINT: exiting at once" in log.read_text()
