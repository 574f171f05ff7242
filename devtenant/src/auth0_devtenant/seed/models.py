"""The seed of a tenant as it is written in code and in a file; ids and secrets that are left out follow from names.

Names are those of the Management API: app_type, token_dialect, enforce_policies.
"""

from hashlib import sha256
from typing import Annotated, Any, Literal, Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from auth0_devtenant.seed.management import MANAGEMENT, MANAGEMENT_SCOPES

Dialect = Literal["access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"]
"""Auth0's access token profiles; `_authz` adds the `permissions` claim."""

ApplicationType = Literal["spa", "native", "regular_web", "non_interactive", "resource_server"]
"""Single page, native, regular web and machine to machine applications, and Custom API Clients (token exchange)."""

AuthMethod = Literal["none", "client_secret_post", "client_secret_basic", "private_key_jwt"]
"""How a client authenticates at the token endpoint; one with a secret may send it either way."""

Strategy = Literal["auth0", "email", "google-oauth2", "github", "windowslive", "apple", "samlp", "oidc", "waad"]
"""How a connection authenticates: a database, passwordless e-mail, a social or an enterprise identity provider."""

Initiator = Literal[
    "rp-logout",
    "idp-logout",
    "password-changed",
    "session-expired",
    "session-revoked",
    "account-deleted",
    "email-identifier-changed",
]
"""Why a session ended, as Auth0's back-channel logout names it; the tenant has no idp-logout and session-expired."""

GRANT_TYPES: dict[ApplicationType, tuple[str, ...]] = {
    "spa": ("authorization_code", "implicit", "refresh_token"),
    "native": ("authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"),
    "regular_web": ("authorization_code", "implicit", "refresh_token", "client_credentials"),
    "non_interactive": ("client_credentials",),
    "resource_server": ("urn:ietf:params:oauth:grant-type:token-exchange",),
}
"""What Auth0 gives a new application."""

Permissions = dict[str, tuple[str, ...]]
"""Names of permissions by the identifier of their API; under "" those of the seed's first API."""


def _permissions(value: object) -> object:
    """Read a plain list as permissions of the first API."""
    return {"": value} if isinstance(value, list | tuple) else value


