"""Applications and the APIs that they call: clients, client grants and resource servers."""

from dataclasses import dataclass, field
from typing import Final

from auth0_devtenant.seed import ApplicationType, Dialect
from auth0_devtenant.state.records.json import Json

DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"
ACTIVATION_CALLBACK: Final = "/activate/callback"
"""The redirect URI, without the tenant's address, of a login that allows a device to log in."""


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
    proof_of_possession: Json | None = None
    """How access tokens are bound to the client's key: mechanism, required, required_for (sender constraining)."""
    settings: Json = field(default_factory=dict)
    """Other members that the Management API stores and shows, without effect."""

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
            "proof_of_possession": self.proof_of_possession,
        } | self.settings


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
    is_first_party: bool = True
    """Whether a login needs no consent of the user."""
    public_key: str | None = None
    """PEM, for private_key_jwt."""
    resource_server_identifier: str | None = None
    """The API that a Custom API Client belongs to."""
    require_proof_of_possession: bool = False
    """Whether it gets access tokens only that are bound to its key."""
    client_metadata: Json = field(default_factory=dict)
    settings: Json = field(default_factory=dict)
    """Other members that the Management API stores and shows; of them, `oidc_logout` has an effect."""

    @property
    def is_public(self) -> bool:
        """Whether it cannot keep a secret, and so does not authenticate (RFC 6749 section 2.1)."""
        return self.token_endpoint_auth_method == "none"  # noqa: S105 - the name of a method, not a secret

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        """Where a login may redirect to: the callback URLs, and the page that allows a device to log in."""
        device = DEVICE_CODE in self.grant_types
        return (*self.callback_urls, ACTIVATION_CALLBACK) if device else self.callback_urls

    @property
    def oidc_logout(self) -> Json:
        """Where and on what a logout token is sent: the member of that name of the Management API."""
        return self.settings.get("oidc_logout") or {}

    @property
    def backchannel_logout_urls(self) -> tuple[str, ...]:
        """Where logout tokens are sent (OpenID Connect Back-Channel Logout 1.0)."""
        return tuple(self.oidc_logout.get("backchannel_logout_urls") or ())

    @property
    def document(self) -> Json:
        """The client as the Management API shows it, with the secret."""
        document: Json = {
            "client_id": self.client_id,
            "name": self.name,
            "app_type": self.app_type,
            "is_first_party": self.is_first_party,
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
            "require_proof_of_possession": self.require_proof_of_possession,
        }
        if self.resource_server_identifier is not None:
            document["resource_server_identifier"] = self.resource_server_identifier
        return document | self.settings | ({"client_secret": self.client_secret} if self.client_secret else {})


@dataclass(slots=True)
class ClientGrant:
    """The scopes of an API that a client can get with client credentials."""

    id: str
    client_id: str
    audience: str
    scope: tuple[str, ...]
    organization_usage: str = "deny"
    """Whether `organization` can, cannot or must be in the request: allow, deny, require."""
    allow_any_organization: bool = False
    organization_ids: list[str] = field(default_factory=list)
    """The organizations that can be named, without `allow_any_organization`."""

    @property
    def document(self) -> Json:
        """The client grant as the Management API shows it."""
        return {
            "id": self.id,
            "client_id": self.client_id,
            "audience": self.audience,
            "scope": list(self.scope),
            "organization_usage": self.organization_usage,
            "allow_any_organization": self.allow_any_organization,
        }
