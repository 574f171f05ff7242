"""The password policy "good", Auth0's default: eight characters of three kinds (Auth0: "Password strength")."""

import string
from collections.abc import Callable
from typing import Final

from auth0_devtenant.state import Json

_MIN_LENGTH: Final = 8
_MIN_KINDS: Final = 3
_KINDS: Final = {
    "lowerCase": ("lower case letters (a-z)", string.ascii_lowercase),
    "upperCase": ("upper case letters (A-Z)", string.ascii_uppercase),
    "numbers": ("numbers (i.e. 0-9)", string.digits),
    "specialCharacters": ("special characters (e.g. !@#$%^&*)", string.punctuation),
}


def is_strong(password: str) -> bool:
    """Return whether the password has the length and the kinds of characters."""
    return len(password) >= _MIN_LENGTH and sum(map(_has(password), _KINDS)) >= _MIN_KINDS


def strength_error(password: str) -> Json:
    """Return the body of Auth0's error, with the rules of the policy and which of them are met."""
    has = _has(password)
    items = [{"message": message, "code": code, "verified": has(code)} for code, (message, _) in _KINDS.items()]
    enough = sum(map(has, _KINDS)) >= _MIN_KINDS
    length = {
        "message": "At least %d characters in length",
        "format": [_MIN_LENGTH],
        "code": "lengthAtLeast",
        "verified": len(password) >= _MIN_LENGTH,
    }
    kinds = {
        "message": "Contain at least %d of the following %d types of characters:",
        "code": "containsAtLeast",
        "format": [_MIN_KINDS, len(_KINDS)],
        "items": items,
        "verified": enough,
    }
    return {
        "name": "PasswordStrengthError",
        "message": "Password is too weak",
        "code": "invalid_password",
        "description": {"rules": [length, kinds], "verified": False},
        "policy": _policy(),
        "statusCode": 400,
    }


def _has(password: str) -> Callable[[str], bool]:
    """Return whether the password has characters of a kind."""
    return lambda kind: not set(_KINDS[kind][1]).isdisjoint(password)


def _policy() -> str:
    kinds = "\n".join(f" * {message}" for message, _ in _KINDS.values())
    length = f"* At least {_MIN_LENGTH} characters in length"
    return f"{length}\n* Contain at least {_MIN_KINDS} of the following {len(_KINDS)} types of characters:\n{kinds}"
