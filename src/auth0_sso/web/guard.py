"""What a guard is: one async dependency that reads the request itself, and a FastAPI security scheme.

One dependency, since every further one costs about a fifth of a bare request; a security scheme, so that OpenAPI
tells what the route asks for.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final

from fastapi import Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase

from auth0_sso.errors import Auth0SsoError, InsufficientScopeError
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.authentication import verified_token
from auth0_sso.web.openapi import note_for

Check = Callable[[Request, AccessToken], Awaitable[None]]

_MODEL: Final = HTTPBearer(bearerFormat="JWT")
_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 section 3.3


class Guard(SecurityBase, ABC):
    """Base of the guards. Each honours the scopes of `Security(guard, scopes=[...])`, here or further up the tree."""

    def __init__(self, *, refusals: Collection[type[Auth0SsoError]] = (), optional: bool = False) -> None:
        """Take the errors it refuses with beyond a bad token, and whether it passes anonymous requests."""
        self.model = _MODEL
        self.scheme_name = note_for(*refusals, optional=optional)

    @abstractmethod
    async def __call__(self, request: Request, scopes: SecurityScopes) -> object:
        """Pass the request, or raise the `CallerError` or `TenantError` that says why not."""


class TokenGuard(Guard):
    """A dependency that gives the request's access token, once it is verified and the check passed."""

    def __init__(self, check: Check | None = None, *, refusals: Collection[type[Auth0SsoError]] = ()) -> None:
        """Take a further check of request and token, and the errors it refuses with, for the OpenAPI document."""
        super().__init__(refusals=refusals)
        self._check = check

    async def __call__(self, request: Request, scopes: SecurityScopes) -> AccessToken:
        """Return the token; raise the `CallerError` or `TenantError` that says why not."""
        token = await verified_token(request)
        require_scopes(token, scopes)
        if self._check is not None:
            await self._check(request, token)
        return token


class OptionalTokenGuard(Guard):
    """A dependency that lets a request without any Authorization header pass as anonymous, and no other."""

    def __init__(self) -> None:
        super().__init__(optional=True)

    async def __call__(self, request: Request, scopes: SecurityScopes) -> AccessToken | None:
        """Return the token, or None where there is no Authorization header and no scope is asked for."""
        if "Authorization" not in request.headers and not scopes.scopes:
            return None
        token = await verified_token(request)
        require_scopes(token, scopes)
        return token


def require_scopes(token: AccessToken, scopes: SecurityScopes) -> None:
    """Raise `InsufficientScopeError` unless the token carries all scopes that `Security` asks for."""
    if scopes.scopes:
        require_all(scopes.scopes, token.scopes, "scope_missing")


def require_all(needed: Sequence[str], granted: frozenset[str], reason: str) -> None:
    """Raise `InsufficientScopeError` with this reason unless all that is needed is granted."""
    missing = tuple(name for name in needed if name not in granted)
    if missing:
        raise InsufficientScopeError(reason, "The access token does not allow this.", scopes=scope_tokens(missing))


def scope_tokens(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names; raise `ValueError` for none, or one that no challenge can carry."""
    if not names or not all(_SCOPE_TOKEN.fullmatch(name) for name in names):
        raise ValueError("a guard needs one or more scope names as RFC 6749 section 3.3 spells them")
    return names
