"""The supervisor of `auth0-sso serve`: restarts of workers, and the rolling restart on SIGHUP."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from support.process import eventually, token_of
from support.service import USER
from support.serving import Serving, alive, eventually_gone, serve, serve_timed


@contextmanager
def served(tenant_port: int, folder: Path, timing: dict[str, float], **changes: str) -> Iterator[Serving]:
    """Run two workers until the block ends, and wait until they serve."""
    with serve_timed(tenant_port, folder / "log", 2, timing=timing, **changes) as serving:
        serving.workers(2)
        eventually(f"{serving.url}/readyz", 200)
        yield serving


async def test_workers_of_a_killed_supervisor_finish_requests_and_free_the_port(
    tenant_port: int, tmp_path: Path
) -> None:
    with serve(tenant_port, tmp_path / "log", 2) as serving:
        pids = serving.workers(2)
        async with httpx.AsyncClient(timeout=30) as client:
            slow = await serving.slow(client, token_of(tenant_port, USER))
            serving.send(signal.SIGKILL)
            assert (await slow).status_code == 200
        for pid in pids:
            eventually_gone(pid)
    with serve(tenant_port, tmp_path / "again", PORT=str(serving.port)) as again:
        assert again.stop() == 0


def test_workers_that_fail_to_start_are_restarted_with_exponential_backoff(tenant_port: int, tmp_path: Path) -> None:
    timing = {"min_backoff": 0.1, "max_backoff": 0.4}
    with serve_timed(tenant_port, tmp_path / "log", 2, timing=timing, FAULT="exit-9") as serving:
        pauses = serving.logged(r"worker \d+ exited after serving for 0.0 s \(exit code 9\); restart in (\S+) s", 8)
        assert Counter(pauses[:8]) == {"0.1": 2, "0.2": 2, "0.4": 4}
        assert serving.stop() == 0


def test_a_shutdown_does_not_wait_for_a_backoff(tenant_port: int, tmp_path: Path) -> None:
    timing = {"min_backoff": 60.0, "max_backoff": 60.0}
    with serve_timed(tenant_port, tmp_path / "log", 2, timing=timing, FAULT="exit-9") as serving:
        serving.logged("restart in 60 s", 2)
        code, seconds = serving.timed_stop()
        assert code == 0
        assert seconds < 10


def test_a_stable_worker_is_restarted_without_backoff(tenant_port: int, tmp_path: Path) -> None:
    timing = {"stable_after": 0.0, "min_backoff": 60.0}
    with serve_timed(tenant_port, tmp_path / "log", 2, timing=timing) as serving:
        eventually(f"{serving.url}/readyz", 200)
        for number in (2, 3, 4):
            os.kill(serving.workers(number)[-1], signal.SIGKILL)
            serving.logged(r"killed by SIGKILL\); restart in 0 s", number - 1)
        serving.workers(5)
        assert serving.stop() == 0


def test_connections_to_a_killed_worker_are_served_before_it_is_restarted(tenant_port: int, tmp_path: Path) -> None:
    with served(tenant_port, tmp_path, {"min_backoff": 60.0, "max_backoff": 60.0}) as serving:
        os.kill(serving.workers(2)[0], signal.SIGKILL)
        serving.logged("killed by SIGKILL")
        for _ in range(20):  # one in two is for the killed worker
            assert httpx.get(f"{serving.url}/healthz", timeout=10).status_code == 200
        assert len(serving.workers(2)) == 2


@pytest.mark.parametrize(("fault", "code"), [("exit-3", 1), ("exit-78", 78)])
def test_the_supervisor_gives_up_when_no_worker_can_start(
    tenant_port: int, tmp_path: Path, fault: str, code: int
) -> None:
    with serve_timed(tenant_port, tmp_path / "log", 2, FAULT=fault) as serving:
        assert serving.running.wait(30) == code
    log = serving.log.read_text()
    assert "no worker could start" in log
    assert "Traceback" not in log


def test_a_replacement_that_fails_to_start_leaves_the_service_running(tenant_port: int, tmp_path: Path) -> None:
    failing = tmp_path / "failing"
    variables = {"FAULT": "exit-3", "FAULT_FILE": str(failing)}
    with served(tenant_port, tmp_path, {"min_backoff": 0.1, "max_backoff": 0.2}, **variables) as serving:
        pids = serving.workers(2)
        failing.touch()
        os.kill(pids[0], signal.SIGKILL)
        serving.logged(r"\(exit code 3\); restart in 0.2 s", 2)
        assert httpx.get(f"{serving.url}/healthz").status_code == 200
        assert alive(pids[1])
        failing.unlink()
        serving.workers(3)
        assert serving.stop() == 0


def test_a_worker_that_fails_its_health_check_is_restarted(tenant_port: int, tmp_path: Path) -> None:
    with served(tenant_port, tmp_path, {"ping_timeout": 0.5}) as serving:
        stopped = serving.workers(2)[0]
        os.kill(stopped, signal.SIGSTOP)
        serving.workers(3)
        assert not alive(stopped)
        assert serving.stop() == 0


async def test_a_rolling_restart_replaces_all_workers_without_losing_a_request(
    tenant_port: int, tmp_path: Path
) -> None:
    with serve(tenant_port, tmp_path / "log", 2) as serving:
        before = serving.workers(2)
        seen, stopping = Counter[str](), asyncio.Event()

        async def caller(client: httpx.AsyncClient, path: str) -> None:
            while not stopping.is_set():
                try:
                    seen[str((await client.get(path)).status_code)] += 1
                except httpx.HTTPError as error:
                    seen[type(error).__name__] += 1

        always_new = httpx.Limits(max_keepalive_connections=0)
        async with (
            httpx.AsyncClient(base_url=serving.url, timeout=30) as client,
            httpx.AsyncClient(base_url=serving.url, timeout=30, limits=always_new) as connecting,
        ):
            slow = await serving.slow(client, token_of(tenant_port, USER))
            callers = [
                asyncio.create_task(caller(each, path))
                for each, path in ((client, "/readyz"), (connecting, "/healthz")) * 3
            ]
            serving.send(signal.SIGHUP)
            await asyncio.to_thread(serving.logged, "all workers are replaced")
            stopping.set()
            await asyncio.gather(*callers)
            assert (await slow).status_code == 200
        assert seen.keys() == {"200"}
        assert seen["200"] > 100
        assert all(closed - drained >= timedelta(seconds=1) for drained, closed in drain_times(serving))
        assert not any(alive(pid) for pid in before)
        assert all(alive(pid) for pid in serving.workers(4)[2:])
        assert serving.stop() == 0


def drain_times(serving: Serving) -> list[tuple[datetime, datetime]]:
    """Return when each of two workers started draining, and when it closed its idle connections."""
    said = "(?:rolling restart: draining connections|Shutting down)"
    lines = serving.logged(rf'"time":"(\S+?)","level":"INFO","logger":"\S+","message":"{said}', 4)
    times = [datetime.fromisoformat(line) for line in lines]
    return list(zip(times[::2], times[1::2], strict=True))


@pytest.mark.parametrize("fault", ["exit-1", "start"])
def test_a_rolling_restart_aborts_if_the_new_worker_fails(tenant_port: int, tmp_path: Path, fault: str) -> None:
    failing = tmp_path / "failing"
    with served(tenant_port, tmp_path, {"start_timeout": 3.0}, FAULT=fault, FAULT_FILE=str(failing)) as serving:
        before = serving.workers(2)
        failing.touch()
        serving.send(signal.SIGHUP)
        serving.logged("rolling restart aborted")
        assert all(alive(pid) for pid in before)
        assert httpx.get(f"{serving.url}/healthz").status_code == 200
        assert serving.stop() == 0


def test_a_shutdown_during_a_rolling_restart_stops_the_new_worker(tenant_port: int, tmp_path: Path) -> None:
    failing = tmp_path / "failing"
    with served(
        tenant_port, tmp_path, {"shutdown_timeout": 3.0}, FAULT="start-c", FAULT_FILE=str(failing)
    ) as serving:
        serving.workers(2)
        failing.touch()
        serving.send(signal.SIGHUP)
        serving.logged("fault: start hangs")
        new = serving.workers(3)[2]
        code, seconds = serving.timed_stop()
        assert code == 0
        assert seconds < 10
        assert not alive(new)


def test_only_the_supervisor_handles_signals_from_the_terminal(tenant_port: int, tmp_path: Path) -> None:
    with served(tenant_port, tmp_path, {}) as serving:
        for pid in serving.workers(2):
            ignored = int(Path(f"/proc/{pid}/status").read_text().partition("SigIgn:")[2].split()[0], 16)
            assert [ignored >> number - 1 & 1 for number in (signal.SIGINT, signal.SIGHUP)] == [1, 1]
        serving.send(signal.SIGINT)
        assert serving.running.wait(30) == 0
    assert "Traceback" not in serving.log.read_text()
