"""The `act` claim: who acts for the subject of a token (RFC 8693 section 4.1)."""

from collections.abc import Mapping
from typing import Final

MAX_ACTORS: Final = 5
"""How many Auth0 nests ("On-behalf-of token exchange"); what is deeper is not read."""


def actors(claims: Mapping[str, object]) -> tuple[str, ...]:
    """Return the `sub` of each actor in verified claims, the current one first.

    Authorize by the first alone: the others are history (RFC 8693 section 4.1). It ends before a malformed one.
    """
    found: list[str] = []
    act = claims.get("act")
    while isinstance(act, Mapping) and len(found) < MAX_ACTORS:
        subject = act.get("sub")
        if not isinstance(subject, str) or not subject:
            break
        found.append(subject)
        act = act.get("act")
    return tuple(found)


def current_actor(claims: Mapping[str, object]) -> str | None:
    """Return who called with a token on its subject's behalf: a client id. None for the subject's own call."""
    return next(iter(actors(claims)), None)
