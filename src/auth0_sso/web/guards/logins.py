"""Step-up authentication (RFC 9470): guards for users whose login was strong or recent enough."""

from dataclasses import dataclass

from fastapi.requests import HTTPConnection

from auth0_sso.errors import InsufficientUserAuthenticationError
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.checks.logins import RequiredLogin
from auth0_sso.web.guards.authentication import services_of
from auth0_sso.web.guards.guard import TokenGuard


def require_mfa(*, max_age: int | None = None) -> TokenGuard:
    """Return a guard that passes users who logged in with multi-factor authentication, at most `max_age` seconds ago.

    The claim that AUTH0_AMR_CLAIM names must contain `mfa`, or that of AUTH0_ACR_CLAIM be Auth0's value for it. Other
    tokens are answered 401 with a challenge that says what to ask of a new login: docs/step-up.md.
    """
    return _guard_of(_Login(mfa=True, max_age=max_age))


def require_acr(*values: str, max_age: int | None = None) -> TokenGuard:
    """Return a guard that passes logins of one of these authentication context classes; the rest as in `require_mfa`.

    The challenge names the values in this order, the preferred one first. Raises `ValueError` for none.
    """
    if not values:
        raise ValueError("a guard needs one or more acr values")
    return _guard_of(_Login(tuple(dict.fromkeys(values)), max_age=max_age))


def require_recent_login(*, max_age: int) -> TokenGuard:
    """Return a guard that passes users who logged in at most `max_age` seconds ago; the rest as in `require_mfa`.

    The time of the login is the claim that AUTH0_AUTH_TIME_CLAIM names, in seconds since 1970. That of the token does
    not count: a refreshed token is new, its login is not.
    """
    return _guard_of(_Login(max_age=max_age))


@dataclass(frozen=True, slots=True)
class _Login(RequiredLogin):
    """The same, as the check of a guard."""

    async def __call__(self, connection: HTTPConnection, token: AccessToken) -> None:
        self.require(services_of(connection), token)


def _guard_of(wanted: _Login) -> TokenGuard:
    return TokenGuard(wanted, refusals=(InsufficientUserAuthenticationError,), requirements=wanted.requirements)
