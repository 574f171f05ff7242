"""The commands of the README, unchanged except for the ports and the path of the command."""

import re
import subprocess
import sys
from pathlib import Path

from support.process import dev, eventually

README = (Path(__file__).parents[2] / "README.md").read_text()


def shell_block(containing: str) -> str:
    (block,) = (block for block in re.findall(r"```sh\n(.+?)```", README, re.DOTALL) if containing in block)
    return str(block)


def test_every_command_of_the_readme_works_as_commented() -> None:
    with dev() as running:
        eventually(f"{running.api}/readyz", 200)
        lines = shell_block("curl").replace("http://127.0.0.1:3000", running.api)
        lines = lines.replace("http://127.0.0.1:3001/", running.tenant)
        token = f"{sys.executable} -m auth0_sso token --tenant {running.tenant}"
        script = "set -e\n" + lines.replace(".venv/bin/auth0-sso token", token)
        result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, timeout=60)
    statuses = re.findall(r"HTTP/1\.1 (\d+)", result.stdout)
    # Three public routes; a user's three; a machine with data and no profile; manager and user; admin; a fault, and
    # the profile.
    expected = ["200"] * 3 + ["200"] * 3 + ["200", "403"] + ["200", "403"] + ["200", "201"] + ["204", "200"]
    assert statuses == expected
