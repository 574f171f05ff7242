from pathlib import Path

import pytest

from auth0_sso.service.settings import ServiceSettings
from auth0_sso.settings.usable import NO_DOMAIN, load_usable, values_of
from support.environment import GOOD

pytestmark = pytest.mark.usefixtures("clean_environment")


def usable(monkeypatch: pytest.MonkeyPatch, **variables: str) -> tuple[ServiceSettings, set[str], list[str]]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings, replaced, problems = load_usable(ServiceSettings)
    assert settings is not None
    return settings, {*replaced}, [problem.name for problem in problems]


def test_settings_without_faults_are_those_that_load(monkeypatch: pytest.MonkeyPatch) -> None:
    settings, replaced, problems = usable(monkeypatch, **GOOD)
    assert settings.model_dump() == ServiceSettings.load().model_dump()
    assert (replaced, problems) == (set(), [])


def test_a_fault_leaves_the_other_settings_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    settings, replaced, problems = usable(monkeypatch, **GOOD, RATE_LIMIT="often", PORT="4000")
    assert (settings.rate_limit, settings.port) == ("10/minute", 4000)
    assert (replaced, problems) == ({"rate_limit"}, ["RATE_LIMIT"])


def test_without_any_setting_there_are_settings_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    settings, replaced, problems = usable(monkeypatch)
    assert settings.auth0_domain == NO_DOMAIN
    assert replaced == {"auth0_domain", "auth0_audience"}
    assert problems == ["AUTH0_DOMAIN", "AUTH0_AUDIENCE"]


def test_a_fault_that_shows_after_another_is_replaced_too(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"AUTH0_DOMAIN": "acme.eu.auth0.com", "AUTH0_AUDIENCE": f"https://{NO_DOMAIN}/userinfo"}
    settings, replaced, _ = usable(monkeypatch, **variables, AUTH0_ISSUER_BASE_URL=f"https://{NO_DOMAIN}")
    assert replaced == {"auth0_audience"}
    assert settings.issuer == f"https://{NO_DOMAIN}/"


def test_a_role_source_is_replaced_with_its_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    settings, replaced, problems = usable(monkeypatch, **GOOD, AUTH0_ROLE_SOURCE="claim")
    assert settings.auth0_role_source == "management"
    assert replaced == {"auth0_role_source", "auth0_role_claim"}
    assert problems == ["AUTH0_ROLE_CLAIM"]


def test_the_values_that_are_set_are_those_that_win(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORT", "1")
    monkeypatch.setenv("HOST", "")
    (tmp_path / ".env").write_text("PORT=2\nWORKERS=3\nHOST=0.0.0.0\nOTHER=4\n")
    assert values_of(ServiceSettings) == {"port": "1", "workers": "3", "host": "0.0.0.0"}  # noqa: S104 - a value
