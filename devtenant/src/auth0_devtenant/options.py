"""The options of a tenant."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Self

TOKEN_REDIRECT_URI: Final = "http://127.0.0.1:3000/callback"  # noqa: S105 - an address, not a secret
"""The redirect URI of the `token` command, which never requests it; every tenant that a command starts allows it."""

_ORIGINS = ("http://127.0.0.1:3000", "http://localhost:3000")
_CALLBACK_PATHS = ("/callback", "/docs/oauth2-redirect", "/", "")
_LOGOUT_PATHS = ("/", "")

Dialect = Literal["access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"]
"""Auth0's access token profiles; `_authz` adds the `permissions` claim (Management API: token_dialect)."""


def _urls(origins: Sequence[str], paths: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{origin}{path}" for origin in origins for path in paths)


@dataclass(frozen=True, slots=True)
class TenantOptions:
    """The tenant's address, the API it issues tokens for, and the URLs that its single page application may use."""

    issuer: str = "http://127.0.0.1:3001/"
    """With a slash at the end, as Auth0 has it."""
    audience: str = "https://api.example.com"
    """The identifier of the API."""
    callback_urls: tuple[str, ...] = _urls(_ORIGINS, _CALLBACK_PATHS)
    """Allowed Callback URLs: where a login may redirect to, compared exactly."""
    web_origins: tuple[str, ...] = _ORIGINS
    """Allowed Web Origins: whose pages may request tokens (CORS)."""
    logout_urls: tuple[str, ...] = _urls(_ORIGINS, _LOGOUT_PATHS)
    """Allowed Logout URLs; the first one is the default."""
    access_token_lifetime: int = 86_400
    """Seconds."""
    management_public_key: str | None = None
    """PEM: with it the Management client can also authenticate by private_key_jwt (RFC 7523)."""
    token_dialect: Dialect = "access_token_authz"  # noqa: S105 - the name of a token profile, not a secret

    @classmethod
    def for_origins(cls, origins: Sequence[str], *, issuer: str) -> Self:
        """Return options with which pages of these origins can log in and log out: at `/` and `/callback`.

        The `token` command works too.
        """
        callback_urls = (*_urls(origins, _CALLBACK_PATHS), TOKEN_REDIRECT_URI)
        return cls(
            issuer=issuer,
            callback_urls=tuple(dict.fromkeys(callback_urls)),
            web_origins=tuple(origins),
            logout_urls=_urls(origins, _LOGOUT_PATHS),
        )

    @property
    def management_audience(self) -> str:
        """The identifier of the tenant's Management API."""
        return f"{self.issuer}api/v2/"

    @property
    def userinfo_audience(self) -> str:
        """The audience that the scope `openid` adds to an access token."""
        return f"{self.issuer}userinfo"
