"""The README's own lines, run as they stand: only the ports and the command's place differ."""

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
    # Anyone three times; a user's three; a machine that has data and no profile; manager and user; administrator;
    # a fault, and a profile in spite of it.
    expected = ["200"] * 3 + ["200"] * 3 + ["200", "403"] + ["200", "403"] + ["200", "201"] + ["204", "200"]
    assert statuses == expected
