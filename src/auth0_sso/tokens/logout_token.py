"""OpenID Connect Back-Channel Logout 1.0: the claims of a logout token, every MUST of its section 2.6.

Auth0's logout tokens have the `typ` `JWT`, and the client's id as audience.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from auth0_sso.clock import WallTime
from auth0_sso.errors import InvalidTokenError

LOGOUT_TOKEN_TYPES: Final = frozenset({"jwt", "logout+jwt", "application/logout+jwt"})
_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_MAX_TEXT: Final = 512


@dataclass(frozen=True, slots=True)
class LogoutPolicy:
    """What a logout token must contain: exactly the `issuer`, and one of the `clients`. Durations are in seconds.

    `max_age` counts from `iat`: section 2.4 recommends that `exp` is at most two minutes after it.
    """

    issuer: str
    clients: frozenset[str]
    leeway: float = 10
    max_age: float = 300


@dataclass(frozen=True, slots=True)
class LogoutToken:
    """Whose sessions have ended: one session, or all of the subject's where there is no `session_id`."""

    issuer: str
    subject: str | None
    session_id: str | None
    issued_at: float
    id: str
    """Its `jti`, for replays."""


def validate_logout(claims: Mapping[str, object], policy: LogoutPolicy, now: WallTime) -> LogoutToken:
    """Return what verified `claims` say at `now`, in seconds since 1970; raise `InvalidTokenError`."""
    if claims.get("iss") != policy.issuer:
        raise _invalid_logout("logout_iss_mismatch")
    if policy.clients.isdisjoint(_audiences(claims)):
        raise _invalid_logout("logout_aud_mismatch")
    _require_event(claims)
    if "nonce" in claims:  # an ID token, which has one, must not end a session
        raise _invalid_logout("logout_nonce")
    subject, session_id = _text(claims, "sub"), _text(claims, "sid")
    if subject is None and session_id is None:
        raise _invalid_logout("logout_sub_missing")
    identifier = _text(claims, "jti")
    if identifier is None:
        raise _invalid_logout("logout_jti_missing")
    return LogoutToken(policy.issuer, subject, session_id, _issued_at(claims, policy, now), identifier)


def _audiences(claims: Mapping[str, object]) -> frozenset[str]:
    found = claims.get("aud")
    values = found if isinstance(found, list | tuple) else (found,)
    return frozenset(value for value in values if isinstance(value, str))


def _require_event(claims: Mapping[str, object]) -> None:
    events = claims.get("events")
    if not isinstance(events, Mapping) or not isinstance(events.get(_EVENT), Mapping):
        raise _invalid_logout("logout_events_mismatch")


def _issued_at(claims: Mapping[str, object], policy: LogoutPolicy, now: WallTime) -> float:
    issued_at, expires_at = _time(claims, "iat"), _time(claims, "exp")
    if expires_at + policy.leeway <= now:
        raise _invalid_logout("logout_expired")
    if issued_at + policy.max_age + policy.leeway <= now:
        raise _invalid_logout("logout_too_old")
    if issued_at - policy.leeway > now:
        raise _invalid_logout("logout_iat_in_future")
    return issued_at


def _time(claims: Mapping[str, object], name: str) -> float:
    value = claims.get(name)
    if type(value) is not int and type(value) is not float:
        raise _invalid_logout(f"logout_{name}_missing" if value is None else f"logout_{name}_invalid")
    return value


def _text(claims: Mapping[str, object], name: str) -> str | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT or not value.isprintable():
        raise _invalid_logout(f"logout_{name}_invalid")
    return value


def _invalid_logout(reason: str) -> InvalidTokenError:
    return InvalidTokenError(reason, "The logout token is refused.")
