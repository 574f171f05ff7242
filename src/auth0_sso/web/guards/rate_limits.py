"""Rate limits for routes, said in the route's signature or for a whole router.

Who is counted is the token's verified subject, so a renewed token shares its budget and a forged one spends nothing
of it; requests without a token are counted by address.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, Final

from fastapi import Depends
from fastapi.requests import HTTPConnection
from fastapi.security import SecurityScopes
from starlette.types import Scope

from auth0_sso.errors import MissingTokenError, RateLimitedError, StoreUnavailableError
from auth0_sso.ratelimit.policy import Policy
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.checks.callers import caller_of
from auth0_sso.web.checks.rate_limits import is_exempt, require_budget
from auth0_sso.web.checks.requirements import Requirement
from auth0_sso.web.guards.authentication import credentials_of, services_in, verified_token
from auth0_sso.web.guards.guard import Guard, TokenGuard, require_scopes
from auth0_sso.web.middleware.request_context import RequestContext
from auth0_sso.web.middleware.route_path import route_path
from auth0_sso.web.services.services import Services

_REFUSALS: Final = (RateLimitedError, StoreUnavailableError)


@dataclass(frozen=True, slots=True)
class _Limit:
    """What a request is counted under. Without a policy the setting holds, without a name the route's own budget."""

    policy: Policy | None = None
    setting: Callable[[Services], Policy | None] = attrgetter("rate_limit")
    """Which setting; it gives None where that is off."""
    setting_name: str = "RATE_LIMIT"
    cost: int = 1
    name: str | None = None
    exempt_permissions: frozenset[str] = frozenset()
    exempt_clients: frozenset[str] = frozenset()

    @property
    def requirement(self) -> Requirement:
        """What this asks for, for lists of routes."""
        policy = self.setting_name if self.policy is None else self.policy.text
        return Requirement("rate limit", (policy,), note="" if self.cost == 1 else f"cost {self.cost}")

    async def require_budget(self, connection: HTTPConnection, token: AccessToken | None) -> None:
        """Count the request and add headers with what is left; raise `RateLimitedError` where nothing is."""
        scope = connection.scope
        context = RequestContext.of(scope)
        services = services_in(context, scope)
        if token is not None and is_exempt(
            token, services, permissions=self.exempt_permissions, clients=self.exempt_clients
        ):
            return
        policy = self.policy
        if policy is None:
            policy = self.setting(services)
            if policy is None:
                return
            if self.cost != 1:
                policy.require_room(self.cost)
        counted = (_name_of_route(scope) if self.name is None else self.name, policy, self.cost)
        if counted in context.counted:  # its router has the same limit
            return
        context.counted += (counted,)
        result = await services.counts.hit(
            policy, counted[0], caller_of(scope, token, services.tenant), cost=self.cost
        )
        require_budget(policy, result, context.answer_headers)


class RateLimitGuard(Guard):
    """A dependency that counts the request and gives its access token, or None where none was sent."""

    def __init__(self, limit: _Limit) -> None:
        super().__init__(limit, refusals=_REFUSALS, requirements=(limit.requirement,))
        self._limit = limit

    async def __call__(self, connection: HTTPConnection, scopes: SecurityScopes) -> AccessToken | None:
        """Return the token; raise `RateLimitedError` for a spent budget, and what refuses a bad token."""
        token = RequestContext.of(connection.scope).token  # of an earlier guard
        if token is None:
            token = await (verified_token(connection) if scopes.scopes else _token_if_sent(connection))
        if token is not None and scopes.scopes:
            require_scopes(token, scopes)
        await self._limit.require_budget(connection, token)
        return token


def rate_limit(
    policy: str | None = None,
    *,
    cost: int = 1,
    name: str | None = None,
    exempt_permissions: tuple[str, ...] = (),
    exempt_clients: tuple[str, ...] = (),
) -> RateLimitGuard:
    """Return a guard that lets each caller pass as often as `policy` says: `10/minute`, `10/minute;200/hour`.

    Without a policy RATE_LIMIT holds. A request takes `cost` of the budget. Each route has a budget of its own, or
    shares it with those of the same `name`. Bearers of one of `exempt_permissions`, and the clients with one of
    `exempt_clients` as their id, are not counted. A bad token is refused; a request without a token is counted by its
    address. Raises `ValueError` for a policy that cannot be read, or that a request of this cost never fits; with
    RATE_LIMIT the first request does.
    """
    parsed = None if policy is None else Policy.parse(policy)
    if parsed is not None:
        parsed.require_room(cost)
    if cost < 1:
        raise ValueError("a request costs at least 1")
    limit = _Limit(
        parsed,
        cost=cost,
        name=name,
        exempt_permissions=frozenset(exempt_permissions),
        exempt_clients=frozenset(exempt_clients),
    )
    return RateLimitGuard(limit)


def _name_of_route(scope: Scope) -> str:
    """Return the method and path of a route. Apps mounted at different paths may share it."""
    return f"{scope.get('method', 'WEBSOCKET')} {route_path(scope)}"


async def _token_if_sent(connection: HTTPConnection) -> AccessToken | None:
    if not credentials_of(connection):
        return None
    try:
        return await verified_token(connection)
    except MissingTokenError:  # another scheme: the route may have an authentication of its own
        return None


def _limited(limit: _Limit) -> TokenGuard:
    return TokenGuard(limit.require_budget, refusals=_REFUSALS, requirements=(limit.requirement,))


limited_token: Final = _limited(_Limit())
LimitedToken = Annotated[AccessToken, Depends(limited_token)]
"""Any verified access token whose subject still has budget under RATE_LIMIT."""

profile_limit: Final = _limited(
    _Limit(setting=attrgetter("profile_rate_limit"), setting_name="PROFILE_RATE_LIMIT", name="profile")
)
"""Counts requests for the caller's own profile, each of which may cost Management calls, under PROFILE_RATE_LIMIT."""
