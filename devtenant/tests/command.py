"""The command `auth0-devtenant` in processes of its own, with real sockets on free ports."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

COMMAND = (sys.executable, "-m", "auth0_devtenant")
TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Served:
    """A tenant that is served: its process, what that has printed and the file it logs to."""

    issuer: str
    banner: str
    process: subprocess.Popen[str]
    log: TextIO

    def stop(self, number: signal.Signals) -> tuple[int, str]:
        """Return the exit code, and all that was logged."""
        self.process.send_signal(number)
        code = self.process.wait(TIMEOUT)
        self.log.seek(0)
        return code, self.log.read()


@contextmanager
def served(*options: str, cwd: Path | None = None, **environment: str) -> Iterator[Served]:
    """Run `auth0-devtenant serve` on a free port until the block ends."""
    command = [*COMMAND, "serve", "--port", "0", *options]
    # The log goes to a file: a pipe that is not read would stop the process once it is full.
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=cwd, env=os.environ | environment
        ) as process,
    ):
        try:
            yield _announced(process, log)
        finally:
            process.terminate()
            try:
                process.wait(TIMEOUT)
            finally:
                process.kill()


def _announced(process: subprocess.Popen[str], log: TextIO) -> Served:
    """Read the banner to its end."""
    assert process.stdout is not None
    banner = ""
    for line in process.stdout:
        banner += line
        if "Ctrl-C" in line:
            break
    found = re.search(r"Issuer +(\S+)", banner)
    log.seek(0)
    assert found, f"no banner; stderr: {log.read()}"
    return Served(found[1], banner, process, log)
