"""`require`: a guard with a check of your own, such as of a claim."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from inspect import isawaitable, signature
from typing import Any, cast

from fastapi.requests import HTTPConnection

from auth0_sso.errors import Auth0SsoError, InsufficientScopeError
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.checks.requirements import Requirement
from auth0_sso.web.guards.guard import TokenGuard, name_of

_OfToken = Callable[[AccessToken], bool | Awaitable[bool]]
_OfConnection = Callable[[AccessToken, Any], bool | Awaitable[bool]]  # a Request, WebSocket or HTTPConnection


def require(
    check: _OfToken | _OfConnection,
    *,
    refusals: Collection[type[Auth0SsoError]] = (InsufficientScopeError,),
    detail: str = "The access token does not allow this.",
    description: str | None = None,
) -> TokenGuard:
    """Return a guard that passes the tokens for which `check` returns True; for False the answer is 403.

    The check takes the verified token, and the `Request` or `WebSocket` too if it has a second required parameter.
    It may be async; one that is not must not block. It may raise an error of `auth0_sso.errors`, or a subclass of
    your own. Any other result than True or False is a `TypeError`, so that a forgotten `return` opens nothing.

    `refusals` are the errors it raises and `description` is a sentence on what it asks for, both for the OpenAPI
    document; `detail` is what a refused caller reads. Guards of the same function are equal.
    """
    asked = _of_connection(check)
    denied = InsufficientScopeError("check_failed", detail)
    return TokenGuard(
        _OwnCheck(check, asked, detail),
        refusals=[denied if each is InsufficientScopeError else each for each in refusals],
        description=description,
        requirements=(Requirement("check", (name_of(check),)),),
    )


@dataclass(frozen=True, slots=True)
class _OwnCheck:
    """An app's own function; `takes_connection` says which of the two kinds it is."""

    function: _OfToken | _OfConnection
    takes_connection: bool
    detail: str

    async def __call__(self, connection: HTTPConnection, token: AccessToken) -> None:
        if self.takes_connection:
            result = cast("_OfConnection", self.function)(token, connection)
        else:
            result = cast("_OfToken", self.function)(token)
        passed: object = await result if isawaitable(result) else result
        if not isinstance(passed, bool):
            raise TypeError(f"a check returns True or False, and no {type(passed).__name__}")
        if not passed:
            raise InsufficientScopeError("check_failed", self.detail)


def _of_connection(check: Callable[..., object]) -> bool:
    """Return whether a check cannot be called with the token alone."""
    try:
        signature(check).bind(None)
    except TypeError:
        return True
    return False
