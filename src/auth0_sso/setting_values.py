"""Values of single settings: what each must look like, and the form it is kept in.

Each check takes a value and returns it, or raises `ValueError` with a sentence that follows the setting's name and
never repeats the value.
"""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

from auth0_sso.fleet.store import open_storage
from auth0_sso.limits.policy import Policy
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS

MEMORY = "memory://"
"""Where counts are kept when nothing is shared."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?::\d{1,5})?", re.IGNORECASE
)


def base_url(value: str) -> str:
    """Return a URL with its trailing slash: https, or http on a loopback host, and nothing behind its path."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not _is_host(parts.netloc) or parts.query or parts.fragment:
        raise ValueError("is not a URL")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ValueError("is plain http, which only a loopback host may use")
    return value if value.endswith("/") else value + "/"


def split_at_commas(value: object) -> object:
    """Return the parts of a text; what is none is left as it is."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _is_host(text: str) -> bool:
    return bool(_HOST.fullmatch(text)) or bool(re.fullmatch(r"\[[0-9a-f:.]+\](?::\d{1,5})?", text, re.IGNORECASE))


def _bare_domain(value: str) -> str:
    domain = value.strip().removeprefix("https://").removeprefix("http://").removesuffix("/")
    if not _HOST.fullmatch(domain):
        raise ValueError("is not a domain")
    return domain.lower()


def _some(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("names no audience")
    return value


def _known_algorithms(value: tuple[str, ...]) -> tuple[str, ...]:
    if any(algorithm.startswith("HS") for algorithm in value):
        raise ValueError("names a shared-secret algorithm, with which this service could forge tokens")
    if not value or not set(value) <= set(SUPPORTED_ALGORITHMS):
        raise ValueError("names an algorithm that is not supported")
    return value


def _in_a_directory(value: Path | None) -> Path | None:
    if value is not None and (value.is_dir() or not _can_hold_files(value.parent)):
        raise ValueError("is not a file in a directory that exists or can be created")
    return value


def _can_hold_files(directory: Path) -> bool:
    return directory.is_dir() or (not directory.exists() and directory.parent.is_dir())


def _plain_origins(value: tuple[str, ...]) -> tuple[str, ...]:
    for origin in value:
        scheme, _, host = origin.partition("://")
        if scheme not in {"http", "https"} or not _is_host(host):
            raise ValueError("names what is no origin")
    return value


def _networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for network in value:
        try:
            ip_network(network)
        except ValueError:
            raise ValueError("names what is no address and no network") from None
    return value


def _policy(value: str) -> str:
    Policy.parse(value)
    return value


def _policy_or_off(value: str) -> str:
    return value if value == "off" else _policy(value)


def _store(value: SecretStr) -> SecretStr:
    if value.get_secret_value() != MEMORY:
        open_storage(value.get_secret_value())  # connects nothing
    return value


def _upper_case(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Domain = Annotated[str, AfterValidator(_bare_domain)]
Audiences = AfterValidator(_some)
Algorithms = AfterValidator(_known_algorithms)
Origins = AfterValidator(_plain_origins)
Networks = AfterValidator(_networks)
File = Annotated[Path | None, AfterValidator(_in_a_directory)]
PolicyText = Annotated[str, AfterValidator(_policy)]
PolicyTextOrOff = Annotated[str, AfterValidator(_policy_or_off)]
StoreUrl = Annotated[SecretStr, AfterValidator(_store)]
UpperCase = BeforeValidator(_upper_case)
