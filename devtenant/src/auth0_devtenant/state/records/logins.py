"""Logins: those in progress, and the sessions, consents and grants that they end with."""

from dataclasses import dataclass, field

from auth0_devtenant.state.records.json import Json


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
    issuer: str = ""
    """By whose name the user logged in."""

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
    """A login in progress: the authorization request that it will answer, and what was entered so far."""

    parameters: dict[str, str]
    issuer: str
    expires_at: float
    browser: str = field(default="", repr=False)
    """The secret in the cookie of the browser that passed the first factor; only it can continue."""
    user_id: str | None = None
    """The user who authenticated in this login; None while it relies on the session of the browser."""
    amr: tuple[str, ...] = ()
    second_factor: bool = False
    """Whether a second factor was chosen at the first one."""
    code: str = field(default="", repr=False)
    """The one-time code of the second factor."""
    account: str = ""
    """What was chosen for prompt=select_account: "session" or "other"."""
    organization_id: str | None = None
    consented: bool = False


@dataclass(slots=True)
class PushedRequest:
    """An authorization request that a client pushed (RFC 9126)."""

    client_id: str
    parameters: dict[str, str]
    expires_at: float


@dataclass(slots=True)
class Consent:
    """The scopes of an API that a user allowed an application to use."""

    id: str
    client_id: str
    user_id: str
    audience: str
    scope: tuple[str, ...]

    @property
    def document(self) -> Json:
        """The consent as the Management API shows it, as a grant."""
        return {
            "id": self.id,
            "clientID": self.client_id,
            "user_id": self.user_id,
            "audience": self.audience,
            "scope": list(self.scope),
        }


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
    jkt: str | None = None
    """The thumbprint of the client's key that the tokens are bound to (RFC 9449 section 6.1)."""
