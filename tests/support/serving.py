"""`auth0-sso serve` as a process: started with small durations and faults, asked and stopped."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from support.process import COMMAND, environment, eventually, free_port, process
from support.service import USER, person_id

WITH_FAULTS = os.pathsep.join((str(Path(__file__).parent / "faulty"), os.environ.get("PYTHONPATH", "")))
"""A PYTHONPATH that has faulty/sitecustomize.py imported."""

TIMED = """
import json, sys
from auth0_sso.service.serve import run
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.service.supervisor import Timing
raise SystemExit(run(ServiceSettings.load_or_exit(), timing=Timing(**json.loads(sys.argv[1]))))
"""


@dataclass(frozen=True, slots=True)
class Serving:
    """A running `auth0-sso serve`, its tenant's address and the file it logs to."""

    url: str
    tenant_port: int
    running: subprocess.Popen[bytes]
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def send(self, number: signal.Signals) -> None:
        self.running.send_signal(number)

    def stop(self) -> int:
        self.send(signal.SIGTERM)
        return self.running.wait(30)

    def timed_stop(self) -> tuple[int, float]:
        """Return the exit code, and how many seconds it took."""
        begun = time.monotonic()
        return self.stop(), time.monotonic() - begun

    def logged(self, pattern: str, number: int = 1) -> list[str]:
        """Wait until the log has that many matches; a process gives no other sign."""
        end = time.monotonic() + 30
        while len(found := re.findall(pattern, self.log.read_text())) < number:
            assert time.monotonic() < end, f"{pattern} is not logged {number} times: {self.log.read_text()}"
            assert self.running.poll() is None, f"it has exited: {self.log.read_text()}"
            time.sleep(0.02)
        return found

    def workers(self, number: int) -> list[int]:
        """Wait for that many processes to have started; return their ids."""
        return [int(pid) for pid in self.logged(r"Started server process \[(\d+)\]", number)]

    async def slow(
        self, client: httpx.AsyncClient, headers: dict[str, str], *, hangs: bool = False
    ) -> asyncio.Task[httpx.Response]:
        """Return a request that is under way: the tenant asks to wait for three seconds, or does not answer."""
        development = f"http://127.0.0.1:{self.tenant_port}/_development"
        path = f"/api/v2/users/{person_id(USER)}"
        fault = {"path": path, "status": 429, "headers": {"Retry-After": "3"}, "hang": hangs}
        await client.post(f"{development}/faults", json=fault)
        before = (await client.get(f"{development}/requests")).json().get(f"GET {path}", 0)
        request = asyncio.create_task(client.get(f"{self.url}/profile", headers=headers))
        while (await client.get(f"{development}/requests")).json().get(f"GET {path}", 0) == before:
            assert not request.done(), request.result().text
            await asyncio.sleep(0.02)
        return request


@contextmanager
def serve(tenant_port: int, log: Path, workers: int = 1, **changes: str) -> Iterator[Serving]:
    """Run `auth0-sso serve`, and wait until it is ready."""
    with _serving(tenant_port, log, [*COMMAND, "serve", "--workers", str(workers)], changes) as serving:
        eventually(f"{serving.url}/readyz", 200)
        yield serving


@contextmanager
def serve_timed(
    tenant_port: int, log: Path, workers: int = 1, *, timing: dict[str, float] | None = None, **changes: str
) -> Iterator[Serving]:
    """Run `auth0_sso.service.serve.run` with durations of the test's own, in seconds, and do not wait for it."""
    command = [sys.executable, "-c", TIMED, json.dumps(timing or {})]
    variables = {"WORKERS": str(workers), "SHUTDOWN_NOTICE_SECONDS": "0", "PYTHONPATH": WITH_FAULTS} | changes
    with _serving(tenant_port, log, command, variables) as serving:
        yield serving


@contextmanager
def _serving(tenant_port: int, log: Path, command: list[str], changes: dict[str, str]) -> Iterator[Serving]:
    port = int(changes.pop("PORT", 0)) or free_port()
    variables = environment(tenant_port, port) | {"LOG_TO": str(log), "SHUTDOWN_NOTICE_SECONDS": "1"} | changes
    with process(*command, **variables) as running:
        yield Serving(f"http://127.0.0.1:{port}", tenant_port, running, log)


def alive(pid: int) -> bool:
    """Return whether the process exists, zombies not counted."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def eventually_gone(pid: int) -> None:
    end = time.monotonic() + 30
    while alive(pid):
        assert time.monotonic() < end, f"process {pid} is still there"
        time.sleep(0.02)
