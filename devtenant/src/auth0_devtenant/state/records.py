"""The records of a tenant, with the documents that the Management API shows of them.

All are dataclasses of plain values, so that a state can be copied, exported and imported.
"""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from auth0_devtenant.seed import ApplicationType, Dialect

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission (scope) of an API."""

    name: str
    audience: str


@dataclass(slots=True)
class Api:
    """An API (resource server)."""

    id: str
    identifier: str
    name: str
    token_dialect: Dialect
    token_lifetime: int
    enforce_policies: bool
    allow_offline_access: bool
    permissions: dict[str, str]
    """Descriptions by name."""
    is_system: bool = False
    """The Management API."""

    @property
    def document(self) -> Json:
        """The API as the Management API shows it."""
        return {
            "id": self.id,
            "name": self.name,
            "identifier": self.identifier,
            "scopes": [{"value": name, "description": text} for name, text in self.permissions.items()],
            "signing_alg": "RS256",
            "allow_offline_access": self.allow_offline_access,
            "token_lifetime": self.token_lifetime,
            "token_lifetime_for_web": min(self.token_lifetime, 7_200),
            "skip_consent_for_verifiable_first_party_clients": True,
            "enforce_policies": self.enforce_policies,
            "token_dialect": self.token_dialect,
            "is_system": self.is_system,
        }


@dataclass(slots=True)
class Client:
    """An application; without a secret it is a public client (RFC 6749 section 2.1)."""

    client_id: str
    name: str
    app_type: ApplicationType
    client_secret: str = field(repr=False)
    token_endpoint_auth_method: str
    callback_urls: tuple[str, ...]
    logout_urls: tuple[str, ...]
    web_origins: tuple[str, ...]
    grant_types: tuple[str, ...]
    organization_usage: str = "allow"
    public_key: str | None = None
    """PEM, for private_key_jwt."""
    client_metadata: Json = field(default_factory=dict)

    @property
    def document(self) -> Json:
        """The client as the Management API shows it, with the secret."""
        document = {
            "client_id": self.client_id,
            "name": self.name,
            "app_type": self.app_type,
            "is_first_party": True,
            "oidc_conformant": True,
            "callbacks": list(self.callback_urls),
            "allowed_logout_urls": list(self.logout_urls),
            "web_origins": list(self.web_origins),
            "allowed_origins": list(self.web_origins),
            "grant_types": list(self.grant_types),
            "organization_usage": self.organization_usage,
            "token_endpoint_auth_method": self.token_endpoint_auth_method,
            "jwt_configuration": {"alg": "RS256", "lifetime_in_seconds": 36_000},
            "client_metadata": self.client_metadata,
        }
        return document | ({"client_secret": self.client_secret} if self.client_secret else {})


@dataclass(slots=True)
class ClientGrant:
    """The scopes of an API that a client can get with client credentials."""

    id: str
    client_id: str
    audience: str
    scope: tuple[str, ...]

    @property
    def document(self) -> Json:
        """The client grant as the Management API shows it."""
        return {"id": self.id, "client_id": self.client_id, "audience": self.audience, "scope": list(self.scope)}


@dataclass(slots=True)
class Connection:
    """A connection: a database, passwordless e-mail, or a social or enterprise identity provider."""

    id: str
    name: str
    strategy: str
    display_name: str

    @property
    def document(self) -> Json:
        """The connection as the Management API shows it."""
        names = {"display_name": self.display_name} if self.display_name else {}
        return {"id": self.id, "name": self.name, "strategy": self.strategy, "options": {}} | names


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
class Organization:
    """An organization with its members: the ids of the roles each has in it, by user id."""

    id: str
    name: str
    display_name: str
    members: dict[str, tuple[str, ...]]
    connections: tuple[str, ...]
    """Names."""
    metadata: Json = field(default_factory=dict)

    @property
    def document(self) -> Json:
        """The organization as the Management API shows it."""
        metadata = {"metadata": self.metadata} if self.metadata else {}
        return {"id": self.id, "name": self.name, "display_name": self.display_name} | metadata


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

    @property
    def user_id(self) -> str:
        """The id, including the provider."""
        return str(self.document["user_id"])

    @property
    def connection(self) -> str:
        """The name of the connection of the first identity."""
        return str(self.document["identities"][0]["connection"])


@dataclass(slots=True)
class Session:
    """A browser that is logged in."""

    id: str
    user_id: str
    created_at: str
    auth_time: int
    """Seconds since 1970."""
    amr: tuple[str, ...] = ()
    """How the user authenticated (RFC 8176)."""
    acr: str | None = None
    organization_id: str | None = None
    client_ids: list[str] = field(default_factory=list)

    @property
    def document(self) -> Json:
        """The session as the Management API shows it."""
        return {
            "id": self.id,
            "user_id": self.user_id,
            "created_at": self.created_at,
            "authenticated_at": self.created_at,
            "clients": [{"client_id": client_id} for client_id in self.client_ids],
        }


@dataclass(slots=True)
class Login:
    """A login in progress: the authorization request that it will answer."""

    parameters: dict[str, str]
    issuer: str
    expires_at: float
    user_id: str | None = None
    """The user after the first factor, while the second one is asked for."""
    amr: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user granted to a client at the login: the content of an authorization code and of a refresh token."""

    client_id: str
    user_id: str
    scope: tuple[str, ...]
    audience: str | None
    issuer: str
    expires_at: float = 0
    nonce: str | None = None
    redirect_uri: str | None = None
    code_challenge: str | None = None
    organization_id: str | None = None
    session_id: str | None = None
    auth_time: int | None = None
    amr: tuple[str, ...] = ()
    acr: str | None = None


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
            "session_id": grant.session_id,
            "created_at": self.created_at,
            "rotating": True,
            "resource_servers": [{"audience": grant.audience, "scopes": " ".join(grant.scope)}],
        }
