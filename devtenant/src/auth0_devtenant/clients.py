"""The clients (Auth0: applications) of a new tenant and the scopes granted to them. Nothing here is secret."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Client:
    """An application; without a secret it is a public client (RFC 6749 section 2.1)."""

    name: str
    client_id: str
    secret: str | None
    grant_types: tuple[str, ...]


SPA_CLIENT_ID: Final = "devSinglePageApplication00000000"
MACHINE_CLIENT_ID: Final = "devMachineToMachine0000000000000"
MACHINE_CLIENT_SECRET: Final = "development-only-machine-secret"  # noqa: S105 - public on purpose
MANAGEMENT_CLIENT_ID: Final = "devManagementClient0000000000000"
MANAGEMENT_CLIENT_SECRET: Final = "development-only-management-secret"  # noqa: S105 - public on purpose

CLIENTS: Final = {
    client.client_id: client
    for client in (
        Client("Single page application", SPA_CLIENT_ID, None, ("authorization_code", "refresh_token")),
        Client("Machine to machine", MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET, ("client_credentials",)),
        Client("Management API", MANAGEMENT_CLIENT_ID, MANAGEMENT_CLIENT_SECRET, ("client_credentials",)),
    )
}

MACHINE_SCOPES: Final = ("read:data",)
"""Granted to the machine client for the API."""

MANAGEMENT_SCOPES: Final = (
    "read:users",
    "create:users",
    "update:users",
    "delete:users",
    "update:users_app_metadata",
    "read:roles",
    "read:role_members",
    "create:role_members",
    "delete:role_members",
    "read:organizations",
    "read:organization_member_roles",
    "read:sessions",
    "delete:sessions",
    "read:refresh_tokens",
    "delete:refresh_tokens",
    "read:logs",
    "read:signing_keys",
    "create:signing_keys",
    "update:signing_keys",
)
"""Granted to the Management client for the Management API."""
