"""What a tenant stores: users, roles, granted logins, refresh tokens and sessions."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from auth0_devtenant.people import Organization

Json: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class User:
    """A user's document as the Management API shows it, with the password and the roles, which it does not show."""

    document: Json
    password: str = field(repr=False)
    role_ids: list[str] = field(default_factory=list)

    @property
    def user_id(self) -> str:
        """The id, including the provider."""
        return str(self.document["user_id"])


@dataclass(frozen=True, slots=True)
class Role:
    """A role and its permissions for the API."""

    id: str
    name: str
    description: str
    permissions: tuple[str, ...]

    @property
    def document(self) -> Json:
        """The role as the Management API shows it."""
        return {"id": self.id, "name": self.name, "description": self.description}


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user granted to a client at the login: the content of an authorization code and of a refresh token."""

    client_id: str
    user_id: str
    scope: tuple[str, ...]
    audience: str | None
    nonce: str | None
    redirect_uri: str
    code_challenge: str
    expires_at: float
    organization: Organization | None = None


@dataclass(slots=True)
class RefreshTokenFamily:
    """The refresh tokens of one login; only the current one is valid (Auth0: "Refresh token rotation")."""

    id: str
    grant: Grant
    current: str = field(repr=False)
    created_at: str

    @property
    def document(self) -> Json:
        """The family as the Management API shows it, without the token."""
        grant = self.grant
        return {
            "id": self.id,
            "user_id": grant.user_id,
            "client_id": grant.client_id,
            "created_at": self.created_at,
            "rotating": True,
            "resource_servers": [{"audience": grant.audience, "scopes": " ".join(grant.scope)}],
        }


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is logged in."""

    id: str
    user_id: str
    created_at: str

    @property
    def document(self) -> Json:
        """The session as the Management API shows it."""
        return {"id": self.id, "user_id": self.user_id, "created_at": self.created_at}
