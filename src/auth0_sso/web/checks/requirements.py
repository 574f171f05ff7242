"""What a guard or a rule asks of a request, as a value that lists of routes and the OpenAPI document are made of."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "token",
    "optional token",
    "DPoP",
    "user",
    "organization",
    "email domain",
    "network",
    "scope",
    "permission",
    "role",
    "multi-factor authentication",
    "authentication context",
    "recent login",
    "rate limit",
    "check",
    "security scheme",
]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that is asked. Of several `names` all are needed, or one where `one_suffices`."""

    kind: Kind
    names: tuple[str, ...] = ()
    one_suffices: bool = False
    note: str = ""
    """What else one should know, such as that roles within an organization count too."""

    @property
    def needs_token(self) -> bool:
        """Whether an anonymous request does not pass."""
        return self.kind not in {"optional token", "rate limit", "security scheme"}

    def __str__(self) -> str:
        """Return it in words: `permission read:orders`, `role admin or manager`."""
        note = f"({self.note})" if self.note else ""
        return " ".join(filter(None, (self.kind, self.listed, note)))

    @property
    def listed(self) -> str:
        """Its names in words: `admin or manager`."""
        return self.joined(self.names)

    def joined(self, names: Iterable[str]) -> str:
        """Return texts for its names, joined by whether one suffices."""
        return (" or " if self.one_suffices else " and ").join(names)


TOKEN = Requirement("token")
OPTIONAL_TOKEN = Requirement("optional token")
USER = Requirement("user")
DPOP = Requirement("DPoP")


def scopes_of(requirements: Iterable[Requirement]) -> tuple[str, ...]:
    """Return the scopes and permissions that are asked for, each once: a client requests both as scopes."""
    asked = (each.names for each in requirements if each.kind in {"scope", "permission"})
    return tuple(dict.fromkeys(name for names in asked for name in names))


def role_requirement(
    names: frozenset[str], *, one_suffices: bool, within_organization: bool, stale_ok: bool
) -> Requirement:
    """Return what a check of roles asks for."""
    notes = ["also within the organization"] * within_organization + ["stale ones during an outage"] * stale_ok
    return Requirement("role", tuple(sorted(names)), one_suffices, ", ".join(notes))
