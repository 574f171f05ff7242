"""Where settings are read from, what is said of those that cannot be used, and of names that are not known.

The environment, a `.env` file and a directory of secrets. No sentence repeats a value.
"""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsError,
)

from auth0_sso.errors import ConfigurationError

SECRETS_DIRECTORY: Final = Path("/run/secrets")
"""Where files named like settings may be; the variable SECRETS_DIR names another directory."""

_ENV_FILE: Final = ".env"
_PREFIX: Final = "AUTH0_"
_LETTER_O: Final = "AUTHO_"

_NAMES_OF_COMMANDS: Final = frozenset(
    {
        "AUTH0_CLIENT_SECRET",
        # `auth0-devtenant exec` sets these for the tests of applications.
        "AUTH0_MACHINE_CLIENT_ID",
        "AUTH0_MACHINE_CLIENT_SECRET",
        "AUTH0_WEB_CLIENT_ID",
        "AUTH0_WEB_CLIENT_SECRET",
    }
)
"""What a command reads and no setting is: see `command_secret`."""

_SIMILAR, _NEARLY_EQUAL, _MIN_LENGTH = 0.8, 0.9, 8
"""How similar a name is to a setting, by difflib's ratio; short names are similar to too many others."""

S = TypeVar("S", bound=BaseSettings)


class Problem(NamedTuple):
    """A setting, or a place of settings, that cannot be used: its name, what is wrong, and what to do."""

    name: str
    fault: str
    fix: str

    @property
    def sentence(self) -> str:
        """All three."""
        return f"{self.name} {self.fault}: {self.fix}."


def load(model: type[S], values: dict[str, Any]) -> S:
    """Read the settings; what `values` names is taken from there alone. Raises `ConfigurationError`."""
    settings, problems = attempt(model, values)
    if settings is None or problems:
        raise ConfigurationError(tuple(problem.sentence for problem in problems))
    return settings


def attempt(model: type[S], values: dict[str, Any]) -> tuple[S | None, list[Problem]]:
    """Read the settings as `load` does; return them, or None, and every problem."""
    problems = []
    if (secrets := _secrets_directory()) is not None and not secrets.is_dir():
        fix = "write the path of the directory of secrets, or unset it"
        problems.append(Problem("SECRETS_DIR", "is not a directory", fix))
    try:
        return model(_env_file=_ENV_FILE, _secrets_dir=None if problems else secrets, **values), problems
    except ValidationError as error:
        problems.extend(_problems(model, error))
    except (OSError, UnicodeDecodeError, SettingsError):  # the last wraps the others where a secret is read
        fix = "make it readable text in UTF-8"
        problems.append(Problem(".env, or a file among the secrets,", "cannot be read", fix))
    return None, problems


def made(model: type[S], values: dict[str, Any]) -> S:
    """Return settings made of `values` and the defaults alone. Raises `ConfigurationError`."""
    settings = model.__new__(model)
    try:
        BaseModel.__init__(settings, **values)  # the initializer of BaseSettings reads the environment
    except ValidationError as error:
        raise ConfigurationError(tuple(problem.sentence for problem in _problems(model, error))) from None
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
    """Yield a sentence for each name that `find_unknown_names` finds."""
    for name, close in find_unknown_names(model, misspelt_only=misspelt_only):
        hint = f"; did you mean {close}?" if close else ""
        yield f"{ascii(name)[1:-1]} is not a setting of auth0-sso and is ignored{hint}"


def find_unknown_names(model: type[BaseSettings], *, misspelt_only: bool = False) -> Iterator[tuple[str, str | None]]:
    """Yield each name that is set and is not a setting, with the setting it may stand for, if there is one.

    Those are all AUTH0_ names, and others that are nearly a setting: `RATE_LIMTI`, `AUTHO_DOMAIN`. With
    `misspelt_only`, for an app that has variables of its own, AUTH0_ and AUTHO_ names that are like a setting.
    """
    known = [name.upper() for name in model.model_fields]
    for name in sorted({*_names(model)} - {*known, *_NAMES_OF_COMMANDS}):
        is_ours = name.startswith(_PREFIX)
        close = get_close_matches(name, known, n=1, cutoff=_SIMILAR if is_ours else _NEARLY_EQUAL)
        if is_ours and (close or not misspelt_only):
            yield name, close[0] if close else None
        elif close and len(name) >= _MIN_LENGTH and (not misspelt_only or name.startswith(_LETTER_O)):
            yield name, close[0]


def _names(model: type[BaseSettings]) -> Iterator[str]:
    """Every name that is set in one of the places, in capitals; none of a place that cannot be read."""
    for values in set_values(model):
        yield from (name.upper() for name in values)


def set_values(model: type[BaseSettings]) -> Iterator[Mapping[str, str | None]]:
    """Yield what is set in each of the places, the first wins; nothing of a place that cannot be read.

    The names are in lower case, but of files among the secrets as they are; the values of those are not read.
    """
    yield EnvSettingsSource(model).env_vars
    with suppress(OSError, UnicodeDecodeError):
        if Path(_ENV_FILE).is_file():  # a named pipe could be read once only
            yield DotEnvSettingsSource(model, env_file=_ENV_FILE).env_vars
    with suppress(OSError):
        if secrets := _secrets_directory():
            yield {path.name: None for path in secrets.iterdir()}


def files_of(fields: Collection[str]) -> tuple[Path, ...]:
    """Return the files that these settings may be in: `.env`, and the secrets that are named like them."""
    found = [Path(_ENV_FILE)]
    with suppress(OSError):
        if secrets := _secrets_directory():
            found += sorted(path for path in secrets.iterdir() if path.name.lower() in fields)
    return tuple(found)


def command_secret(model: type[BaseSettings]) -> str:
    """Return AUTH0_CLIENT_SECRET, which `auth0-sso token --client-credentials` sends; empty where it is not set.

    It is read from the environment or from `.env`.
    """
    return next((secret for values in set_values(model) if (secret := values.get("auth0_client_secret"))), "")


def allows_colours() -> bool:
    """Return whether NO_COLOR is unset or empty (https://no-color.org)."""
    return not os.environ.get("NO_COLOR")


def _secrets_directory() -> Path | None:
    """Return the directory that SECRETS_DIR names, or the usual one where that is."""
    named = os.environ.get("SECRETS_DIR")
    if named:
        return Path(named)
    return SECRETS_DIRECTORY if SECRETS_DIRECTORY.is_dir() else None


def _problems(model: type[BaseSettings], error: ValidationError) -> Iterator[Problem]:
    for fault in error.errors(include_url=False, include_input=False):
        field = str(fault["loc"][0])
        yield Problem(field.upper(), _fault(fault["type"], fault["msg"]), fix_of(model, field))


def _fault(kind: str, message: str) -> str:
    """Say what is wrong in sentences of our own: pydantic's repeat values."""
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    return "is missing" if kind == "missing" else "cannot be used"
