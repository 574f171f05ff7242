"""Who there is to start with: three people, their roles, and three clients. Nothing here is a secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can log in."""

    user_id: str
    email: str
    password: str
    name: str
    roles: tuple[str, ...]
    permissions: tuple[str, ...]


PEOPLE: Final = (
    Person(
        "auth0|64f1a0000000000000000001",
        "admin@example.com",
        "Admin-password-1!",
        "Ada Admin",
        ("admin",),
        ("read:data", "write:data"),
    ),
    Person(
        "auth0|64f1a0000000000000000002",
        "manager@example.com",
        "Manager-password-1!",
        "Max Manager",
        ("manager",),
        ("read:data",),
    ),
    Person("auth0|64f1a0000000000000000003", "user@example.com", "User-password-1!", "Uma User", (), ()),
)

ROLE_PERMISSIONS: Final = {"admin": ("read:data", "write:data"), "manager": ("read:data",)}
"""The roles of the tenant, and what each permits at the API."""

CONNECTION: Final = "Username-Password-Authentication"


@dataclass(frozen=True, slots=True)
class Organization:
    """A company whose people log in together, and the roles each member has there, by user id."""

    id: str
    name: str
    display_name: str
    members: Mapping[str, tuple[str, ...]]

    @property
    def document(self) -> dict[str, str]:
        """The organization as the Management API shows it."""
        return {"id": self.id, "name": self.name, "display_name": self.display_name}


ORGANIZATIONS: Final = (
    Organization(
        "org_64f1a00000000001",
        "acme",
        "Acme",
        {"auth0|64f1a0000000000000000002": ("manager",), "auth0|64f1a0000000000000000003": ("manager",)},
    ),
)


@dataclass(frozen=True, slots=True)
class Client:
    """An application. Without a secret it is public (RFC 6749 section 2.1)."""

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
        Client(SPA_CLIENT_ID, None, ("authorization_code", "refresh_token")),
        Client(MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET, ("client_credentials",)),
        Client(MANAGEMENT_CLIENT_ID, MANAGEMENT_CLIENT_SECRET, ("client_credentials",)),
    )
}

MACHINE_SCOPES: Final = ("read:data",)
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
