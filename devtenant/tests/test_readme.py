"""The README's commands, run as they stand in an installed copy: only the ports differ."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Mount, Route

from auth0_devtenant import SPA_CLIENT_ID, WEB_CLIENT_ID, TenantOptions, create_tenant, read_seed

from .command import served
from .visitor import ADMIN, segments

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text()


def blocks(heading: str, language: str = "sh") -> list[str]:
    """Return the code blocks of a section, whose heading is given with its number signs."""
    level = heading.partition(" ")[0]
    (_, section) = README.split(f"\n{heading}\n")
    section = re.split(rf"\n#{{2,{len(level)}}} ", section)[0]
    return re.findall(rf"```{language}\n(.+?)```", section, re.DOTALL)


INSTALL, SERVE, TRY = blocks("## Run it")
OPTIONS = blocks("## Configure your API and your application")[0]
PASSWORDLESS, DEVICE = blocks("## Grant types")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Install by the README's line into a folder of its own, without a network; return the environment."""
    folder = tmp_path_factory.mktemp("installed")
    options = f"--quiet --no-deps --no-index --no-build-isolation --target {folder}"
    line = INSTALL.strip().replace("python -m pip install", f"{sys.executable} -m pip install {options}")
    subprocess.run(["bash", "-ec", line], check=True, timeout=120, cwd=PROJECT.parent)
    path = os.pathsep.join((str(folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]))
    return os.environ | {"PYTHONPATH": str(folder), "PATH": path}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def run(serve: str, commands: str, environment: dict[str, str]) -> str:
    """Run commands beside a tenant; return what they print."""
    script = f"""
exec 3< <(exec {serve.strip()})
tenant=$!
trap 'kill $tenant' EXIT
while read -r -u 3 line; do case $line in *Ctrl-C*) break;; esac; done
{commands}
"""
    result = subprocess.run(
        ["bash", "-ec", script], check=False, capture_output=True, text=True, timeout=60, env=environment
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_every_command_to_try_does_what_its_comment_says(installed: dict[str, str]) -> None:
    port = str(free_port())
    commands = TRY.replace("127.0.0.1:3001", f"127.0.0.1:{port}")
    commands = commands.replace("auth0-devtenant token", f"auth0-devtenant token --tenant http://127.0.0.1:{port}/")
    after = f"for _ in 1 2 3; do curl -so /dev/null -w '%{{http_code}} ' http://127.0.0.1:{port}/api/v2/users; done"
    output = run(f"{SERVE.strip()} --port {port}", f"{commands}\n{after}", installed)
    user, member, machine, web = (segments(line)[1] for line in output.splitlines()[:4])
    assert user["sub"] == member["sub"]
    assert ("org_id" in user, "org_id" in member) == (False, True)
    assert (machine["gty"], web["azp"]) == ("client-credentials", WEB_CLIENT_ID)
    assert f'"issuer":"http://127.0.0.1:{port}/"' in output
    assert '"token_type":"Bearer"' in output
    assert '"email":"manager@example.com"' in output
    assert "BEGIN CERTIFICATE" in output, "no key was rotated"
    assert output.endswith("429 429 401 ")


def test_the_playground_starts_as_the_readme_says() -> None:
    (line,) = blocks("## Home page and playground")
    _, *options = line.replace("3002", "0").split()
    with served(*options[1:]) as running:
        assert "Playground http://127.0.0.1:" in running.banner


def test_the_options_of_the_readme_are_those_of_the_commands(installed: dict[str, str]) -> None:
    port = str(free_port())
    serve, token = OPTIONS.replace("4001", port).strip().splitlines()
    assert "https://orders.example.com" in segments(run(serve, token, installed).strip())[1]["aud"]


def test_a_passwordless_code_is_in_the_mailbox_and_a_device_code_is_issued(installed: dict[str, str]) -> None:
    port = str(free_port())
    commands = f"{PASSWORDLESS}\necho\n{DEVICE}".replace("3001", port)
    sent, device = run(f"{SERVE.strip()} --port {port}", commands, installed).splitlines()
    assert re.search(r'"code":"\d{6}"', sent)
    assert f'"verification_uri":"http://127.0.0.1:{port}/activate"' in device


def test_the_table_shows_the_defaults() -> None:
    default = TenantOptions()
    table = README[README.index("| Issuer") :]
    for value in (default.issuer, default.audience, SPA_CLIENT_ID):
        assert f"`{value}`" in table


def test_the_seed_file_of_the_readme_can_be_read(tmp_path: Path) -> None:
    (toml,) = blocks("### A tenant of your own", "toml")
    path = tmp_path / "tenant.toml"
    path.write_text(toml)
    seed = read_seed(path)
    assert [person.email for person in seed.people] == ["ann@example.com"]
    assert {"Shop", "Nightly job"} < {application.name for application in seed.applications}
    (line,) = blocks("### A tenant of your own")
    with served(*line.split()[2:], cwd=tmp_path) as running:
        assert "ann@example.com" in running.banner


def test_exec_prints_the_issuer_as_the_readme_says(installed: dict[str, str]) -> None:
    command, serve = blocks("## In tests of any language")
    result = subprocess.run(
        ["bash", "-ec", command], check=True, capture_output=True, text=True, timeout=60, env=installed
    )
    assert result.stdout.startswith("http://127.0.0.1:")
    assert serve.strip() == "auth0-devtenant serve --port 0 --json --with-parent", "what test_exec_command runs"


def test_the_table_of_requests_names_every_endpoint_under_development() -> None:
    table = README[README.index("| Request under `/_development` |") :]
    mount = next(each for each in create_tenant().routes if isinstance(each, Mount) and each.path == "/_development")
    for route in mount.routes:
        assert isinstance(route, Route)
        assert route.path.replace("{name}", "NAME") in table, route.path


def test_the_pytest_example_passes(tmp_path: Path) -> None:
    code, _ = blocks("## In Python tests", "python")
    (tmp_path / "test_it.py").write_text(code)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "auth0_devtenant.pytest_plugin", "-p", "no:cacheprovider"]
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run(command, check=True, timeout=60, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)


async def test_the_python_example_fetches_both_tokens() -> None:
    _, code = blocks("## In Python tests", "python")
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)  # noqa: S102 - the README's own example
    user, machine = await names["fetch_tokens"]()
    assert segments(user)[1]["sub"] == ADMIN.user_id
    assert segments(machine)[1]["gty"] == "client-credentials"
