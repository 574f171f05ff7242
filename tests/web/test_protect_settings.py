"""When `protect` reads settings, which, and what it does where they are wrong."""

import logging
import subprocess
import sys

import pytest
from fastapi import FastAPI

from auth0_sso import CurrentToken, StaticKeys, protect
from auth0_sso.errors import ConfigurationError
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import AUDIENCE, ISSUER
from support.environment import GOOD
from support.host_app import library_settings

NO_ENVIRONMENT = """
import os

read = []


class Watched(dict):
    def __getitem__(self, name):
        read.append(name)
        return super().__getitem__(name)

    def get(self, name, default=None):
        read.append(name)
        return super().get(name, default)

    def __contains__(self, name):
        read.append(name)
        return super().__contains__(name)

    def __iter__(self):
        read.append("everything")
        return super().__iter__()

    def items(self):
        read.append("everything")
        return super().items()


os.environ = Watched(os.environ)
import fastapi
import auth0_sso

app = fastapi.FastAPI()
auth0_sso.protect(app)


@app.get("/me")
async def me(token: auth0_sso.CurrentToken) -> str:
    return token.subject


app.openapi()
print("\\n".join(map(str, read)))
"""

pytestmark = pytest.mark.usefixtures("clean_environment")


def test_importing_and_protecting_read_no_environment() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", NO_ENVIRONMENT], capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.stderr == ""
    read = {name.upper() for name in ended.stdout.split()}
    assert read, "other packages read theirs, which shows that reading is noticed"
    assert read.isdisjoint({"EVERYTHING", "SECRETS_DIR", *map(str.upper, ServiceSettings.model_fields)})


async def test_settings_are_read_when_the_lifespan_starts(
    keys: StaticKeys, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = protect(FastAPI(), keys=keys, clock=clock)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    async with app.router.lifespan_context(app):
        assert app.state.auth0_sso.settings.auth0_domain == GOOD["AUTH0_DOMAIN"]


async def test_a_fault_is_raised_by_the_lifespan_with_all_others(
    keys: StaticKeys, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH0_LEEWAY_SECONDS", "long")
    app = protect(FastAPI(), keys=keys, clock=clock)
    with pytest.raises(ConfigurationError) as caught:
        async with app.router.lifespan_context(app):
            raise AssertionError("it started")
    assert [problem.split(" ")[0] for problem in caught.value.problems] == [
        "AUTH0_DOMAIN",
        "AUTH0_LEEWAY_SECONDS",
        "AUTH0_AUDIENCE",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOST", "x86_64-conda-linux-gnu"),
        ("PORT", "tcp://10.0.0.1:3000"),
        ("WORKERS", "auto"),
        ("LOG_LEVEL", "trace"),
        ("CORS_ALLOWED_ORIGINS", "*"),
        ("TRUSTED_PROXIES", "*"),
        ("PROFILE_RATE_LIMIT", "often"),
        ("METRICS_ENABLED", "statsd"),
        ("MAX_CONNECTIONS", "many"),
        ("SHUTDOWN_NOTICE_SECONDS", "soon"),
    ],
)
async def test_variables_of_the_service_mean_nothing_to_a_host_app(
    keys: StaticKeys, clock: HandClock, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for each, good in (GOOD | {name: value}).items():
        monkeypatch.setenv(each, good)
    app = protect(FastAPI(), keys=keys, clock=clock)
    async with app.router.lifespan_context(app):
        assert not hasattr(app.state.auth0_sso.settings, name.lower())


async def test_a_misspelt_setting_is_logged_unlike_the_apps_own_variables(
    keys: StaticKeys, clock: HandClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in (GOOD | {"AUTH0_ALOWED_CLIENTS": "the-value", "AUTH0_TENANT_OWNER": "me"}).items():
        monkeypatch.setenv(name, value)
    caplog.set_level(logging.WARNING)
    app = protect(FastAPI(), keys=keys, clock=clock)
    async with app.router.lifespan_context(app):
        pass
    assert [record.getMessage() for record in caplog.records] == [
        "AUTH0_ALOWED_CLIENTS is not a setting of auth0-sso and is ignored; did you mean AUTH0_ALLOWED_CLIENTS?"
    ]


async def test_the_openapi_document_offers_a_login_once_the_issuer_is_known(
    keys: StaticKeys, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH0_DOMAIN", "tenant.example.com")
    monkeypatch.setenv("AUTH0_AUDIENCE", AUDIENCE)
    app = protect(FastAPI(), keys=keys, clock=clock)

    @app.get("/me")
    async def me(token: CurrentToken) -> str:
        return token.subject

    before = app.openapi()
    assert before["components"]["securitySchemes"].keys() == {"bearer"}
    assert before["paths"]["/me"]["get"]["security"] == [{"bearer": []}]
    async with app.router.lifespan_context(app):
        after = app.openapi()
        assert app.openapi() is after
    flow = after["components"]["securitySchemes"]["auth0"]["flows"]["authorizationCode"]
    assert flow["tokenUrl"] == f"{ISSUER}oauth/token"
    assert after["paths"]["/me"]["get"]["security"] == [{"bearer": []}, {"auth0": []}]


def test_with_settings_the_document_offers_a_login_at_once(keys: StaticKeys, clock: HandClock) -> None:
    app = protect(FastAPI(), library_settings(), keys=keys, clock=clock)

    @app.get("/me")
    async def me(token: CurrentToken) -> str:
        return token.subject

    assert app.openapi()["components"]["securitySchemes"].keys() == {"bearer", "auth0"}
