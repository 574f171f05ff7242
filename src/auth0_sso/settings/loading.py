"""Where settings are read from, what is said of those that cannot be used, and of names that are not known.

The environment, a `.env` file and a directory of secrets. No sentence repeats a value.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
)

from auth0_sso.errors import ConfigurationError

SECRETS_DIRECTORY: Final = Path("/run/secrets")
"""Where files named like settings may be; the variable SECRETS_DIR names another directory."""

_ENV_FILE: Final = ".env"
_PREFIX: Final = "AUTH0_"

S = TypeVar("S", bound=BaseSettings)


def load(model: type[S], values: dict[str, Any]) -> S:
    """Read the settings; what `values` names is taken from there alone. Raises `ConfigurationError`."""
    problems = []
    if (secrets := _secrets_directory()) is not None and not secrets.is_dir():
        problems.append("SECRETS_DIR is not a directory: write the path of the directory of secrets, or unset it.")
    try:
        settings = model(_env_file=_ENV_FILE, _secrets_dir=None if problems else secrets, **values)
    except ValidationError as error:
        problems.extend(_problems(model, error))
    except (OSError, UnicodeDecodeError):
        problems.append(".env, or a file among the secrets, cannot be read: make it readable text in UTF-8.")
    else:
        if not problems:
            return settings
    raise ConfigurationError(tuple(problems))


def made(model: type[S], values: dict[str, Any]) -> S:
    """Return settings made of `values` and the defaults alone. Raises `ConfigurationError`."""
    settings = model.__new__(model)
    try:
        BaseModel.__init__(settings, **values)  # the initializer of BaseSettings reads the environment
    except ValidationError as error:
        raise ConfigurationError(tuple(_problems(model, error))) from None
    return settings


def fix_of(model: type[BaseSettings], field: str) -> str:
    """Return what to write into the setting of that name when its value cannot be used."""
    extra = model.model_fields[field].json_schema_extra
    return str(extra["fix"]) if isinstance(extra, dict) else ""


def without_empty(
    model: type[BaseSettings], sources: Sequence[PydanticBaseSettingsSource], *, kept: str
) -> tuple[PydanticBaseSettingsSource, ...]:
    """Return the sources with empty variables left out, as if they were unset.

    The setting `kept` is empty all the same where one of them has it empty and none has a value for it.
    """
    empty: dict[str, Any] = {}
    for source in sources:
        if isinstance(source, EnvSettingsSource):
            empty |= {name: "" for name, value in source.env_vars.items() if name == kept and not value}
            source.env_vars = {name: value for name, value in source.env_vars.items() if value}
    return (*sources, InitSettingsSource(model, init_kwargs=empty))


def unknown_names(model: type[BaseSettings], *, misspelt_only: bool = False) -> Iterator[str]:
    """Yield a sentence for each AUTH0_ name that is set and is not a setting, with the setting it may stand for.

    With `misspelt_only` names that are like no setting are left out: they may be another program's.
    """
    known = [name.upper() for name in model.model_fields]
    for name in sorted({*_names(model)} - {*known}):
        close = get_close_matches(name, known, n=1, cutoff=0.8)
        if name.startswith(_PREFIX) and (close or not misspelt_only):
            hint = f"; did you mean {close[0]}?" if close else ""
            yield f"{ascii(name)[1:-1]} is not a setting of auth0-sso and is ignored{hint}"


def _names(model: type[BaseSettings]) -> Iterator[str]:
    """Every name that is set in one of the places, in capitals; none of a place that cannot be read."""
    yield from (name.upper() for name in EnvSettingsSource(model).env_vars)
    with suppress(OSError, UnicodeDecodeError):
        if Path(_ENV_FILE).is_file():  # a named pipe could be read once only
            yield from (name.upper() for name in DotEnvSettingsSource(model, env_file=_ENV_FILE).env_vars)
    with suppress(OSError):
        if secrets := _secrets_directory():
            yield from (path.name.upper() for path in secrets.iterdir())


def _secrets_directory() -> Path | None:
    """Return the directory that SECRETS_DIR names, or the usual one where that is."""
    named = os.environ.get("SECRETS_DIR")
    if named:
        return Path(named)
    return SECRETS_DIRECTORY if SECRETS_DIRECTORY.is_dir() else None


def _problems(model: type[BaseSettings], error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_url=False, include_input=False):
        field = str(fault["loc"][0])
        yield f"{field.upper()} {_fault(fault['type'], fault['msg'])}: {fix_of(model, field)}."


def _fault(kind: str, message: str) -> str:
    """Say what is wrong in sentences of our own: pydantic's repeat values."""
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    return "is missing" if kind == "missing" else "cannot be used"
