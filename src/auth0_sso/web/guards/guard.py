"""What a guard is: one async dependency that reads the request or WebSocket itself, and a FastAPI security scheme.

One dependency, since every further one costs about a fifth of a bare request; a security scheme, so that OpenAPI
shows what the route requires.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable
from typing import Final

from fastapi.openapi.models import HTTPBearer
from fastapi.requests import HTTPConnection
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase

from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.checks.requirements import OPTIONAL_TOKEN, TOKEN, Requirement
from auth0_sso.web.checks.scopes import require_names
from auth0_sso.web.guards.authentication import credentials_of, services_of, verified_token, verified_token_in
from auth0_sso.web.middleware.request_context import RequestContext
from auth0_sso.web.openapi.notes import Refusal, note_for

Check = Callable[[HTTPConnection, AccessToken], Awaitable[None]]
"""Passes a token, or raises the error that says why not. Equal checks make equal guards."""

_MODEL: Final = HTTPBearer(bearerFormat="JWT")


class Guard(SecurityBase, ABC):
    """Base of the guards. Each honours the scopes of `Security(guard, scopes=[...])`, here or further up the tree.

    Guards made alike are equal: `dependency_overrides[require_role("admin")]` finds them, and FastAPI runs equal
    ones once for a request.
    """

    def __init__(
        self,
        *identity: Hashable,
        refusals: Collection[Refusal] = (),
        description: str | None = None,
        requirements: Iterable[Requirement] = (TOKEN,),
    ) -> None:
        """Take what distinguishes it from others of its class, and what lists of routes and /docs say of it.

        `requirements` are what it asks for: where none needs a token, anonymous requests pass. `refusals` are the
        errors beyond those of a bad token, or classes of errors, and `description` is a sentence for the OpenAPI
        document.
        """
        self.model = _MODEL
        self.requirements = tuple(requirements)
        self.scheme_name = note_for(*refusals, requirements=self.requirements, description=description)
        self._identity = (type(self), self.scheme_name, identity)
        self._hash = hash(self._identity)  # FastAPI asks for it several times in each request

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Guard) and self._identity == other._identity

    def __hash__(self) -> int:
        return self._hash

    def requirements_with(self, scopes: Iterable[str]) -> tuple[Requirement, ...]:
        """Return what it asks for, given the scopes that `Security` asks of it: with any, a token is needed."""
        needed = tuple(dict.fromkeys(scopes))
        if not needed:
            return self.requirements
        others = (each for each in self.requirements if each not in {TOKEN, OPTIONAL_TOKEN})
        return (TOKEN, *others, Requirement("scope", needed))

    @abstractmethod
    async def __call__(self, connection: HTTPConnection, scopes: SecurityScopes) -> object:
        """Pass the request, or raise the `CallerError` or `TenantError` that says why not."""


class TokenGuard(Guard):
    """A dependency that gives the request's access token, once it is verified and the check passed."""

    def __init__(
        self,
        check: Check | None = None,
        *,
        refusals: Collection[Refusal] = (),
        description: str | None = None,
        requirements: Iterable[Requirement] | None = None,
    ) -> None:
        """Take a further check, what it asks for besides a token (by default its name), and what `Guard` takes."""
        if requirements is None:
            requirements = () if check is None else (Requirement("check", (name_of(check),)),)
        super().__init__(check, refusals=refusals, description=description, requirements=(TOKEN, *requirements))
        self._check = check

    async def __call__(self, connection: HTTPConnection, scopes: SecurityScopes) -> AccessToken:
        """Return the token; raise the `CallerError` or `TenantError` that says why not."""
        scope = connection.scope
        context = RequestContext.of(scope)
        token = context.token or await verified_token_in(context, scope)  # that of an earlier guard needs no await
        if scopes.scopes:
            require_scopes(token, scopes)
        if self._check is not None:
            await self._check(connection, token)
        return token


class OptionalTokenGuard(Guard):
    """A dependency that lets a request without any Authorization header pass as anonymous, and no other."""

    def __init__(self) -> None:
        super().__init__(requirements=(OPTIONAL_TOKEN,))

    async def __call__(self, connection: HTTPConnection, scopes: SecurityScopes) -> AccessToken | None:
        """Return the token, or None where there is no Authorization header and no scope is asked for."""
        if not credentials_of(connection) and not scopes.scopes:
            services_of(connection)  # an app that is not protected fails for anonymous requests too
            return None
        token = await verified_token(connection)
        require_scopes(token, scopes)
        return token


def name_of(check: Callable[..., object]) -> str:
    """Return the name of a function, or of the class of another callable."""
    return str(getattr(check, "__qualname__", type(check).__qualname__))


def require_scopes(token: AccessToken, scopes: SecurityScopes) -> None:
    """Raise `InsufficientScopeError` unless the token carries all scopes that `Security` asks for."""
    if scopes.scopes:
        require_names(scopes.scopes, token.scopes, "scope_missing")
