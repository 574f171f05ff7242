"""What a development tenant is told when it starts."""

from dataclasses import dataclass
from typing import Literal

_ORIGINS = ("http://127.0.0.1:3000", "http://localhost:3000")

Dialect = Literal["access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"]
"""Auth0's access token profiles; `_authz` adds the `permissions` claim (Management API: token_dialect)."""


@dataclass(frozen=True, slots=True)
class TenantOptions:
    """The tenant's own address, the API it issues tokens for, and what its single page application may use."""

    issuer: str = "http://127.0.0.1:3001/"
    audience: str = "https://api.example.com"
    callback_urls: tuple[str, ...] = tuple(
        f"{origin}{path}" for origin in _ORIGINS for path in ("/docs/oauth2-redirect", "/callback")
    )
    web_origins: tuple[str, ...] = _ORIGINS
    logout_urls: tuple[str, ...] = tuple(f"{origin}/" for origin in _ORIGINS)
    access_token_lifetime: int = 86_400
    """Seconds."""
    management_public_key: str | None = None
    """PEM: with it the Management client proves itself by private_key_jwt as well as by its secret."""
    token_dialect: Dialect = "access_token_authz"  # noqa: S105 - the name of a token profile, not a secret

    @property
    def management_audience(self) -> str:
        """The identifier of the tenant's own Management API."""
        return f"{self.issuer}api/v2/"

    @property
    def userinfo_audience(self) -> str:
        """The audience that `openid` adds to an access token."""
        return f"{self.issuer}userinfo"
