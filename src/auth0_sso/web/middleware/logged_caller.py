"""How access log lines name the caller: the token's subject and client id (decision 0037)."""

from functools import lru_cache
from hashlib import sha256
from typing import Final, Literal

from auth0_sso.tokens.claims import AccessToken

CallerInLog = Literal["full", "hashed", "off"]
"""`hashed` replaces the subject; the client id names an application, not a person, and stays."""

_DIGITS: Final = 16
_MAX_LENGTH: Final = 200


def logged_caller(token: AccessToken | None, how: CallerInLog) -> tuple[str | None, str | None] | None:
    """Return subject and client id as the log shows them, each None where there is none; None for `off`."""
    if how == "off":
        return None
    if token is None:
        return None, None
    subject = hashed(token.subject) if how == "hashed" else token.subject[:_MAX_LENGTH]
    return subject, None if token.client_id is None else token.client_id[:_MAX_LENGTH]


@lru_cache(4096)  # as many as the cache of verified tokens holds by default
def hashed(subject: str) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a subject: the same on each replica and each day."""
    return sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
