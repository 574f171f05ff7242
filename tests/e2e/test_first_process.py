"""`auth0-sso` as the first process of a container, which gets no signal that it does not handle."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from support.process import COMMAND

NAMESPACE = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]


def first_process(unshare: int) -> int | None:
    """Return the id of the process that `unshare` forked, once there is one."""
    children = Path(f"/proc/{unshare}/task/{unshare}/children").read_text().split()
    return int(children[0]) if children else None


def test_sigterm_during_the_import_ends_the_first_process(tmp_path: Path) -> None:
    if (
        shutil.which("unshare") is None
        or subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("no process namespace can be made here")
    environment = os.environ | {
        "AUTH0_DOMAIN": "acme.eu.auth0.com",
        "AUTH0_AUDIENCE": "https://api.example.com",
        "PORT": "0",
    }
    with subprocess.Popen([*NAMESPACE, *COMMAND, "serve"], cwd=tmp_path, env=environment) as running:
        while running.poll() is None:
            if (process := first_process(running.pid)) is not None:
                os.kill(process, signal.SIGTERM)  # again and again: the first ones come before the handler
            time.sleep(0.01)
    assert running.returncode == 128 + signal.SIGTERM
