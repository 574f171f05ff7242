"""Reading a seed from a TOML or JSON file."""

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from auth0_devtenant.seed.default import CONNECTIONS, WEB_ORIGINS, built_in_applications, default_seed
from auth0_devtenant.seed.models import Api, Application, Connection, Seed

_PARSERS: Mapping[str, Callable[[str], Any]] = {".toml": tomllib.loads, ".json": json.loads}


class SeedError(Exception):
    """The file cannot be read or is no seed; the text says where and why, in one line for each problem."""


def read_seed(
    path: Path,
    *,
    web_origins: Sequence[str] = WEB_ORIGINS,
    callback_urls: Sequence[str] = (),
    logout_urls: Sequence[str] = (),
) -> Seed:
    """Return the seed of a file; raise `SeedError`.

    The built-in applications and connections are added, so that the tenant's own commands work. Without `apis` the
    built-in API stays; without `people`, `roles` and `organizations` all three built-in ones do, if the API has their
    permissions.
    """
    document = _read(path)
    try:
        return Seed.model_validate(_completed(document, (web_origins, callback_urls, logout_urls)))
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, each['loc'])) or 'seed'}: {each['msg']}" for each in error.errors())
        raise SeedError("\n".join(f"{path}: {problem}" for problem in problems)) from None


def _completed(document: dict[str, Any], urls: tuple[Sequence[str], Sequence[str], Sequence[str]]) -> dict[str, Any]:
    built_in = default_seed()
    document.setdefault("apis", list(built_in.apis))
    scopes = _permissions_of_first(document["apis"])
    if not document.keys() & {"people", "roles", "organizations"} and scopes >= {"read:data", "write:data"}:
        document |= {name: getattr(built_in, name) for name in ("people", "roles", "organizations")}
    applications = built_in_applications(*urls, machine_scopes=sorted(scopes))
    _add(document, "applications", "client_id", applications)
    _add(document, "connections", "name", CONNECTIONS)
    return document


def _add(document: dict[str, Any], section: str, key: str, built_in: Sequence[Application | Connection]) -> None:
    """Add what is built in, unless the file has an entry of that key."""
    own = document.get(section, [])
    if isinstance(own, list):
        taken = {each.get(key) for each in own if isinstance(each, dict)}
        document[section] = [*own, *(each for each in built_in if getattr(each, key) not in taken)]


def _permissions_of_first(apis: Any) -> set[str]:  # noqa: ANN401 - not validated yet
    first = apis[0] if isinstance(apis, list) and apis else None
    if isinstance(first, Api):
        return set(first.permissions)
    permissions = first.get("permissions") if isinstance(first, dict) else None
    return set(permissions) if isinstance(permissions, dict) else set()


def _read(path: Path) -> dict[str, Any]:
    parse = _PARSERS.get(path.suffix)
    if parse is None:
        raise SeedError(f"{path}: the name of a seed file ends with {' or '.join(_PARSERS)}")
    try:
        document = parse(path.read_text("utf-8"))
    except OSError as error:
        raise SeedError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise SeedError(f"{path}: {error}") from None
    if not isinstance(document, dict):
        raise SeedError(f"{path}: the top level is not an object")
    return document
