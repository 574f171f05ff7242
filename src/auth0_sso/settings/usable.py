"""What can be used of settings that have faults, so that `auth0-sso doctor` can check the rest."""

from collections.abc import Collection, Mapping
from typing import Any, Final, TypeVar

from pydantic_settings import BaseSettings

from auth0_sso.settings import loading
from auth0_sso.settings.loading import Problem

S = TypeVar("S", bound=BaseSettings)

NO_DOMAIN: Final = "no-domain.invalid"
"""Stands for an AUTH0_DOMAIN that is missing or cannot be used; there is no such host (RFC 2606 section 2)."""

_REQUIRED: Final[Mapping[str, object]] = {
    "auth0_domain": NO_DOMAIN,
    "auth0_audience": ("urn:auth0-sso:no-audience",),
}

_TOGETHER: Final = (
    frozenset(
        {
            "auth0_management_client_id",
            "auth0_management_client_secret",
            "auth0_management_private_key",
            "auth0_management_private_key_id",
        }
    ),
    frozenset({"auth0_role_source", "auth0_role_claim"}),
)
"""Settings that are set together or not at all."""


def load_usable(model: type[S]) -> tuple[S | None, frozenset[str], tuple[Problem, ...]]:
    """Read the settings with the default in place of each that has a fault; in that of AUTH0_DOMAIN, `NO_DOMAIN`.

    Returns them, the names of the fields so replaced, and the faults. The settings are None where `.env` or a file
    among the secrets cannot be read.
    """
    settings, problems = loading.attempt(model, {})
    replaced: dict[str, Any] = {}
    faults = problems
    while settings is None:
        more = _defaults(model, {fault.name.lower() for fault in faults}) if faults else {}
        if not more.keys() - replaced.keys():
            return None, frozenset(replaced), tuple(problems)
        replaced |= more
        settings, faults = loading.attempt(model, replaced)
    return settings, frozenset(replaced), tuple(problems)


def values_of(model: type[BaseSettings]) -> Mapping[str, str]:
    """Return the settings that are set as text, by field: those of the environment before those of `.env`.

    Files among the secrets are left out.
    """
    found: dict[str, str] = {}
    for values in loading.set_values(model):
        found = {name: text for name, text in values.items() if text and name in model.model_fields} | found
    return found


def _defaults(model: type[BaseSettings], fields: Collection[str]) -> dict[str, Any]:
    """Return the defaults of these fields, and of those that are set together with one of them."""
    names = {*fields}.union(*(group for group in _TOGETHER if not group.isdisjoint(fields)))
    known = {name: model.model_fields[name] for name in names if name in model.model_fields}
    return {name: _REQUIRED.get(name, field.get_default()) for name, field in known.items()}
