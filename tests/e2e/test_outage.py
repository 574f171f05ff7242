"""The tenant stopped and started again, as processes: what passes, what waits, what recovers."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from auth0_sso.devtenant import MANAGEMENT_CLIENT_ID, MANAGEMENT_CLIENT_SECRET
from support.process import COMMAND, eventually

TENANT = """
import sys, uvicorn
from auth0_sso.devtenant import TenantOptions, create_tenant
port = int(sys.argv[1])
uvicorn.run(create_tenant(TenantOptions(issuer=f"http://127.0.0.1:{port}/")), port=port, log_level="warning")
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@contextmanager
def process(*command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.DEVNULL) as running:
        try:
            yield running
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(30)


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
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }


def token_of(tenant_port: int, *who: str) -> dict[str, str]:
    command = [*COMMAND, "token", *who, "--tenant", f"http://127.0.0.1:{tenant_port}/"]
    token = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    return {"Authorization": f"Bearer {token}"}


def test_known_tokens_pass_while_the_tenant_is_stopped_and_role_checks_answer_503() -> None:
    tenant_port, port = free_port(), free_port()
    api = f"http://127.0.0.1:{port}"
    with process(*COMMAND, "serve", **environment(tenant_port, port)):
        with tenant(tenant_port):
            eventually(f"{api}/readyz", 200)
            admin = token_of(tenant_port, "admin@example.com")
            assert httpx.get(f"{api}/", headers=admin).json()["authenticated"] is True
        assert httpx.get(f"{api}/", headers=admin).json()["authenticated"] is True
        assert httpx.get(f"{api}/api/data", headers=admin).status_code == 200
        refused = httpx.get(f"{api}/dashboard", headers=admin)
        assert (refused.status_code, refused.json()["code"]) == (503, "management_unavailable")
        assert int(refused.headers["Retry-After"]) >= 1
        assert httpx.get(f"{api}/readyz").status_code == 200


def test_a_start_without_the_tenant_answers_503_and_recovers_by_itself() -> None:
    tenant_port, port = free_port(), free_port()
    api = f"http://127.0.0.1:{port}"
    with process(*COMMAND, "serve", **environment(tenant_port, port)):
        eventually(f"{api}/healthz", 200)
        with tenant(tenant_port):
            admin = token_of(tenant_port, "admin@example.com")
        # That tenant is gone, its keys with it; whether ours saw them is a matter of milliseconds.
    with process(*COMMAND, "serve", **environment(tenant_port, port)):
        eventually(f"{api}/healthz", 200)
        answer = httpx.get(f"{api}/api/data", headers=admin)
        assert (answer.status_code, answer.json()["code"]) == (503, "keys_unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
        assert httpx.get(f"{api}/readyz").status_code == 503
        assert httpx.get(f"{api}/").status_code == 200
        with tenant(tenant_port):
            eventually(f"{api}/readyz", 200)
            again = token_of(tenant_port, "admin@example.com")
            assert httpx.get(f"{api}/api/data", headers=again).status_code == 200


def test_unusable_settings_stop_the_start_with_78_before_a_socket_opens(tmp_path: Path) -> None:
    port = free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AUTH0_")}
    result = subprocess.run(
        [*COMMAND, "serve"],
        check=False,
        env=clean | {"PORT": str(port)},
        capture_output=True,
        text=True,
        timeout=30,
        cwd=tmp_path,
    )
    assert result.returncode == 78
    assert "AUTH0_DOMAIN is missing" in result.stderr
    assert "AUTH0_AUDIENCE is missing" in result.stderr
    assert "Traceback" not in result.stderr


def test_uvicorn_starts_the_factory_as_well() -> None:
    tenant_port, port = free_port(), free_port()
    command = [sys.executable, "-m", "uvicorn", "--factory", "auth0_sso:create_app", "--port", str(port)]
    with process(*command, **environment(tenant_port, port)):
        eventually(f"http://127.0.0.1:{port}/healthz", 200)


def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [*COMMAND, "dev", "--tenant-port", "0", "--port", str(taken.getsockname()[1])]
        result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert result.returncode == 1
    assert "cannot listen" in result.stderr
    assert "Traceback" not in result.stderr
