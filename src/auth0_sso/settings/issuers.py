"""AUTH0_ISSUERS: further issuers whose tokens are accepted.

A URL is another domain of the same tenant (a custom domain, or the tenant's own beside one): its users, roles and
APIs are the same, only its `iss` and its JWK Set are its own. A JSON object is another tenant: its members are named
like the settings that a tenant has of its own, without AUTH0_ and in lower case.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from auth0_sso.errors import ConfigurationError
from auth0_sso.settings import rules
from auth0_sso.settings.addresses import base_url
from auth0_sso.settings.environment import EnvironmentSettings

S = TypeVar("S", bound=EnvironmentSettings)

OF_A_TENANT: Final = (
    "auth0_domain",
    "auth0_issuer_base_url",
    "auth0_issuer_trailing_slash",
    "auth0_algorithms",
    "auth0_allowed_clients",
    "auth0_audience",
    "auth0_issuers",
    "auth0_management_audience",
    "auth0_management_base_url",
    "auth0_management_client_id",
    "auth0_management_client_secret",
    "auth0_management_private_key",
    "auth0_management_private_key_id",
    "auth0_role_claim",
    "auth0_role_source",
    "auth0_backchannel_logout_clients",
    "auth0_events_token",
)
"""The settings that a tenant has of its own; all others are those of the first one."""

INHERITED: Final = frozenset(
    {"auth0_algorithms", "auth0_allowed_clients", "auth0_audience", "auth0_issuer_trailing_slash"}
)
"""Those that are the first tenant's where an object has no other value: none is less strict for another tenant."""

_PREFIX: Final = "auth0_"
_MANAGEMENT: Final = "auth0_management_"
_FILE: Final = "auth0_jwks_cache_file"
_MAX_ISSUERS: Final = 20
"""As many custom domains as Auth0 allows a tenant. Each issuer has a task, each tenant two connections to Redis."""


class Issuers(NamedTuple):
    """What AUTH0_ISSUERS says."""

    domains: tuple[str, ...]
    """URLs of the same tenant, with a slash at the end."""
    tenants: tuple[Mapping[str, Any], ...]
    """What other tenants have of their own, by the names of the settings' fields."""


def read_issuers(text: str) -> Issuers:
    """Read the setting: comma-separated URLs, or a JSON array of URLs and objects.

    Raises `ValueError` with a sentence that follows the setting's name and repeats no value.
    """
    entries = _array(text) if text.lstrip().startswith("[") else [entry.strip() for entry in text.split(",")]
    domains = tuple(base_url(entry) for entry in entries if isinstance(entry, str) and entry)
    return Issuers(domains, tuple(_tenant(entry) for entry in entries if not isinstance(entry, str)))


def other_tenants(settings: S, text: str, model: type[EnvironmentSettings]) -> tuple[S, ...]:
    """Return the settings of each further tenant in `text`: its own, and for the rest those of the first one.

    `model` is the class that declares the settings of `OF_A_TENANT`. Raises `ValueError` like `read_issuers`.
    """
    known = {name: getattr(settings, name) for name in INHERITED}
    return tuple(
        settings.with_values(_with_own_file(_values(each, known, model), settings))
        for each in read_issuers(text).tenants
    )


def without_credentials(text: str) -> str:
    """Return the text of the same issuers, none of which has a Management API."""
    issuers = read_issuers(text)
    tenants = [
        {name.removeprefix(_PREFIX): value for name, value in tenant.items() if not name.startswith(_MANAGEMENT)}
        for tenant in issuers.tenants
    ]
    return json.dumps([*issuers.domains, *tenants])


def file_of(path: Path, issuer: str) -> Path:
    """Return a file beside that of the first issuer, for the keys of another one."""
    return path.with_name(f"{path.stem}-{sha256(issuer.encode()).hexdigest()[:16]}{path.suffix}")


def _with_own_file(values: dict[str, Any], settings: EnvironmentSettings) -> dict[str, Any]:
    path = getattr(settings, _FILE)
    return values if path is None else values | {_FILE: file_of(path, values["auth0_issuer_base_url"])}


