"""The line at the start says how the service is set up, and no secret."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest

from auth0_sso.service.start_line import start_line
from support.service import settings

OFF = (
    "off: Management API, metrics, traces, CORS, login at /docs, trusted proxies, limit of failed authentications, "
    "limit of /profile, signing keys on disk"
)
NOTHING_ON = {
    "auth0_domain": "acme.eu.auth0.com",
    "auth0_issuer_base_url": "https://login.acme.com/",
    "auth0_audience": "https://api.acme.com,https://old.acme.com",
    "auth0_client_id": "",
    "auth0_management_client_id": "",
    "auth0_management_client_secret": "",
    "auth0_management_audience": "",
    "auth0_management_base_url": "",
    "cors_allowed_origins": (),
    "auth_failure_rate_limit": "off",
    "profile_rate_limit": "off",
}


def test_it_names_version_issuer_audiences_workers_store_and_what_is_off() -> None:
    assert start_line(settings(**NOTHING_ON)) == (
        f"auth0-sso {version('auth0-sso')}: issuer https://login.acme.com/; audience https://api.acme.com or "
        f"https://old.acme.com; 1 worker; store memory of each process; {OFF}"
    )


def test_what_is_on_is_not_named_as_off() -> None:
    line = start_line(
        settings(
            workers=4,
            metrics_enabled=True,
            tracing_enabled=True,
            cors_allowed_origins="https://app.acme.com",
            trusted_proxies="10.0.0.0/8",
            auth0_client_id="spa",
            auth0_management_client_id="machine",
            auth0_management_client_secret="the-secret",
            auth0_jwks_cache_file="/var/cache/auth0-sso/keys.json",
        )
    )
    assert "; 4 workers; " in line
    assert line.endswith("; off: nothing")
    assert "the-secret" not in line


def test_the_line_in_the_docs_is_one_that_the_service_writes() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    [documented] = re.findall(r"^auth0-sso \S+: (.+)$", page, re.MULTILINE)
    line = start_line(
        settings(
            auth0_domain="acme.eu.auth0.com",
            auth0_issuer_base_url="https://acme.eu.auth0.com/",
            auth0_audience="https://api.example.com",
            auth0_management_audience="",
            auth0_management_base_url="",
            auth0_jwks_cache_file="/var/cache/auth0-sso/keys.json",
            cors_allowed_origins=(),
            rate_limit_storage_url="rediss://:s3cret@cache:6379",
            workers=4,
        )
    )
    assert line.partition(": ")[2] == documented


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://user:s3cret@cache:6380/2", "redis at cache:6380"),
        ("rediss://:s3cret@[::1]:6379", "redis at [::1]:6379 with TLS"),
        ("redis+sentinel://:s3cret@a:1,b:2/main", "redis by Sentinels at a:1,b:2"),
        ("valkey+cluster://:s3cret@a:1,b:2", "redis cluster at a:1,b:2"),
        ("redis+unix:///run/redis.sock", "redis by a unix socket at /run/redis.sock"),
    ],
)
def test_the_store_is_named_without_its_credentials(url: str, said: str) -> None:
    line = start_line(settings(rate_limit_storage_url=url))
    assert f"; store {said}; " in line
    assert "s3cret" not in line
    assert "user" not in line


def test_workers_without_a_store_say_that_they_do_not_share_proofs() -> None:
    alone = "; DPoP proofs remembered by each worker alone; "
    assert alone in start_line(settings(workers=2))
    assert alone not in start_line(settings(workers=2, auth0_dpop="off"))
    assert alone not in start_line(settings(workers=2, rate_limit_storage_url="redis://localhost:6379"))
