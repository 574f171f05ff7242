"""Validation of claims by RFC 7519, RFC 9068 and Auth0's own token profile: verified claims to an `AccessToken`.

Both profiles give the same `AccessToken`. Auth0's own has the claims azp and gty, that of RFC 9068 client_id and jti
(Auth0: "Access token profiles"). The type of every claim that is read is checked; other claims are not.
"""

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal, TypeVar, cast

from auth0_sso.clock import WallTime
from auth0_sso.errors import InvalidTokenError
from auth0_sso.log_text import expected_and_found
from auth0_sso.tokens.read_only import frozen_object
from auth0_sso.tokens.subject import is_machine

_MAX_TEXT_LENGTH = 512
_LAST_TIME = 253_402_300_799  # 9999-12-31T23:59:59Z: a later NumericDate is an error and out of range for datetime

# OIDC Core sections 2 and 3.1.3.6: only ID tokens have these, and an Auth0 Action cannot set them.
_ID_TOKEN_CLAIMS = frozenset({"nonce", "at_hash", "c_hash"})

_STRING = frozenset({str})
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 in base64url

T = TypeVar("T")

ConfirmationMethod = Literal["jkt", "x5t#S256"]
"""`jkt` is a key, proven by DPoP (RFC 9449 section 6.1), `x5t#S256` a client certificate (RFC 8705 section 3.1)."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a token is bound to (`cnf`, RFC 7800): the SHA-256 thumbprint of a key or certificate, in base64url."""

    method: ConfirmationMethod
    thumbprint: str


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """What a token must contain: exactly the `issuer`, and one of the `audiences`. Durations are in seconds.

    `leeway` is for clocks that differ. `max_age` counts from `iat`, and `clients` are the client ids that may use a
    token; neither is checked when None. Tokens that are bound by other methods than `confirmations` are refused: only
    list those whose proof is checked, for each request (RFC 9449 section 7.2).
    """

    issuer: str
    audiences: frozenset[str]
    leeway: float = 0
    max_age: float | None = None
    clients: frozenset[str] | None = None
    confirmations: frozenset[ConfirmationMethod] = frozenset()


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A verified access token. Only `validate` makes one. Times are in seconds since 1970 (RFC 7519 section 2)."""

    subject: str
    issuer: str
    audiences: tuple[str, ...]
    issued_at: float
    expires_at: float
    not_before: float | None
    client_id: str | None
    scopes: frozenset[str]
    permissions: frozenset[str]
    organization: str | None
    is_machine: bool
    """It has no user: it was issued to the client itself, or shows no user at all (`tokens/subject.py`)."""
    claims: Mapping[str, object] = field(repr=False)
    """All signed claims, read-only at every level: JSON arrays are tuples, objects are read-only dicts, of which
    `copy.deepcopy` makes ordinary ones. All requests with this token share the same object.
    """
    confirmation: Confirmation | None = None
    """What the token is bound to; None for a bearer token. Guards check it before a route sees the token."""


def validate(claims: Mapping[str, object], policy: TokenPolicy, now: WallTime) -> AccessToken:
    """Return the access token with these verified `claims`, at `now` in seconds since 1970.

    Raises `InvalidTokenError` with reasons `<claim>_missing`, `<claim>_invalid`, `<claim>_mismatch`,
    `id_token`, `sender_constrained`, `client_not_allowed`, and those of `require_alive` (RFC 7519 section 4.1,
    RFC 9068 section 4).
    """
    claims = frozen_object(claims)
    find_issuer(claims, {policy.issuer: policy})
    has_rare = not _RARE_CLAIMS.isdisjoint(claims)
    if has_rare:
        _require_access_token(claims)
    confirmation = _confirmation(claims, policy.confirmations) if "cnf" in claims else None
    audiences = _audiences(claims)
    if policy.audiences.isdisjoint(audiences):
        raise _mismatch("aud", sorted(policy.audiences), audiences)
    subject = _required_text(claims, "sub")
    if has_rare:
        _require_types_of_the_rest(claims)
    client_id = _client_id(claims, policy.clients)
    token = AccessToken(
        subject=subject,
        issuer=policy.issuer,
        audiences=audiences,
        issued_at=_required_time(claims, "iat"),
        expires_at=_required_time(claims, "exp"),
        not_before=_time(claims, "nbf"),
        client_id=client_id,
        scopes=_scopes(claims),
        permissions=frozenset(_strings(claims, "permissions")),
        organization=_text(claims, "org_id"),
        is_machine=is_machine(claims, subject, client_id),
        claims=claims,
        confirmation=confirmation,
    )
    require_alive(token, policy, now)
    return token


def require_alive(token: AccessToken, policy: TokenPolicy, now: WallTime) -> None:
    """Raise `InvalidTokenError` for a token that is not valid at `now`, in seconds since 1970.

    RFC 7519 sections 4.1.4 to 4.1.6: it has expired at its `exp`, it is valid at its `nbf`, and `iat` is not in the
    future, each within the leeway. The reasons are `expired`, `not_yet_valid`, `iat_in_future` and `too_old`.
    """
    if token.expires_at + policy.leeway <= now:
        raise InvalidTokenError("expired", "The access token has expired.")
    if token.not_before is not None and token.not_before - policy.leeway > now:
        raise InvalidTokenError("not_yet_valid", "The access token is not valid yet.")
    if token.issued_at - policy.leeway > now:
        raise InvalidTokenError("iat_in_future", "The access token was issued in the future: check the clocks.")
    if policy.max_age is not None and token.issued_at + policy.max_age + policy.leeway <= now:
        raise InvalidTokenError("too_old", "The access token was issued too long ago.")


def end_of(token: AccessToken, policy: TokenPolicy) -> float:
    """Return the time from which `require_alive` refuses the token, in seconds since 1970."""
    if policy.max_age is None:
        return token.expires_at + policy.leeway
    return min(token.expires_at, token.issued_at + policy.max_age) + policy.leeway


def named_client(claims: Mapping[str, object]) -> str | None:
    """Return the client id in verified claims that are refused; None where there is none, or a malformed one."""
    with suppress(InvalidTokenError):
        return _client_id(claims, None)
    return None


def find_issuer(claims: Mapping[str, object], issuers: Mapping[str, T]) -> T:
    """Return what is known of the token's issuer by its identifier; the comparison is exact (RFC 9068 section 4).

    Raises `InvalidTokenError` for a token of another issuer. A refusal needs no signature: asked before any key, it
    keeps another tenant's tokens from costing a fetch.
    """
    named = claims.get("iss")
    found = issuers.get(named) if isinstance(named, str) else None
    if found is None:
        raise _mismatch("iss", tuple(issuers), [_required_text(claims, "iss")])
    return found


def _refused(claim: str, kind: str) -> InvalidTokenError:
    words = {"missing": "is missing", "invalid": "is malformed", "mismatch": "is not the one expected here"}
    return InvalidTokenError(f"{claim}_{kind}", f"The access token's {claim} claim {words[kind]}.")


def _mismatch(claim: str, expected: Collection[str], found: Collection[str]) -> InvalidTokenError:
    """Return the refusal of a claim that names another issuer or API: which one, only the log says."""
    error = _refused(claim, "mismatch")
    error.log_detail = expected_and_found(expected, found)
    return error


def _require_access_token(claims: Mapping[str, object]) -> None:
    if not _ID_TOKEN_CLAIMS.isdisjoint(claims):
        raise InvalidTokenError(
            "id_token", "This is an ID token. Send the access token that was issued for this API."
        )


def sender_constrained() -> InvalidTokenError:
    """Return the error for a bound token that came without proof of possession (RFC 7800): it may be stolen."""
    return InvalidTokenError("sender_constrained", "This token is bound to a key, and is not a bearer token.")


def _confirmation(claims: Mapping[str, object], allowed: frozenset[ConfirmationMethod]) -> Confirmation:
    """Return the one member of `cnf`; with more, some might not be checked."""
    if not allowed:
        raise sender_constrained()
    cnf = claims["cnf"]
    if not isinstance(cnf, Mapping) or len(cnf) != 1:
        raise _refused("cnf", "invalid")
    ((method, thumbprint),) = cnf.items()
    if method not in allowed:
        raise sender_constrained()
    if not isinstance(thumbprint, str) or not _THUMBPRINT.fullmatch(thumbprint):
        raise _refused("cnf", "invalid")
    return Confirmation(cast("ConfirmationMethod", method), thumbprint)


def _audiences(claims: Mapping[str, object]) -> tuple[str, ...]:
    """RFC 7519 section 4.1.3: one string, or an array of strings."""
    if isinstance(claims.get("aud"), str):
        return (_required_text(claims, "aud"),)
    if "aud" not in claims:
        raise _refused("aud", "missing")
    audiences = _strings(claims, "aud")
    if not audiences:
        raise _refused("aud", "invalid")
    return audiences


def _client_id(claims: Mapping[str, object], allowed: frozenset[str] | None) -> str | None:
    """Return `client_id` (RFC 9068 section 2.2) or Auth0's `azp`, which must be equal if both are present."""
    client_id, authorized_party = _text(claims, "client_id"), _text(claims, "azp")
    if client_id is not None and authorized_party is not None and client_id != authorized_party:
        raise _refused("client_id", "mismatch")
    client_id = authorized_party if client_id is None else client_id
    if allowed is not None and client_id not in allowed:
        raise InvalidTokenError("client_not_allowed", "The access token was issued to a client not known here.")
    return client_id


