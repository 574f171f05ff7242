"""The environment that settings are read from, with nothing in it of the machine the tests run on."""

import os
from pathlib import Path

import pytest

from auth0_sso.errors import ConfigurationError
from auth0_sso.service.settings import ServiceSettings

GOOD = {"AUTH0_DOMAIN": "acme.eu.auth0.com", "AUTH0_AUDIENCE": "https://api.example.com"}


def clear(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    """Leave no variable, .env file or secret; `directory` becomes the working directory."""
    for name in list(os.environ):
        if name.startswith("AUTH0_") or name.lower() in ServiceSettings.model_fields:
            monkeypatch.delenv(name)
    secrets = directory / "secrets"
    secrets.mkdir()
    monkeypatch.setenv("SECRETS_DIR", str(secrets))
    monkeypatch.chdir(directory)


def load(monkeypatch: pytest.MonkeyPatch, **variables: str) -> ServiceSettings:
    for name, value in (GOOD | variables).items():
        monkeypatch.setenv(name, value)
    return ServiceSettings.load()


def problems(monkeypatch: pytest.MonkeyPatch, **variables: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load(monkeypatch, **variables)
    return caught.value.problems
