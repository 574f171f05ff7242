"""The password policy of a database connection (Auth0: "Password strength")."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from auth0_devtenant.errors import ApiError
from auth0_devtenant.state import Connection, Json

_DEFAULT_POLICY: Final = "good"
_KINDS: Final = {
    "lowerCase": ("lower case letters (a-z)", r"[a-z]"),
    "upperCase": ("upper case letters (A-Z)", r"[A-Z]"),
    "numbers": ("numbers (i.e. 0-9)", r"[0-9]"),
    "specialCharacters": ("special characters (e.g. !@#$%^&*)", r"[^a-zA-Z0-9]"),
}


@dataclass(frozen=True, slots=True)
class _Policy:
    """The least number of characters, and of kinds of them."""

    length: int
    kinds: int = 0
    required: tuple[str, ...] = ()
    no_repetition: bool = False
    """No character three times in a row."""


_POLICIES: Final[Mapping[str, _Policy]] = {
    "none": _Policy(1),
    "low": _Policy(6),
    "fair": _Policy(8, required=("lowerCase", "upperCase", "numbers")),
    "good": _Policy(8, 3),
    "excellent": _Policy(10, 3, no_repetition=True),
}


def is_strong(connection: Connection, password: str) -> bool:
    """Return whether the connection's policy allows a password."""
    policy, found = _policy_of(connection), _kinds_of(password)
    enough = len(password) >= policy.length and len(found) >= policy.kinds and found.issuperset(policy.required)
    return enough and not (policy.no_repetition and re.search(r"(.)\1\1", password))


def require_strong_password(connection: Connection, password: str) -> None:
    """Raise the Management API's 400 for a password that the connection's policy does not allow."""
    if not is_strong(connection, password):
        raise ApiError(400, "PasswordStrengthError: Password is too weak", "invalid_password")


def strength_error(connection: Connection, password: str) -> Json:
    """Return the Authentication API's error, with the rules of the policy and which of them are met."""
    policy, found = _policy_of(connection), _kinds_of(password)
    length: Json = {
        "message": "At least %d characters in length",
        "format": [policy.length],
        "code": "lengthAtLeast",
        "verified": len(password) >= policy.length,
    }
    kinds: Json = {
        "message": "Contain at least %d of the following %d types of characters:",
        "code": "containsAtLeast",
        "format": [policy.kinds, len(_KINDS)],
        "items": [
            {"message": message, "code": code, "verified": code in found} for code, (message, _) in _KINDS.items()
        ],
        "verified": len(found) >= policy.kinds,
    }
    return {
        "name": "PasswordStrengthError",
        "message": "Password is too weak",
        "code": "invalid_password",
        "description": {"rules": [length, kinds] if policy.kinds else [length], "verified": False},
        "policy": _in_words(policy),
        "statusCode": 400,
    }


def _policy_of(connection: Connection) -> _Policy:
    return _POLICIES[connection.options.get("passwordPolicy") or _DEFAULT_POLICY]


def _kinds_of(password: str) -> set[str]:
    return {code for code, (_, pattern) in _KINDS.items() if re.search(pattern, password)}


def _in_words(policy: _Policy) -> str:
    length = f"* At least {policy.length} characters in length"
    if not policy.kinds:
        return length
    kinds = "\n".join(f" * {message}" for message, _ in _KINDS.values())
    return f"{length}\n* Contain at least {policy.kinds} of the following {len(_KINDS)} types of characters:\n{kinds}"
