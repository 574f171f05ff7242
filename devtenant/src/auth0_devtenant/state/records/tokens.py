"""What the token endpoint remembers: refresh tokens, opaque tokens, and codes that wait for their user."""

from dataclasses import dataclass, field

from auth0_devtenant.state.records.json import Json
from auth0_devtenant.state.records.logins import Grant


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


@dataclass(frozen=True, slots=True)
class OpaqueToken:
    """An access token without an API, which only /userinfo accepts (Auth0: "Access tokens", opaque)."""

    user_id: str
    client_id: str
    scope: tuple[str, ...]
    expires_at: float
    jkt: str | None = None
    """The thumbprint of the key that it is bound to."""


@dataclass(slots=True)
class DeviceCode:
    """A device that waits until a user allows it to log in (RFC 8628)."""

    client_id: str
    user_code: str
    scope: str
    audience: str | None
    issuer: str
    expires_at: float
    polled_at: float | None = None
    """When the device asked the last time; seconds since 1970."""
    denied: bool = False
    code_challenge: str | None = None
    """Of the login that a user began after confirming the code."""
    grant: Grant | None = None
    """What the user granted, once that is done."""


@dataclass(slots=True)
class PasswordlessCode:
    """The code of a passwordless login, which was sent to an email address."""

    code: str = field(repr=False)
    client_id: str
    expires_at: float
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class MfaTransaction:
    """A login by password that waits for the second factor."""

    client_id: str
    grant: Grant
    expires_at: float
    code: str = field(repr=False)
