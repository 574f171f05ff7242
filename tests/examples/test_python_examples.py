"""The examples in Python, started as their READMEs say, on free ports."""

import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from auth0_devtenant import Organization, default_seed, read_seed, running_tenant
from support.process import dev, free_port, process, wait_for_port
from support.visitor import Visitor

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples"
TIMEOUT = 60


def run(*command: str | Path, **environment: str) -> str:
    result = subprocess.run(
        [sys.executable, *command],
        check=False,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        cwd=ROOT,
        env=os.environ | environment,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_a_native_app_logs_in_and_refreshes() -> None:
    folder = EXAMPLES / "native_app"
    with dev("--seed", str(folder / "tenant.toml")) as running:
        environment = {"AUTH0_ISSUER": running.tenant, "API_URL": running.api, "BROWSER": "true"}
        with subprocess.Popen(
            [sys.executable, folder / "login.py"], stdout=subprocess.PIPE, text=True, env=os.environ | environment
        ) as app:
            assert app.stdout is not None
            app.stdout.readline()
            url = app.stdout.readline().strip()
            with Visitor("user@example.com", "User-password-1!") as person:
                assert "return to the app" in person.visit(url).text
            output, _ = app.communicate(timeout=TIMEOUT)
        assert (app.returncode, output) == (0, "Hello, Uma User!\nHello, Uma User!\n")


def test_a_native_app_refuses_the_answer_to_another_login() -> None:
    folder = EXAMPLES / "native_app"
    command = [sys.executable, str(folder / "login.py")]
    environment = os.environ | {"BROWSER": "true"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment) as app:
        assert app.stdout is not None
        app.stdout.readline()
        assert httpx.get("http://127.0.0.1:8765/favicon.ico").status_code == 404
        assert httpx.get("http://127.0.0.1:8765/callback?code=stolen&state=other").status_code == 200
        _, errors = app.communicate(timeout=TIMEOUT)
    assert (app.returncode, errors) == (1, "This is the answer to another login: start again.\n")


def test_a_service_uses_one_token_and_waits_for_the_rate_limit() -> None:
    with dev("--set", "RATE_LIMIT=3/2second") as running:
        output = run(EXAMPLES / "service_to_service" / "report.py", AUTH0_ISSUER=running.tenant, API_URL=running.api)
    assert output.count("a new access token") == 1
    assert "rate limited for" in output
    assert output.splitlines()[-1].startswith("5 responses, such as {")


def test_a_service_waits_when_the_tenant_limits_its_token_requests() -> None:
    with dev() as running:
        fault = {"preset": "rate_limit", "path": "/oauth/token", "headers": {"Retry-After": "1"}}
        httpx.post(f"{running.tenant}_development/faults", json=fault)
        output = run(EXAMPLES / "service_to_service" / "report.py", AUTH0_ISSUER=running.tenant, API_URL=running.api)
    assert output.splitlines()[:2] == ["rate limited for 1 s", "a new access token"]
    assert output.splitlines()[-1].startswith("5 responses, such as {")


def test_the_curl_lines_of_a_service_work() -> None:
    _, curl = re.findall(r"```sh\n(.+?)```", (EXAMPLES / "service_to_service" / "README.md").read_text(), re.DOTALL)
    with dev() as running:
        script = curl.replace("http://127.0.0.1:3001/", running.tenant).replace("http://127.0.0.1:3000", running.api)
        script = script.replace(".venv/bin/python", sys.executable)
        subprocess.run(["bash", "-ec", script], check=True, timeout=TIMEOUT, capture_output=True)


def test_the_tests_of_an_own_app_pass() -> None:
    plugins = ("-p", "auth0_devtenant.pytest_plugin", "-p", "auth0_sso.testing.plugin", "-p", "no:cacheprovider")
    folder = EXAMPLES / "own_app"
    output = run("-m", "pytest", "-q", *plugins, folder, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert " passed" in output
    assert "skipped" not in output


def test_the_requests_to_an_own_app_work() -> None:
    _, requests = re.findall(r"```sh\n(.+?)```", (EXAMPLES / "own_app" / "README.md").read_text(), re.DOTALL)
    folder, port = EXAMPLES / "own_app", free_port()
    server = [sys.executable, "-m", "uvicorn", "--app-dir", str(folder), "--port", str(port), "app:app"]
    with running_tenant(read_seed(folder / "tenant.toml")) as tenant, process(*server, **tenant.environment):
        wait_for_port(port)
        script = requests.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{port}")
        script = script.replace(
            ".venv/bin/auth0-sso token", f"{sys.executable} -m auth0_sso token --tenant {tenant.issuer}"
        )
        shown = subprocess.run(["bash", "-ec", script], check=True, timeout=TIMEOUT, capture_output=True, text=True)
    assert shown.stdout.count('"article":"tea"') == 2


def test_a_room_is_heard_by_its_organization_alone() -> None:
    folder, port = EXAMPLES / "websocket_chat", free_port()
    server = [sys.executable, "-m", "uvicorn", "--app-dir", str(folder), "--port", str(port), "chat:app"]
    seed = default_seed()
    people = tuple(person.email for person in seed.people)
    globex = Organization(name="globex", members=dict.fromkeys(people, ()))
    seed = seed.model_copy(update={"organizations": (*seed.organizations, globex)})
    with running_tenant(seed) as tenant, process(*server, **tenant.environment), ExitStack() as stack:
        wait_for_port(port)
        sockets = []
        for organization in ("acme", "acme", "globex"):
            token = tenant.token("user@example.com", organization=organization)
            headers = {"Authorization": f"Bearer {token}"}
            sockets.append(stack.enter_context(connect(f"ws://127.0.0.1:{port}/chat", additional_headers=headers)))
        speaker, listener, stranger = sockets
        speaker.send("hello")
        assert json.loads(listener.recv(TIMEOUT))["text"] == "hello"
        stranger.send("alone")
        assert json.loads(stranger.recv(TIMEOUT))["text"] == "alone"


@pytest.mark.parametrize(("email", "organization"), [("manager@example.com", "acme"), ("user@example.com", None)])
def test_only_members_of_an_organization_talk(email: str, organization: str | None) -> None:
    folder, port = EXAMPLES / "websocket_chat", free_port()
    server = [sys.executable, "-m", "uvicorn", "--app-dir", str(folder), "--port", str(port), "chat:app"]
    with running_tenant() as tenant, process(*server, **tenant.environment):
        wait_for_port(port)
        result = subprocess.run(
            [sys.executable, folder / "talk.py", tenant.token(email, organization=organization)],
            check=False,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            input="hello\n",
            env=os.environ | {"CHAT_URL": f"ws://127.0.0.1:{port}/chat"},
        )
    if organization is None:
        assert result.returncode == 1
        assert "HTTP 403" in result.stderr
    else:
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.endswith(": hello\n")
