"""Settings as they are read: from the environment, a `.env` file and a directory of secrets.

Every fault is reported at once, by its variable's name and with what to write instead; no value of a secret is ever
shown.
"""

import logging
from collections.abc import Collection, Mapping
from typing import Any, Self

from pydantic import Field, PrivateAttr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from auth0_sso.settings import loading

_log = logging.getLogger("auth0_sso.settings")


def setting(default: Any, meaning: str, fix: str, **bounds: Any) -> Any:  # noqa: ANN401 - takes and returns what pydantic's Field does
    """Declare a setting: its default (`...` for none), what it means, and what to write for a bad value."""
    return Field(default, description=meaning, json_schema_extra={"fix": fix}, **bounds)


class EnvironmentSettings(BaseSettings):
    """Base of settings whose variables have the fields' names in capitals."""

    _given: frozenset[str] | None = PrivateAttr(None)
    """The fields that `load` was given values for; None where the files of settings were not read."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        case_sensitive=False,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        validate_default=True,
        env_file_encoding="utf-8",
    )

    @classmethod
    def load(cls, **values: Any) -> Self:  # noqa: ANN401 - pydantic checks them, field by field
        """Read the settings from the environment, `.env` here, and the directory of secrets.

        What `values` names is taken from there alone. Raises `ConfigurationError` that lists every problem.
        """
        settings = loading.load(cls, values)
        settings._given = frozenset(values)  # noqa: SLF001 - an object of this class
        return settings

    @property
    def is_rereadable(self) -> bool:
        """Whether these settings were read from files, which may change."""
        return self._given is not None

    def reread(self, fields: Collection[str]) -> "tuple[Self | None, list[loading.Problem]]":
        """Read these fields again where they were read from, and keep all others.

        Returns the settings, or None, and every problem. Settings that were not read from files are returned as they
        are, and so is each field whose value was given to `load`.
        """
        if self._given is None:
            return self, []
        kept = {
            name: getattr(self, name) for name in type(self).model_fields if name in self._given or name not in fields
        }
        settings, problems = loading.attempt(type(self), kept)
        if settings is not None:
            settings._given = self._given  # noqa: SLF001 - an object of this class
        return settings, problems

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """Return these settings with some other `values`, which must have been checked; they are not read again."""
        settings = self.model_copy(update=values)
        settings._given = None  # noqa: SLF001 - an object of this class
        return settings

    @classmethod
    def of(cls, **values: Any) -> Self:  # noqa: ANN401 - pydantic checks them, field by field
        """Return settings made of `values` and the defaults; the environment, `.env` and the secrets are not read.

        A value may be text, as in the environment. Raises `ConfigurationError` that lists every problem.
        """
        return loading.made(cls, values)

    @classmethod
    def log_unknown_names(cls, *, misspelt_only: bool = False) -> None:
        """Log a warning for each AUTH0_ name that is set and is not a setting: it may be a setting misspelt."""
        for sentence in loading.unknown_names(cls, misspelt_only=misspelt_only):
            _log.warning("%s", sentence)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where settings come from, the first wins. An empty variable counts as unset, with one exception.

        Of AUTH0_ALLOWED_CLIENTS empty reads as no client, and unset means all of them: empty is refused.
        """
        sources = (init_settings, env_settings, dotenv_settings, file_secret_settings)
        return loading.without_empty(settings_cls, sources, kept="auth0_allowed_clients")
