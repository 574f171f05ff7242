"""People and what they may do: users, roles, permissions, organizations and connections."""

from dataclasses import dataclass, field
from typing import Literal

from auth0_devtenant.state.records.json import Json


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission (scope) of an API."""

    name: str
    audience: str


@dataclass(slots=True)
class Role:
    """A role and its permissions."""

    id: str
    name: str
    description: str
    permissions: tuple[Permission, ...] = ()

    @property
    def document(self) -> Json:
        """The role as the Management API shows it."""
        return {"id": self.id, "name": self.name, "description": self.description}


@dataclass(slots=True)
class User:
    """A user's document as the Management API shows it, with what it does not show."""

    document: Json
    password: str = field(repr=False)
    role_ids: list[str] = field(default_factory=list)
    permissions: tuple[Permission, ...] = ()
    """Assigned directly, without a role."""
    mfa: bool = False
    """Whether a second factor is enrolled."""
    linked: "dict[str, User]" = field(default_factory=dict)
    """The users that were linked as further identities, by id, as they were before."""

    @property
    def user_id(self) -> str:
        """The id, including the provider."""
        return str(self.document["user_id"])

    @property
    def connection(self) -> str:
        """The name of the connection of the first identity."""
        return str(self.document["identities"][0]["connection"])


@dataclass(slots=True)
class Organization:
    """An organization with its members: the ids of the roles each has in it, by user id."""

    id: str
    name: str
    display_name: str
    members: dict[str, tuple[str, ...]]
    connections: tuple[str, ...]
    """Names."""
    metadata: Json = field(default_factory=dict)
    branding: Json = field(default_factory=dict)
    connection_settings: dict[str, Json] = field(default_factory=dict)
    """How the connections are enabled, such as `assign_membership_on_login`, by name."""

    @property
    def document(self) -> Json:
        """The organization as the Management API shows it."""
        more = {name: value for name in ("branding", "metadata") if (value := getattr(self, name))}
        return {"id": self.id, "name": self.name, "display_name": self.display_name} | more


@dataclass(slots=True)
class Invitation:
    """An invitation to an organization, with the ticket in its URL."""

    ticket: str
    organization_id: str
    document: Json
    """As the Management API shows it."""
    expires_at: float
    """Seconds since 1970."""


@dataclass(slots=True)
class Connection:
    """A connection: a database, passwordless e-mail, or a social or enterprise identity provider."""

    id: str
    name: str
    strategy: str
    display_name: str
    enabled_clients: list[str] | None = None
    """The ids of the applications that may use it; None for all."""
    settings: Json = field(default_factory=dict)
    """Other members that the Management API stores and shows; of the options, `passwordPolicy` and
    `requires_username` have an effect."""

    @property
    def options(self) -> Json:
        """The options, such as the password policy."""
        options: Json = self.settings.get("options", {})
        return options

    @property
    def title(self) -> str:
        """What the button on the login page calls it."""
        titles = {"google-oauth2": "Google", "github": "GitHub", "windowslive": "Microsoft", "apple": "Apple"}
        return self.display_name or titles.get(self.strategy, self.name)

    @property
    def document(self) -> Json:
        """The connection as the Management API shows it."""
        document = {
            "id": self.id,
            "options": {},
            "strategy": self.strategy,
            "name": self.name,
            "is_domain_connection": False,
            "realms": [self.name],
        }
        return document | ({"display_name": self.display_name} if self.display_name else {}) | self.settings


@dataclass(slots=True)
class Ticket:
    """A URL that verifies an email or changes a password, once."""

    kind: Literal["email-verification", "password-change"]
    user_id: str
    expires_at: float
    """Seconds since 1970."""
    result_url: str | None = None
    mark_email_as_verified: bool = False
