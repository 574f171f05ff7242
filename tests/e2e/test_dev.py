"""`auth0-sso dev` and `token` on a developer's machine: a real tenant's settings, a proxy and pipes around them."""

import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

import auth0_sso
from auth0_devtenant import SPA_CLIENT_ID
from auth0_sso.service.dev_settings import ALL_ADDRESSES
from support.process import COMMAND, dev, eventually
from support.redis_server import RedisServer
from support.service import ADMIN

NOWHERE = "http://127.0.0.1:9"
PROXIES = {
    **{
        name: NOWHERE
        for scheme in ("HTTP", "HTTPS", "ALL")
        for name in (f"{scheme}_PROXY", f"{scheme}_proxy".lower())
    },
    "NO_PROXY": "",
    "no_proxy": "",
    "SSL_CERT_FILE": "/nonexistent.pem",
    "SSL_CERT_DIR": "/nonexistent",
}
REAL = {
    "AUTH0_DOMAIN": "real.eu.auth0.com",
    "AUTH0_ISSUER_BASE_URL": "https://login.real.example.com/",
    "AUTH0_AUDIENCE": "https://api.real.example.com",
    "AUTH0_ALGORITHMS": "PS256",
    "AUTH0_ALLOWED_CLIENTS": "real-client",
    "AUTH0_MANAGEMENT_PRIVATE_KEY": "no key",
    "AUTH0_ROLE_SOURCE": "claim",
    "AUTH0_ROLE_CLAIM": "https://real.example.com/roles",
    "RATE_LIMIT": "1/hour",
    "LOG_LEVEL": "nonsense",
    "WORKERS": "0",
    "WEB_CONCURRENCY": "many",
}


def connections(redis: RedisServer) -> int:
    """Return how many clients ever connected, this one included."""
    found = re.search(r"total_connections_received:(\d+)", redis.cli("info", "stats"))
    assert found is not None
    return int(found[1])


