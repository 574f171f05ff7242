"""An outage of the tenant, with real processes: it is stopped and started again."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx

from support.process import COMMAND, environment, eventually, free_port, process, tenant, token_of


def test_known_tokens_pass_during_an_outage_and_role_checks_are_503() -> None:
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


def test_a_start_without_the_tenant_is_503_and_recovers() -> None:
    tenant_port, port = free_port(), free_port()
    api = f"http://127.0.0.1:{port}"
    with process(*COMMAND, "serve", **environment(tenant_port, port)):
        eventually(f"{api}/healthz", 200)
        with tenant(tenant_port):
            admin = token_of(tenant_port, "admin@example.com")
        # That tenant is stopped, and its keys are lost; the service may or may not have fetched them.
    with process(*COMMAND, "serve", **environment(tenant_port, port)):
        eventually(f"{api}/healthz", 200)
        response = httpx.get(f"{api}/api/data", headers=admin)
        assert (response.status_code, response.json()["code"]) == (503, "keys_unavailable")
        assert int(response.headers["Retry-After"]) >= 1
        assert httpx.get(f"{api}/readyz").status_code == 503
        assert httpx.get(f"{api}/").status_code == 200
        with tenant(tenant_port):
            eventually(f"{api}/readyz", 200)
            again = token_of(tenant_port, "admin@example.com")
            assert httpx.get(f"{api}/api/data", headers=again).status_code == 200


def test_invalid_settings_exit_with_78_before_a_socket_opens(tmp_path: Path) -> None:
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


def test_a_port_in_use_is_reported_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [
            *COMMAND,
            "dev",
            "--tenant-port",
            "0",
            "--playground-port",
            "0",
            "--port",
            str(taken.getsockname()[1]),
        ]
        result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert result.returncode == 1
    assert "cannot listen" in result.stderr
    assert "Traceback" not in result.stderr
