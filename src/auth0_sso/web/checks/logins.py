"""Whether the login behind a token is strong and recent enough (RFC 9470: step-up authentication).

Auth0 puts none of `acr`, `amr` and `auth_time` into access tokens, and drops claims of these names that an Action
sets: the settings name the claims. A claim that is missing or malformed is a challenge, as a weak login is.
"""

import re
from dataclasses import dataclass
from typing import Final

from auth0_sso.errors import InsufficientUserAuthenticationError
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.checks.requirements import Requirement
from auth0_sso.web.services.services import Services

MULTI_FACTOR: Final = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"
"""The `acr` that asks Auth0 for multi-factor authentication (Auth0: "Configure step-up authentication")."""

MFA: Final = "mfa"
"""The `amr` of multi-factor authentication (RFC 8176 section 2)."""

_ACR_VALUE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
"""A value that a space-separated list in a quoted string can hold."""


@dataclass(frozen=True, slots=True)
class RequiredLogin:
    """What a login must be. Raises `ValueError` for what no challenge can ask for."""

    acr_values: tuple[str, ...] = ()
    """One of these authentication context classes, in order of preference; any where empty."""
    mfa: bool = False
    max_age: int | None = None
    """In seconds."""

    def __post_init__(self) -> None:
        if not all(map(_ACR_VALUE.fullmatch, self.acr_values)):
            raise ValueError("an acr value is text without spaces, quotes and backslashes")
        if self.max_age is not None and (type(self.max_age) is not int or self.max_age < 0):
            raise ValueError("max_age is a whole number of seconds")

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """What this asks for, for lists of routes."""
        found = [Requirement("multi-factor authentication")] if self.mfa else []
        if self.acr_values:
            found.append(Requirement("authentication context", self.acr_values, one_suffices=True))
        if self.max_age is not None:
            found.append(Requirement("recent login", note=f"at most {self.max_age} s ago"))
        return tuple(found)

    def require(self, services: Services, token: AccessToken) -> None:
        """Raise `InsufficientUserAuthenticationError` where the token does not say that its login was like this."""
        settings = services.settings
        acr = _texts(token, settings.auth0_acr_claim)
        if self.mfa and MULTI_FACTOR not in acr:
            methods = _texts(token, settings.auth0_amr_claim)
            if not methods:
                raise self._weak_login("amr_missing", settings.auth0_amr_claim)
            if MFA not in methods:
                raise self._weak_login("mfa_not_used")
        if self.acr_values and not acr:
            raise self._weak_login("acr_missing", settings.auth0_acr_claim)
        if self.acr_values and set(self.acr_values).isdisjoint(acr):
            raise self._weak_login("acr_not_wanted")
        if self.max_age is not None:
            self._require_recent(self.max_age, services, token)

    def _require_recent(self, max_age: int, services: Services, token: AccessToken) -> None:
        settings, now = services.settings, services.clock.wall()
        at = token.claims.get(settings.auth0_auth_time_claim)
        # A time of the future may be one in milliseconds.
        if (type(at) is not int and type(at) is not float) or at - settings.auth0_leeway_seconds > now:
            raise self._weak_login("auth_time_missing", settings.auth0_auth_time_claim)
        if at + max_age + settings.auth0_leeway_seconds <= now:
            raise self._weak_login("login_too_old")

    def _weak_login(self, reason: str, claim: str | None = None) -> InsufficientUserAuthenticationError:
        """Return the error whose challenge asks for all of this; the log names the claim that is missing."""
        return InsufficientUserAuthenticationError(
            reason,
            "This needs a stronger or more recent login.",
            acr_values=self.acr_values or ((MULTI_FACTOR,) if self.mfa else ()),
            max_age=self.max_age,
            log_detail=None if claim is None else f"no claim {claim!a}",
        )


def _texts(token: AccessToken, claim: str) -> tuple[str, ...]:
    """Return a claim that is a string or a list of strings; none for any other value."""
    value = token.claims.get(claim)
    if isinstance(value, str):
        return (value,)
    if isinstance(value, tuple) and all(isinstance(each, str) for each in value):
        return value
    return ()