def lines(variables: dict[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in variables.items())


@pytest.mark.parametrize("where", ["environment", "env-file", "secrets"])
def test_dev_ignores_the_settings_proxy_and_redis_of_a_real_tenant(
    where: str, tmp_path: Path, redis: RedisServer
) -> None:
    real = REAL | {"RATE_LIMIT_STORAGE_URL": redis.url}
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    if where == "env-file":
        (tmp_path / ".env").write_text(lines(real))
    if where == "secrets":
        for name, value in real.items():
            (secrets / name.lower()).write_text(value)
    before = connections(redis)
    variables = PROXIES | {"SECRETS_DIR": str(secrets)} | (real if where == "environment" else {})
    with dev(cwd=tmp_path, **variables) as running, httpx.Client(base_url=running.api, trust_env=False) as api:
        headers = {"Authorization": f"Bearer {running.token(ADMIN, **variables)}"}
        machine = {"Authorization": f"Bearer {running.token('--machine', **variables)}"}
        assert api.get("/admin/users", headers=headers).status_code == 200
        assert api.get("/dashboard", headers=headers).json()["accessLevel"] == "admin"
        assert [api.get("/api/data", headers=machine).status_code for _ in range(3)] == [200] * 3
    assert redis.cli("dbsize").strip() == "0"
    assert connections(redis) == before + 2, "a client other than redis-cli connected"


def test_set_changes_settings_and_a_cors_origin_may_log_in() -> None:
    origin = "http://localhost:5173"
    options = ("--set", "RATE_LIMIT=2/minute", "--set", f"cors_allowed_origins={origin}", "--set", "LOG_LEVEL=ERROR")
    with dev(*options) as running, httpx.Client(trust_env=False) as client:
        headers = {"Authorization": f"Bearer {running.token('--machine')}", "Origin": origin}
        answers = [client.get(f"{running.api}/api/data", headers=headers) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[0].headers["Access-Control-Allow-Origin"] == origin
        preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        assert client.options(f"{running.tenant}oauth/token", headers=preflight).status_code == 200
        query = {
            "response_type": "code",
            "client_id": SPA_CLIENT_ID,
            "redirect_uri": origin,
            "code_challenge": "0" * 43,
            "code_challenge_method": "S256",
        }
        begun = client.get(f"{running.tenant}authorize", params=query)
        assert begun.headers["Location"].startswith("/u/login")
        assert client.get(f"{running.tenant}v2/logout", params={"returnTo": origin}).headers["Location"] == origin


def test_listening_on_every_address_still_refuses_other_hosts() -> None:
    with dev("--host", ALL_ADDRESSES) as running, httpx.Client(trust_env=False) as client:
        assert running.api.startswith("http://127.0.0.1:")
        headers = {"Authorization": f"Bearer {running.token(ADMIN)}"}
        assert client.get(f"{running.api}/dashboard", headers=headers).status_code == 200
        port = httpx.URL(running.tenant).port
        assert client.get(f"http://127.0.0.2:{port}/authorize").status_code == 421


def broken_pipe() -> int:
    """Return the end to write to of a pipe without a reader."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def test_a_closed_pipe_ends_dev_by_sigpipe() -> None:
    writing = broken_pipe()
    result = subprocess.run(
        [*COMMAND, "dev", "--port", "0", "--tenant-port", "0", "--playground-port", "0"],
        check=False,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=30,
    )
    os.close(writing)
    assert result.returncode == -signal.SIGPIPE
    assert result.stderr == ""


def test_an_interrupted_command_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        command = [*COMMAND, "token", "--machine", "--tenant", f"http://127.0.0.1:{silent.getsockname()[1]}/"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            connection, _ = silent.accept()  # now it waits for an answer
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=30)
            connection.close()
    assert (process.returncode, errors) == (130, "")


def test_on_localhost_the_issuer_is_localhost() -> None:
    with dev("--host", "localhost") as running, httpx.Client(trust_env=False) as client:
        assert running.tenant.startswith("http://localhost:")
        headers = {"Authorization": f"Bearer {running.token(ADMIN)}"}
        assert client.get(f"{running.api}/dashboard", headers=headers).status_code == 200


def test_people_and_api_of_a_seed_file_can_be_used(tmp_path: Path) -> None:
    seed = tmp_path / "seed.toml"
    seed.write_text("""
        [[apis]]
        identifier = "https://orders.example.com"
        [[roles]]
        name = "admin"
        [[people]]
        email = "ann@example.com"
        password = "Ann-password-1!"
        roles = ["admin"]
    """)
    with dev("--seed", str(seed)) as running, httpx.Client(trust_env=False) as client:
        who = ("ann@example.com", "--password", "Ann-password-1!", "--audience", "https://orders.example.com")
        headers = {"Authorization": f"Bearer {running.token(*who)}"}
        assert client.get(f"{running.api}/dashboard", headers=headers).json()["accessLevel"] == "admin"


def test_a_seed_file_that_is_wrong_is_an_error_with_the_place(tmp_path: Path) -> None:
    seed = tmp_path / "seed.toml"
    seed.write_text("[[people]]\nemail = 'a@b.example'\nroles = ['boss']")
    command = [*COMMAND, "dev", "--port", "0", "--tenant-port", "0", "--playground-port", "0", "--seed", str(seed)]
    result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("auth0-sso: ")
    assert "unknown role: boss" in result.stderr


def test_with_reload_the_api_starts_again_and_the_tenant_goes_on(tmp_path: Path) -> None:
    package = tmp_path / "src" / "auth0_sso"
    shutil.copytree(Path(auth0_sso.__file__).parent, package)
    with dev("--reload", PYTHONPATH=str(package.parent)) as running, httpx.Client(trust_env=False) as client:
        headers = {"Authorization": f"Bearer {running.token(ADMIN)}"}
        eventually(f"{running.api}/healthz", 200)
        assert client.get(f"{running.api}/dashboard", headers=headers).status_code == 200
        routes = package / "service" / "routes" / "health.py"
        routes.write_text(routes.read_text().replace('"/healthz"', '"/changed"'))
        eventually(f"{running.api}/changed", 200)
        assert client.get(f"{running.api}/dashboard", headers=headers).status_code == 200
