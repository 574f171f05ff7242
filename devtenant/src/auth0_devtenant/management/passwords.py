"""The password policy of a database connection (Auth0: "Password strength")."""

import re
from collections.abc import Mapping
from typing import Final

from auth0_devtenant.errors import ApiError
from auth0_devtenant.state import Connection

_KINDS = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9]")
_DEFAULT_POLICY = "good"
_POLICIES: Final[Mapping[str, tuple[int, int]]] = {
    "none": (1, 0),
    "low": (6, 0),
    "fair": (8, 0),
    "good": (8, 3),
    "excellent": (10, 3),
}
"""The least number of characters, and of kinds of them: lower case, upper case, digits, others."""


def require_strong_password(connection: Connection, password: str) -> None:
    """Raise Auth0's 400 for a password that the connection's policy does not allow."""
    policy = connection.options.get("passwordPolicy") or _DEFAULT_POLICY
    length, kinds = _POLICIES[policy]
    found = [re.search(kind, password) is not None for kind in _KINDS]
    weak = len(password) < length or sum(found) < kinds or (policy == "fair" and not all(found[:3]))
    if weak or (policy == "excellent" and re.search(r"(.)\1\1", password)):
        raise ApiError(400, "PasswordStrengthError: Password is too weak", "invalid_password")