def require_usable_issuers(value: SecretStr, known: rules.Known, model: type[EnvironmentSettings]) -> SecretStr:
    """Refuse issuers that are named twice, and tenants whose settings cannot be used.

    `known` are the settings declared before this one, as the rules of `settings.rules` take them.
    """
    issuers = read_issuers(value.get_secret_value())
    if not known.keys() >= INHERITED:  # another setting is refused, which the rest depends on
        return value
    for domain in issuers.domains:
        _require_own_audiences(known, domain)
    named = [known.get("auth0_issuer_base_url"), *issuers.domains]
    tenants = [known.get("auth0_domain")]
    tokens = _lines(known.get("auth0_events_token"))
    for tenant in issuers.tenants:
        own = _values(tenant, known, model)
        named += [own["auth0_issuer_base_url"], *read_issuers(own["auth0_issuers"].get_secret_value()).domains]
        tokens += _lines(own["auth0_events_token"])
        tenants.append(own["auth0_domain"])
    if len(named) > _MAX_ISSUERS:
        raise ValueError(f"names more than {_MAX_ISSUERS} issuers")
    if len(set(tokens)) < len(tokens):
        raise ValueError("has an events_token that is another tenant's too, so an event could be of either")
    if len({_host(str(issuer)) for issuer in named}) < len(named):
        raise ValueError("names an issuer twice, or the one of AUTH0_ISSUER_BASE_URL")
    if len({_host(f"https://{tenant}/") for tenant in tenants}) < len(tenants):
        raise ValueError("names a tenant twice by its domain: write further domains of a tenant as URLs")
    return value


def _host(url: str) -> tuple[str, str | None, int | None]:
    """Return what two spellings of one URL have in common: the port of the scheme may be left out."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _lines(secret: SecretStr | None) -> list[str]:
    return [] if secret is None else secret.get_secret_value().splitlines()


def _require_own_audiences(known: rules.Known, domain: str) -> None:
    try:
        rules.require_own_audiences(known["auth0_audience"], {**known, "auth0_issuer_base_url": domain})
    except ValueError as error:
        raise ValueError(f"names a domain, and of that AUTH0_AUDIENCE {error}") from None


def _array(text: str) -> Sequence[object]:
    try:
        entries: list[object] = json.loads(text, object_pairs_hook=_members)  # a text that begins with a bracket
    except (ValueError, RecursionError):
        raise ValueError("is not a JSON array, or an object in it has a member twice") from None
    return entries


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError
    return members


def _tenant(entry: object) -> Mapping[str, Any]:
    if not isinstance(entry, dict) or not all(isinstance(name, str) for name in entry):
        raise ValueError("has an entry that is neither a URL nor an object")
    named = {_PREFIX + name: value for name, value in entry.items()}
    if not named.keys() <= set(OF_A_TENANT):
        members = ", ".join(name.removeprefix(_PREFIX) for name in OF_A_TENANT)
        raise ValueError(f"has an object with a member that is none of {members}")
    if named.get("auth0_allowed_clients") == []:  # an empty tuple is the default, which accepts all
        raise ValueError(
            "has an object whose allowed_clients name none; leave it out to accept those of the first tenant"
        )
    if "auth0_issuers" in named:
        named["auth0_issuers"] = _domains_alone(named["auth0_issuers"])
    return named


def _domains_alone(value: object) -> str:
    """Return further domains of another tenant, comma-separated; that again has no other tenants."""
    entries = value if isinstance(value, list) else [value]
    domains = [entry for entry in entries if isinstance(entry, str) and not entry.lstrip().startswith("[")]
    if len(domains) < len(entries):
        raise ValueError("has an object whose issuers are not URLs")
    return ",".join(domains)


def _values(own: Mapping[str, Any], known: rules.Known, model: type[EnvironmentSettings]) -> dict[str, Any]:
    """Return all settings of another tenant, checked like those of the first."""
    given = {name: known[name] for name in INHERITED} | dict(own)
    try:
        tenant = model.of(**given)
    except ConfigurationError as error:
        raise ValueError(f"has an object that cannot be used ({error.problems[0].removesuffix('.')})") from None
    return {name: getattr(tenant, name) for name in OF_A_TENANT}
