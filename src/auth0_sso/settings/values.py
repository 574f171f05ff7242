"""Values of single settings: what each must look like, and the form it is kept in.

Each check takes a value and returns it, or raises `ValueError` with a sentence that follows the setting's name and
never repeats the value. URLs, domains and networks are checked in `addresses`.
"""

import re
from importlib.util import find_spec
from pathlib import Path
from stat import S_ISDIR
from typing import Annotated, Final
from urllib.parse import unquote

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from auth0_sso.oauth.proofs import MAX_PROOFS
from auth0_sso.ratelimit.policy import Policy
from auth0_sso.settings.addresses import (
    STILL_AN_EXAMPLE,
    bare_domain,
    plain,
)
from auth0_sso.store.address import parse_address
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS

MEMORY = "memory://"
"""Where counts are kept without a shared store."""

EXAMPLE_AUDIENCE: Final = "https://api.your-company.example"
"""What .env.example shows as the audience: of a top-level domain that no API has (RFC 2606 section 2)."""

_NAMES_NOTHING: Final = "is set but names nothing"


_B64TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")  # RFC 6750 section 2.1
_MIN_TOKEN: Final = 32
_FIELD_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.1


def header_name(value: str) -> str:
    """Return the name of a header (RFC 9110 section 5.1); `*` would allow any."""
    if value == "*" or not _FIELD_NAME.fullmatch(value):
        raise ValueError("names something that is not a header")
    return value


def header_name_or_none(value: str) -> str:
    """Return the name of a header, or an empty text."""
    return header_name(value) if value else value


def _split_at_commas(value: object) -> object:
    """Return the entries of a text, none of an empty one; a value that is not a text is returned as it is."""
    if not isinstance(value, str):
        return value
    entries = tuple(part.strip() for part in value.split(",") if part.strip())
    if value and not entries:
        raise ValueError(_NAMES_NOTHING)
    return entries


def _not_empty(value: object) -> object:
    if value == "":
        raise ValueError(_NAMES_NOTHING)
    return value


def _plain_entries(value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(plain(entry) for entry in value)


def _client_secrets(value: SecretStr) -> SecretStr:
    """Return the secrets, one on each line. A line separates them because a secret may have a comma in it."""
    return SecretStr("\n".join(_lines(value)))


def _lines(value: SecretStr) -> list[str]:
    """Return the one or two secrets, each of which is on a line of its own."""
    lines = [line.removesuffix("\r") for line in value.get_secret_value().split("\n")]
    lines = list(dict.fromkeys(plain(line) for line in lines if line))
    if len(lines) > MAX_PROOFS:
        raise ValueError(f"has more than {MAX_PROOFS} lines")
    return lines


def _header_pairs(value: SecretStr) -> SecretStr:
    """Return headers as OTEL_EXPORTER_OTLP_HEADERS has them: `name=value,name=value`, percent-encoded."""
    for pair in filter(None, plain(value.get_secret_value()).split(",")):
        name, equals, text = pair.partition("=")
        header_name(name)
        if not equals or not unquote(text).isprintable() or not unquote(text).isascii():
            raise ValueError("names something that is not a header and its value")
    return value


def _random_tokens(value: SecretStr) -> SecretStr:
    """Return tokens that can be sent as bearer tokens (RFC 6750 section 2.1) and not be guessed, one on each line."""
    tokens = _lines(value)
    if any(len(token) < _MIN_TOKEN or not _B64TOKEN.fullmatch(token) for token in tokens):
        raise ValueError("is too short, or has characters that a bearer token cannot have")
    return SecretStr("\n".join(tokens))


def _audiences(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("names no audience")
    if EXAMPLE_AUDIENCE in value:
        raise ValueError(STILL_AN_EXAMPLE)
    return value


def _known_algorithms(value: tuple[str, ...]) -> tuple[str, ...]:
    if any(algorithm.startswith("HS") for algorithm in value):
        raise ValueError("names a shared-secret algorithm, with which this service could forge tokens")
    if not value or not set(value) <= set(SUPPORTED_ALGORITHMS):
        raise ValueError("names an algorithm that is not supported")
    return value


def _in_a_directory(value: Path | None) -> Path | None:
    if value is not None and not (can_hold_files(value.parent) and _can_be_file(value)):
        raise ValueError("is not a file in a directory that exists or can be created")
    return value


def can_hold_files(directory: Path) -> bool:
    """Return whether it is a directory, or one can be made there."""
    try:
        return S_ISDIR(directory.stat().st_mode)
    except FileNotFoundError:
        return directory.parent.is_dir()
    except (OSError, ValueError):  # a name too long, a directory that may not be searched, a NUL
        return False


def _can_be_file(path: Path) -> bool:
    try:
        return not S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        return True
    except (OSError, ValueError):  # not by `is_dir`, which raises none of these from Python 3.14 on
        return False


def _policy(value: str) -> str:
    Policy.parse(value)
    return value


def _policy_or_off(value: str) -> str:
    return value if value == "off" else _policy(value)


def _store(value: SecretStr) -> SecretStr:
    url = plain(value.get_secret_value())
    if url != MEMORY:
        parse_address(url)
        if find_spec("redis") is None:
            raise ValueError("needs redis: install auth0-sso[redis]")
    return value


Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_at_commas), AfterValidator(_plain_entries)]
"""A comma-separated list. Set, it names something; empty, it is as if it were not set."""

NotEmpty = BeforeValidator(_not_empty)
"""For a list whose default is everything: empty reads as nothing, so it is refused."""

Plain = Annotated[str, AfterValidator(plain)]
ClientSecrets = Annotated[SecretStr, AfterValidator(_client_secrets)]
RandomTokens = Annotated[SecretStr, AfterValidator(_random_tokens)]
Domain = Annotated[str, AfterValidator(bare_domain)]
Audiences = AfterValidator(_audiences)
Algorithms = AfterValidator(_known_algorithms)
File = Annotated[Path | None, AfterValidator(_in_a_directory)]
PolicyText = Annotated[str, AfterValidator(_policy)]
PolicyTextOrOff = Annotated[str, AfterValidator(_policy_or_off)]
HeaderPairs = Annotated[SecretStr, AfterValidator(_header_pairs)]
StoreUrl = Annotated[SecretStr, AfterValidator(_store)]
