"""Whether a token has the scopes or permissions that are asked for."""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Final

from auth0_sso.errors import InsufficientScopeError

DENIED: Final = "The access token does not allow this."
"""What the caller reads who lacks a scope or permission."""

_SCOPE_TOKEN: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 section 3.3


def are_scope_tokens(names: Iterable[str]) -> bool:
    """Return whether a challenge can carry all of the names (RFC 6749 section 3.3)."""
    return all(map(_SCOPE_TOKEN.fullmatch, names))


@lru_cache(maxsize=1024)  # the names are the app's, and a refusal asks for the same ones again
def scope_tokens(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names; raise `ValueError` for none, or one that no challenge can carry."""
    if not names or not are_scope_tokens(names):
        raise ValueError("a guard needs one or more scope names as RFC 6749 section 3.3 spells them")
    return names


def require_names(
    needed: Collection[str], granted: frozenset[str], reason: str, *, one_suffices: bool = False
) -> None:
    """Raise `InsufficientScopeError` with this reason unless all that is needed is granted, or one of it suffices."""
    missing = tuple([name for name in needed if name not in granted])
    if len(missing) == len(needed) if one_suffices else missing:
        raise InsufficientScopeError(reason, DENIED, scopes=scope_tokens(missing))