PermissionsField = Annotated[Permissions, BeforeValidator(_permissions)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProofOfPossession(_Model):
    """Whether access tokens of an API are bound to the client's key (Auth0: sender constraining)."""

    mechanism: Literal["none", "mtls", "dpop"] = "dpop"
    """The tenant issues no tokens for an API with mtls: it sees no client certificates."""
    required: bool = False
    required_for: Literal["all_clients", "public_clients"] = "all_clients"


class Api(_Model):
    """An API (resource server), which access tokens are issued for."""

    identifier: str
    """The audience."""
    name: str = ""
    token_dialect: Dialect = "access_token_authz"  # noqa: S105 - the name of a token profile, not a secret
    token_lifetime: int = Field(86_400, ge=1, le=2_592_000)
    """Seconds."""
    enforce_policies: bool = True
    """RBAC: the scope of a user's token is limited to the user's permissions."""
    allow_offline_access: bool = True
    """Whether refresh tokens can be issued for it."""
    permissions: dict[str, str] = Field(default_factory=dict)
    """Descriptions by name."""
    proof_of_possession: ProofOfPossession | None = None
    """Without it tokens are not bound, even if the client sends a DPoP proof."""


class Application(_Model):
    """An application (client)."""

    name: str
    app_type: ApplicationType = "spa"
    client_id: str = ""
    client_secret: str = ""
    """Only of regular web and machine to machine applications."""
    token_endpoint_auth_method: AuthMethod | Literal[""] = ""
    public_key: str | None = None
    """PEM, for private_key_jwt (RFC 7523)."""
    callback_urls: tuple[str, ...] = ()
    """Allowed Callback URLs: where a login may redirect to, compared exactly."""
    logout_urls: tuple[str, ...] = ()
    """Allowed Logout URLs; the first one is the default."""
    web_origins: tuple[str, ...] = ()
    """Allowed Web Origins: whose pages may log in silently and request tokens (CORS)."""
    grant_types: tuple[str, ...] = ()
    """By default those that Auth0 gives a new application of this type."""
    grants: PermissionsField = Field(default_factory=dict)
    """Client grants: the scopes it can get with client credentials, by API; that of the Management API under
    "management"."""
    organization_usage: Literal["deny", "allow", "require"] = "allow"
    is_first_party: bool = True
    """Whether its users are not asked for their consent."""
    resource_server_identifier: str | None = None
    """The API that a Custom API Client (resource_server) belongs to: it exchanges access tokens for that API."""
    backchannel_logout_urls: tuple[str, ...] = ()
    """Where logout tokens are sent; at Auth0 one URL, with https."""
    backchannel_logout_initiators: Literal["all"] | tuple[Initiator, ...] = "all"
    """When; an application that the Management API creates has rp-logout and idp-logout, as at Auth0."""
    require_proof_of_possession: bool = False
    """Whether it gets access tokens only that are bound to its key (DPoP)."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        """Derive what is left out from the name and the type, the same at each start."""
        if not isinstance(value, dict) or not isinstance(value.get("name"), str):
            return value
        kind = value.get("app_type", "spa")
        given = {name: entry for name, entry in value.items() if entry not in ("", ())}
        method = given.get("token_endpoint_auth_method") or _auth_method(kind, given)
        secret = method in {"client_secret_post", "client_secret_basic"}
        return {
            "client_id": derived_id("", 32, "application", value["name"]),
            "client_secret": f"development-only-{derived_id('', 32, 'secret', value['name'])}" if secret else "",
            "token_endpoint_auth_method": method,
            "grant_types": GRANT_TYPES.get(kind, ()),
        } | given

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Require what the client authenticates with: a public key for private_key_jwt, and then no secret."""
        if self.public_key is not None and not _is_rsa_key(self.public_key):
            raise ValueError("public_key is not a PEM file with an RSA public key")
        method: str = self.token_endpoint_auth_method
        if method == "private_key_jwt" and (self.public_key is None or self.client_secret):
            raise ValueError("private_key_jwt needs a public_key, and no client_secret")
        return self


class Role(_Model):
    """A role with its permissions."""

    name: str
    description: str = ""
    permissions: PermissionsField = Field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id, which follows from the name."""
        return derived_id("rol_", 16, "role", self.name)


class Person(_Model):
    """A user, with the password to log in."""

    email: str
    password: str = "Development-1!"  # noqa: S105 - public on purpose
    name: str = ""
    user_id: str = ""
    """With the provider, such as auth0|64f1a0000000000000000001."""
    connection: str = "Username-Password-Authentication"
    roles: tuple[str, ...] = ()
    """Names."""
    permissions: PermissionsField = Field(default_factory=dict)
    """Assigned directly, without a role."""
    email_verified: bool = True
    blocked: bool = False
    mfa: bool = False
    """Whether a second factor is enrolled: the login asks for it."""
    user_metadata: dict[str, Any] = Field(default_factory=dict)
    app_metadata: dict[str, Any] = Field(default_factory=dict)


class Organization(_Model):
    """An organization with its members: the names of the roles each has in it, by email."""

    name: str
    display_name: str = ""
    id: str = ""
    members: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    connections: tuple[str, ...] = ("Username-Password-Authentication",)

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        if not isinstance(value, dict) or not isinstance(value.get("name"), str):
            return value
        name = value["name"]
        return {"id": derived_id("org_", 16, "organization", name), "display_name": name.title()} | {
            key: entry for key, entry in value.items() if entry != ""
        }


class Connection(_Model):
    """A connection: where users come from."""

    name: str
    strategy: Strategy = "auth0"
    display_name: str = ""

    @property
    def id(self) -> str:
        """The id, which follows from the name."""
        return derived_id("con_", 16, "connection", self.name)


class Seed(_Model):
    """All that a new tenant has."""

    apis: tuple[Api, ...] = Field(min_length=1)
    """The first one is that of short permission lists, of the `token` command and of the banner."""
    applications: tuple[Application, ...] = ()
    roles: tuple[Role, ...] = ()
    people: tuple[Person, ...] = ()
    organizations: tuple[Organization, ...] = ()
    connections: tuple[Connection, ...] = ()
    rate_limit_plan: Literal["off", "free", "enterprise"] = "off"
    """Whose rate limits of the Management API apply."""
    session_claims: bool | str = True
    """Whether access tokens say more about the session, in the namespace of the API's identifier or another."""
    dynamic_client_registration: bool = False
    """Whether anyone may register applications at /oidc/register."""
    default_audience: str | None = None
    """The audience of requests without one, as the tenant setting "Default Audience"."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Require that names are unique and that what is referred to exists."""
        _require_unique("API", [api.identifier for api in self.apis])
        _require_unique("client_id", [application.client_id for application in self.applications])
        _require_unique("role", [role.name for role in self.roles])
        _require_unique("email", [person.email.lower() for person in self.people])
        _require_unique("organization", [organization.name for organization in self.organizations])
        _require_unique("connection", [connection.name for connection in self.connections])
        roles, emails = {role.name for role in self.roles}, {person.email for person in self.people}
        connections = {connection.name for connection in self.connections}
        for person in self.people:
            _require_known(f"person {person.email}", "role", person.roles, roles)
            _require_known(f"person {person.email}", "connection", (person.connection,), connections)
            self._require_permissions(f"person {person.email}", person.permissions)
        for application in self.applications:
            where, grants = f"application {application.name}", dict(application.grants)
            _require_known(where, "permission", grants.pop(MANAGEMENT, ()), set(MANAGEMENT_SCOPES))
            self._require_permissions(where, grants)
        for role in self.roles:
            self._require_permissions(f"role {role.name}", role.permissions)
        for organization in self.organizations:
            where = f"organization {organization.name}"
            _require_known(where, "person", organization.members, emails)
            _require_known(where, "connection", organization.connections, connections)
            for assigned in organization.members.values():
                _require_known(where, "role", assigned, roles)
        return self

    def api(self, identifier: str) -> Api:
        """Return the API of that identifier, for "" the first one; raise `KeyError`."""
        return {"": self.apis[0]}.get(identifier) or {api.identifier: api for api in self.apis}[identifier]

    def _require_permissions(self, where: str, permissions: Permissions) -> None:
        for identifier, names in permissions.items():
            _require_known(where, "API", (identifier,), {"", *(api.identifier for api in self.apis)})
            _require_known(where, "permission", names, set(self.api(identifier).permissions))


def derived_id(prefix: str, length: int, *parts: str) -> str:
    """Return an id that is the same at each start."""
    return prefix + sha256("\0".join(parts).encode()).hexdigest()[:length]


def _auth_method(app_type: str, given: dict[str, Any]) -> AuthMethod:
    """Return how an application authenticates that does not say so."""
    if "client_secret" in given:
        return "client_secret_post"
    if given.get("public_key") is not None:
        return "private_key_jwt"
    return "none" if app_type in {"spa", "native"} else "client_secret_post"


def _is_rsa_key(pem: str) -> bool:
    try:
        return isinstance(load_pem_public_key(pem.encode()), RSAPublicKey)
    except ValueError:
        return False


def _require_unique(what: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{what} given twice: {', '.join(twice)}")


def _require_known(where: str, what: str, names: Any, known: set[str]) -> None:  # noqa: ANN401 - an iterable of names
    unknown = sorted(set(names) - known)
    if unknown:
        raise ValueError(f"{where}: unknown {what}: {', '.join(unknown)}")
