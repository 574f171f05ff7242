"""The people of a new tenant, their roles and their organization. Nothing here is secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Person:
    """A user of a new tenant, with the password to log in."""

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
"""The roles of the tenant, each with its permissions for the API."""

CONNECTION: Final = "Username-Password-Authentication"
"""The name of the database connection."""


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization with its members: the roles each has in it, by user id."""

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