def _scopes(claims: Mapping[str, object]) -> frozenset[str]:
    """Return the space-separated scopes (RFC 9068 section 2.2.3)."""
    scope = claims.get("scope", "")
    if not isinstance(scope, str):
        raise _refused("scope", "invalid")
    return _scope_set(scope)


@lru_cache(maxsize=256)  # the tokens of an issuer have few different ones; only signed claims are cached
def _scope_set(scope: str) -> frozenset[str]:
    return frozenset(scope.split(" ")) - {""}


def _require_types_of_the_rest(claims: Mapping[str, object]) -> None:
    for name, require in _OTHER_CLAIMS:
        if name in claims:
            require(claims, name)


def _text(claims: Mapping[str, object], name: str) -> str | None:
    """Return a claim that is a non-empty, bounded string without control characters; None when absent.

    Such claims go into URLs, log lines and cache keys.
    """
    if name not in claims:
        return None
    value = claims[name]
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT_LENGTH:
        raise _refused(name, "invalid")
    if value.isspace() or not value.isprintable():
        raise _refused(name, "invalid")
    return value


def _required_text(claims: Mapping[str, object], name: str) -> str:
    value = _text(claims, name)
    if value is None:
        raise _refused(name, "missing")
    return value


def _time(claims: Mapping[str, object], name: str) -> float | None:
    """Return a NumericDate (RFC 7519 section 2): a JSON number, not a boolean; None if the claim is missing."""
    if name not in claims:
        return None
    value = claims[name]
    if (type(value) is not int and type(value) is not float) or not 0 <= value <= _LAST_TIME:
        raise _refused(name, "invalid")
    return value


def _required_time(claims: Mapping[str, object], name: str) -> float:
    value = _time(claims, name)
    if value is None:
        raise _refused(name, "missing")
    return value


def _strings(claims: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = claims.get(name, ())
    if not isinstance(value, tuple) or not _STRING.issuperset(map(type, value)):
        raise _refused(name, "invalid")
    return value


_OTHER_CLAIMS: tuple[tuple[str, Callable[[Mapping[str, object], str], object]], ...] = (
    ("gty", _text),
    ("jti", _text),
    ("acr", _text),
    ("org_name", _text),
    ("auth_time", _time),
    ("amr", _strings),
)
"""Claims nothing here asks for, and what their value must be: a route may read them."""

_RARE_CLAIMS: Final = _ID_TOKEN_CLAIMS.union(name for name, _ in _OTHER_CLAIMS)
"""Most tokens have none of these: one look instead of one for each."""
