"""What each route of an app would answer to a verified token, found by running its guards and nothing else.

No route is called. Roles are not looked up either, since they are at Auth0: the answer names those that are needed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from fastapi import routing
from fastapi.dependencies.models import Dependant
from fastapi.requests import HTTPConnection
from fastapi.routing import APIRoute
from fastapi.security import SecurityScopes
from starlette.applications import Starlette
from starlette.routing import Mount

from auth0_sso.errors import (
    Auth0SsoError,
    InsufficientScopeError,
    RateLimitedError,
    TemporaryError,
)
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.guards.guard import Guard
from auth0_sso.web.middleware.request_context import RequestContext
from auth0_sso.web.problems.problems import status_of
from auth0_sso.web.services.services import Services

_UNGUARDED: Final = "public: it asks for no token"
_PASSES: Final = "passes"


@dataclass(frozen=True, slots=True)
class RouteAnswer:
    """The method and path of a route, and what it would answer: a status of a refusal, or None, and words for it."""

    method: str
    path: str
    status: int | None
    words: str


class RolesNotLookedUpError(TemporaryError):
    """What `RolesAtAuth0` raises."""


class RolesAtAuth0:
    """A `RoleSource` that looks nothing up."""

    async def roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> NoReturn:  # noqa: ARG002 - the protocol's
        """Raise `RolesNotLookedUpError`."""
        raise RolesNotLookedUpError("The roles are at Auth0.")

    async def organization_roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> NoReturn:  # noqa: ARG002 - the protocol's
        """Raise `RolesNotLookedUpError`."""
        raise RolesNotLookedUpError("The roles are at Auth0.")

    async def invalidate(self, subject: str) -> None:
        """Do nothing: nothing is cached."""


async def answers_of(
    app: Starlette, services: Services, token: AccessToken | None, reason: str | None
) -> tuple[RouteAnswer, ...]:
    """Return what the routes of an app answer to a token that the verifier accepted, or refused with `reason`."""
    answers = []
    for prefix, place in _places(app, ""):
        guards = list(_guards(place.dependant))
        for method in sorted(place.methods):
            answer: tuple[int | None, str] = (None, _UNGUARDED) if not guards else (401, reason or "")
            if guards and token is not None:
                scope = _scope(app, place, method, services, token)
                answer = await _answer(guards, scope)
            answers.append(RouteAnswer(method, prefix + place.path_format, *answer))
    return tuple(answers)


def _places(app: Starlette, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield the routes of an app and of those mounted in it, as they are included, with the path of the mount."""
    contexts = getattr(routing, "iter_route_contexts", iter)  # before FastAPI 0.137 the routes are copies themselves
    for place in contexts(app.routes):
        route = getattr(place, "original_route", place)
        if isinstance(route, APIRoute):
            yield prefix, place
        elif isinstance(route, Mount) and isinstance(route.app, Starlette):
            yield from _places(route.app, prefix + route.path)


def _guards(dependant: Dependant) -> Iterator[tuple[Guard, SecurityScopes]]:
    for each in dependant.dependencies:
        yield from _guards(each)
        if isinstance(each.call, Guard):
            yield each.call, SecurityScopes([*(each.parent_oauth_scopes or ()), *(each.own_oauth_scopes or ())])


def _scope(app: Starlette, place: Any, method: str, services: Services, token: AccessToken) -> dict[str, Any]:  # noqa: ANN401 - a route, or what FastAPI has in its place
    scope = {"type": "http", "method": method, "path": place.path_format, "headers": [], "app": app, "route": place}
    context = RequestContext.begin(scope, services.of(token))
    context.token = token
    context.credentials = (b"Bearer",)  # there was a token: no guard takes the request for an anonymous one
    return scope


async def _answer(guards: list[tuple[Guard, SecurityScopes]], scope: dict[str, Any]) -> tuple[int | None, str]:
    open_question = ""
    for guard, scopes in guards:
        try:
            await guard(HTTPConnection(scope), scopes)
        except RateLimitedError:  # the budget is this process's own
            continue
        except RolesNotLookedUpError:
            needs = _needs(guard)
            if needs or not open_question:
                open_question = f"depends on the user's roles at Auth0{needs}"
        except Auth0SsoError as error:
            return status_of(type(error)), _words(error, guard)
        except Exception as error:  # noqa: BLE001 - a check of the app's own, which may need a whole request
            open_question = f"not known: a check raised {type(error).__name__} outside a request"
    return None, open_question or _PASSES


def _words(error: Auth0SsoError, guard: Guard) -> str:
    if isinstance(error, InsufficientScopeError) and error.scopes:
        return f"{error.reason}: {' '.join(error.scopes)}"
    return f"{error.reason}{_needs(guard)}"


def _needs(guard: Guard) -> str:
    """Return the roles that a guard asks for, after a colon."""
    return "".join(f": {each.listed}" for each in guard.requirements if each.kind == "role")
