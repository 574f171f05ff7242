"""Which tenants a production start refuses, and that it says why."""

import pytest

import auth0_devtenant
from auth0_devtenant.seed import default_seed
from auth0_sso.service.app import create_app
from auth0_sso.service.cli import main
from auth0_sso.service.settings import EX_CONFIG, ServiceSettings
from auth0_sso.service.tenant_check import (
    PUBLISHED_CLIENTS,
    PUBLISHED_SECRETS,
    development_settings,
    refuse_development_tenant,
)
from support.service import settings as settings_of_development

PRODUCTION = {
    "auth0_domain": "acme.eu.auth0.com",
    "auth0_issuer_base_url": "",
    "auth0_client_id": "",
    "auth0_management_client_id": "",
    "auth0_management_client_secret": "",
}

ENVIRONMENT = {
    "AUTH0_DOMAIN": "127.0.0.1:3001",
    "AUTH0_ISSUER_BASE_URL": "http://127.0.0.1:3001/",
    "AUTH0_AUDIENCE": "https://api.example.com",
}


def production(**changes: object) -> ServiceSettings:
    return settings_of_development(**(PRODUCTION | changes))


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"auth0_issuer_base_url": "http://127.0.0.1:3001/"}, {"AUTH0_ISSUER_BASE_URL", "AUTH0_MANAGEMENT_BASE_URL"}),
        ({"auth0_issuer_base_url": "https://[::1]/"}, {"AUTH0_ISSUER_BASE_URL", "AUTH0_MANAGEMENT_BASE_URL"}),
        ({"auth0_domain": "tenant.localhost:8443"}, {"AUTH0_ISSUER_BASE_URL", "AUTH0_MANAGEMENT_BASE_URL"}),
        ({"auth0_management_base_url": "https://127.8.8.8/"}, {"AUTH0_MANAGEMENT_BASE_URL"}),
        ({"auth0_client_id": auth0_devtenant.SPA_CLIENT_ID}, {"AUTH0_CLIENT_ID"}),
        ({"auth0_allowed_clients": ("a", auth0_devtenant.MACHINE_CLIENT_ID)}, {"AUTH0_ALLOWED_CLIENTS"}),
        (
            {
                "auth0_management_client_id": auth0_devtenant.MANAGEMENT_CLIENT_ID,
                "auth0_management_client_secret": auth0_devtenant.MANAGEMENT_CLIENT_SECRET,
            },
            {"AUTH0_MANAGEMENT_CLIENT_ID", "AUTH0_MANAGEMENT_CLIENT_SECRET"},
        ),
        ({"auth0_issuers": "https://login.example.com/,http://localhost:3001/"}, {"AUTH0_ISSUERS"}),
        ({"auth0_issuers": '[{"domain": "127.0.0.1:4001"}]'}, {"AUTH0_ISSUERS"}),
        ({"auth0_issuers": '[{"domain": "old.eu.auth0.com"}]'}, set()),
    ],
    ids=str,
)
def test_a_start_names_each_setting_of_a_development_tenant(changes: dict[str, object], names: set[str]) -> None:
    assert set(development_settings(production(**changes))) == names


@pytest.mark.parametrize("domain", ["acme.eu.auth0.com", "login.localhost.example", "127.0.0.1.example.com"])
def test_a_tenant_elsewhere_is_served(domain: str) -> None:
    settings = production(auth0_domain=domain)
    assert development_settings(settings) == ()
    refuse_development_tenant(settings)


def test_every_published_client_and_secret_is_known() -> None:
    applications = default_seed().applications
    assert {each.client_id for each in applications} == PUBLISHED_CLIENTS
    assert {each.client_secret for each in applications if each.client_secret} == PUBLISHED_SECRETS


@pytest.mark.usefixtures("clean_environment")
@pytest.mark.parametrize("start", [lambda: main(["serve"]), create_app], ids=["serve", "create_app"])
def test_a_production_start_refuses_a_development_tenant(
    start: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    assert callable(start)
    with pytest.raises(SystemExit) as ended:
        start()
    assert ended.value.code == EX_CONFIG
    printed = capsys.readouterr()
    assert "AUTH0_ISSUER_BASE_URL and AUTH0_MANAGEMENT_BASE_URL of a development tenant" in printed.err
    assert printed.out == ""


def test_a_refusal_repeats_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        refuse_development_tenant(settings_of_development())
    assert auth0_devtenant.MANAGEMENT_CLIENT_SECRET not in capsys.readouterr().err


@pytest.mark.usefixtures("clean_environment", "logging_restored")
def test_a_development_tenant_is_served_when_it_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (ENVIRONMENT | {"ALLOW_DEVELOPMENT_TENANT": "true"}).items():
        monkeypatch.setenv(name, value)
    assert create_app().title
