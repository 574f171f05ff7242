"""`auth0-sso` as its users start it: a process of its own, real sockets on free ports."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

import httpx

COMMAND = [sys.executable, "-m", "auth0_sso"]
_PATIENCE = 30.0


@dataclass(frozen=True)
class Dev:
    """A running `auth0-sso dev`."""

    api: str
    tenant: str
    process: subprocess.Popen[str]

    def token(self, *who: str) -> str:
        """Run `auth0-sso token`, as the README does."""
        command = [*COMMAND, "token", *who, "--tenant", self.tenant]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=_PATIENCE).stdout.strip()


@contextmanager
def dev(*options: str, **environment: str) -> Iterator[Dev]:
    """Run `auth0-sso dev` until the block ends, then see it stop in good order."""
    command = [*COMMAND, "dev", "--port", "0", "--tenant-port", "0", *options]
    # The log goes to a file: a pipe nobody reads would stop the process once it is full.
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | environment
        ) as process,
    ):
        try:
            yield _announced(process, log)
            process.send_signal(signal.SIGTERM)
            assert process.wait(_PATIENCE) == 0
        finally:
            process.kill()


def _announced(process: subprocess.Popen[str], log: TextIO) -> Dev:
    """Read the banner up to the addresses it names."""
    assert process.stdout is not None
    banner = ""
    for line in process.stdout:
        banner += line
        if "Ctrl-C" in line:
            break
    found = re.search(r"API +(\S+)/docs\s+Tenant +(\S+)", banner)
    log.seek(0)
    assert found, f"no banner; stderr: {log.read()}"
    assert "DEVELOPMENT ONLY" in banner
    return Dev(found[1], found[2], process)


def eventually(url: str, status: int) -> httpx.Response:
    """Ask until the answer has that status; a process gives no other sign."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            answer = httpx.get(url)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code == status:
            return answer
        assert time.monotonic() < end, f"{url} never answered {status}, last: {answer}"
        time.sleep(0.05)
