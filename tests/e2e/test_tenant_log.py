"""Logins that fail at the tenant, sent by its log stream, as metrics of `auth0-sso serve`."""

import re
import sys
from pathlib import Path

import httpx
import pytest

from auth0_devtenant import LoginError, fetch_user_token
from support.logged_secrets import LOGS_TOKEN as TOKEN
from support.process import free_port, process, until
from support.service import USER
from support.serving import serve


async def test_failed_logins_at_the_tenant_are_counted(tmp_path: Path) -> None:
    tenant_port, port = free_port(), free_port()
    tenant = f"http://127.0.0.1:{tenant_port}/"
    webhook = f"http://127.0.0.1:{port}/auth0-logs"
    command = [sys.executable, "-m", "auth0_devtenant", "serve", "--port", str(tenant_port)]
    with (
        process(*command, "--log-webhook", webhook, "--log-webhook-token", f"Bearer {TOKEN}"),
        serve(tenant_port, tmp_path / "log", PORT=str(port), AUTH0_LOGS_TOKEN=TOKEN, METRICS_ENABLED="true") as api,
    ):
        assert counted(api.url, "fp") == 0
        async with httpx.AsyncClient() as client:
            for _ in range(3):
                with pytest.raises(LoginError):
                    await fetch_user_token(
                        client,
                        tenant,
                        email=USER,
                        password="wrong",
                        audience="https://api.example.com",
                        redirect_uri="http://127.0.0.1:3000/callback",
                    )
        until(lambda: counted(api.url, "fp") == 3)
        assert USER not in api.log.read_text()


def counted(url: str, kind: str) -> float:
    metrics = httpx.get(f"{url}/metrics").text
    (value,) = re.findall(rf'^auth0_sso_tenant_log_events_total\{{type="{kind}"\}} (\S+)$', metrics, re.MULTILINE)
    return float(value)
