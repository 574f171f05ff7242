"""`auth0-sso` as its users start it: a process of its own, real sockets on free ports."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import httpx

from auth0_devtenant import MANAGEMENT_CLIENT_ID, MANAGEMENT_CLIENT_SECRET
from support.logged_secrets import require_no_secret

COMMAND = [sys.executable, "-m", "auth0_sso"]
_PATIENCE = 30.0

TENANT = """
import sys, uvicorn
from auth0_devtenant import TenantOptions, create_tenant
port = int(sys.argv[1])
uvicorn.run(create_tenant(TenantOptions(issuer=f"http://127.0.0.1:{port}/")), port=port, log_level="warning")
"""


@dataclass(frozen=True)
class Dev:
    """A running `auth0-sso dev`."""

    api: str
    tenant: str
    playground: str
    process: subprocess.Popen[str]

    def token(self, *who: str, **environment: str) -> str:
        """Run `auth0-sso token`, as the README does."""
        command = [*COMMAND, "token", *who, "--tenant", self.tenant]
        result = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=_PATIENCE, env=os.environ | environment
        )
        return result.stdout.strip()


@contextmanager
def dev(*options: str, cwd: Path | None = None, **environment: str) -> Iterator[Dev]:
    """Run `auth0-sso dev` until the block ends, then see it shut down gracefully."""
    command = [*COMMAND, "dev", "--port", "0", "--tenant-port", "0", "--playground-port", "0", *options]
    # The log goes to a file: a pipe that is not read would stop the process once it is full.
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=cwd, env=os.environ | environment
        ) as process,
    ):
        try:
            yield _announced(process, log)
            process.send_signal(signal.SIGTERM)
            assert process.wait(_PATIENCE) == 0
        finally:
            process.kill()
            process.wait(_PATIENCE)
            log.seek(0)
            require_no_secret(log.read(), command)


def _announced(process: subprocess.Popen[str], log: TextIO) -> Dev:
    """Read the banner up to the addresses it names."""
    assert process.stdout is not None
    banner = ""
    for line in process.stdout:
        banner += line
        if "Ctrl-C" in line:
            break
    found = re.search(r"API +(\S+)/docs\s+Tenant +(\S+)\s+Playground +(\S+)", banner)
    log.seek(0)
    assert found, f"no banner; stderr: {log.read()}"
    assert "DEVELOPMENT ONLY" in banner
    return Dev(found[1], found[2], found[3], process)


def wait_for_port(port: int) -> None:
    """Wait until something listens there."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < end, f"nothing listens on {port}"
            time.sleep(0.02)
        else:
            return


def eventually(url: str, status: int, *, timeout: float = _PATIENCE) -> httpx.Response:
    """Ask until the answer has that status, for so many seconds; a process gives no other sign."""
    end = time.monotonic() + timeout
    while True:
        try:
            answer = httpx.get(url)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code == status:
            return answer
        assert time.monotonic() < end, f"{url} never answered {status}, last: {answer}"
        time.sleep(0.05)


def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, which a process outside makes true; it may not be reachable yet."""
    end = time.monotonic() + _PATIENCE
    while True:
        with suppress(httpx.TransportError):
            if condition():
                return
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@contextmanager
def process(*command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command until the block ends; its log goes to the file that LOG_TO names, if any, and has no secret."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Path(environment.pop("LOG_TO", f"{folder}/log")).open("w+b") as log,
        subprocess.Popen(command, env=os.environ | environment, stderr=log) as running,
    ):
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                running.kill()
                raise
            log.seek(0)
            require_no_secret(log.read().decode("utf-8", "replace"), command)


@contextmanager
def tenant(port: int) -> Iterator[None]:
    with process(sys.executable, "-c", TENANT, str(port)):
        eventually(f"http://127.0.0.1:{port}/.well-known/jwks.json", 200)
        yield


def environment(tenant_port: int, port: int) -> dict[str, str]:
    return {
        "AUTH0_DOMAIN": f"127.0.0.1:{tenant_port}",
        "AUTH0_ISSUER_BASE_URL": f"http://127.0.0.1:{tenant_port}/",
        "AUTH0_AUDIENCE": "https://api.example.com",
        "AUTH0_MANAGEMENT_CLIENT_ID": MANAGEMENT_CLIENT_ID,
        "AUTH0_MANAGEMENT_CLIENT_SECRET": MANAGEMENT_CLIENT_SECRET,
        "ALLOW_DEVELOPMENT_TENANT": "true",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "SHUTDOWN_NOTICE_SECONDS": "0",
    }


def token_of(tenant_port: int, *who: str) -> dict[str, str]:
    command = [*COMMAND, "token", *who, "--tenant", f"http://127.0.0.1:{tenant_port}/"]
    token = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    return {"Authorization": f"Bearer {token}"}
