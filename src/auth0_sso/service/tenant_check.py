"""A production start refuses a development tenant: its secrets are public, so anyone gets its tokens."""

import sys
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from auth0_sso.service.settings import EX_CONFIG, ServiceSettings

# Repeated here, since auth0-devtenant is not installed in production; a test compares them.
PUBLISHED_CLIENTS: Final = frozenset(
    {
        "devSinglePageApplication00000000",
        "devRegularWebApplication00000000",
        "devNativeApplication000000000000",
        "devMachineToMachine0000000000000",
        "devManagementClient0000000000000",
    }
)
"""The client ids of the development tenant's built-in applications."""

PUBLISHED_SECRETS: Final = frozenset(
    {"development-only-web-secret", "development-only-machine-secret", "development-only-management-secret"}
)
"""Their client secrets."""

_FIX: Final = (
    "Give each environment a tenant of its own (docs/connect-a-tenant.md), or run `auth0-sso dev`. To try `serve` "
    "with a development tenant, set ALLOW_DEVELOPMENT_TENANT=true."
)


def refuse_development_tenant(settings: ServiceSettings) -> None:
    """Print the settings that name a development tenant on stderr and exit with 78, unless the settings allow it."""
    found = () if settings.allow_development_tenant else development_settings(settings)
    if found:
        lines = (f"auth0-sso: {' and '.join(found)} of a development tenant: its secrets are public.", _FIX)
        print("\n  ".join(lines), file=sys.stderr)
        raise SystemExit(EX_CONFIG)


def development_settings(settings: ServiceSettings) -> tuple[str, ...]:
    """Return the names of the settings whose values are of a development tenant."""
    others = [each.with_values({"auth0_client_id": ""}) for each in settings.other_tenants]
    marks = {
        "AUTH0_ISSUER_BASE_URL": _is_this_machine(settings.issuer),
        "AUTH0_MANAGEMENT_BASE_URL": _is_this_machine(settings.auth0_management_base_url),
        "AUTH0_CLIENT_ID": settings.auth0_client_id in PUBLISHED_CLIENTS,
        "AUTH0_ALLOWED_CLIENTS": not PUBLISHED_CLIENTS.isdisjoint(settings.auth0_allowed_clients),
        "AUTH0_MANAGEMENT_CLIENT_ID": settings.auth0_management_client_id in PUBLISHED_CLIENTS,
        "AUTH0_MANAGEMENT_CLIENT_SECRET": (
            not PUBLISHED_SECRETS.isdisjoint(settings.auth0_management_client_secret.get_secret_value().splitlines())
        ),
        "AUTH0_ISSUERS": any(map(_is_this_machine, settings.issuers[1:])) or any(map(development_settings, others)),
    }
    return tuple(name for name, found in marks.items() if found)


def _is_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")  # RFC 6761 section 6.3
