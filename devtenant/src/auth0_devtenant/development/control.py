"""Control of a tenant by HTTP, for tests in any language: time, snapshots, keys, sessions, people and tokens.

All of it is under /_development, which Auth0 does not have.
"""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from auth0_devtenant import tokens
from auth0_devtenant.bodies import issuer_of, tenant_of
from auth0_devtenant.development.bodies import read_json
from auth0_devtenant.development.made_tokens import find_user, make_token
from auth0_devtenant.errors import ApiError
from auth0_devtenant.state import RateLimitPlan, SnapshotError, State, dump_state, load_state

_MAX_SNAPSHOTS = 100
_YEAR = 366 * 86_400.0


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


Model = TypeVar("Model", bound=_Body)


class _Clock(_Body):
    """Seconds to move the clock ahead (or back), or the time that it shall show."""

    advance: Annotated[float, Field(ge=-_YEAR, le=_YEAR)] = 0
    now: Annotated[float | None, Field(ge=0, le=32_503_680_000)] = None


class _RateLimits(_Body):
    """The plan whose rate limits of the Management API apply."""

    plan: RateLimitPlan


class _Who(_Body):
    """A user; without one, all of them."""

    email: str | None = None


class _Roles(_Body):
    """The roles that a user shall have, by name."""

    roles: list[str]


class _Token(_Body):
    """An access token to make: of a user by email or user id, else of a machine."""

    user: str | None = None
    client_id: str | None = None
    audience: str | None = None
    scope: str | None = None
    organization: str | None = None


class Control:
    """The endpoints, and the snapshots that they made."""

    def __init__(self) -> None:
        self._snapshots: dict[str, State] = {}
        self.routes = (
            Route("/clock", self._clock, methods=["GET", "POST"]),
            Route("/reset", self._reset, methods=["POST"]),
            Route("/snapshots", self._list_snapshots, methods=["GET"]),
            Route("/snapshots/{name}", self._snapshot, methods=["PUT", "DELETE"]),
            Route("/snapshots/{name}/restore", self._restore, methods=["POST"]),
            Route("/state", self._state, methods=["GET", "PUT"]),
            Route("/rate-limits", self._rate_limits, methods=["GET", "PUT"]),
            Route("/keys/rotate", self._rotate_keys, methods=["POST"]),
            Route("/keys/revoke", self._revoke_keys, methods=["POST"]),
            Route("/sessions/revoke", self._revoke_sessions, methods=["POST"]),
            Route("/people", self._list_people, methods=["GET"]),
            Route("/users/{email}/roles", self._assign_roles, methods=["PUT"]),
            Route("/tokens", self._make_token, methods=["POST"]),
        )
        """Under /_development."""

    async def _clock(self, request: Request) -> Response:
        """Show or move the tenant's clock."""
        tenant = tenant_of(request)
        if request.method == "POST":
            change = await _read(request, _Clock)
            if change.now is not None:
                tenant.state.clock_offset += change.now - tenant.now()
            tenant.state.clock_offset += change.advance
        return JSONResponse({"now": tenant.now(), "offset": tenant.state.clock_offset})

    async def _reset(self, request: Request) -> Response:
        """Go back to the seed."""
        tenant_of(request).restore()
        return Response(status_code=204)

    async def _list_snapshots(self, _: Request) -> Response:
        """List the names of the snapshots."""
        return JSONResponse(list(self._snapshots))

    async def _snapshot(self, request: Request) -> Response:
        """Keep the state under a name, or forget it."""
        name = request.path_params["name"]
        if request.method == "DELETE":
            self._snapshots.pop(name, None)
            return Response(status_code=204)
        if name not in self._snapshots and len(self._snapshots) >= _MAX_SNAPSHOTS:
            raise ApiError(409, f"There are {_MAX_SNAPSHOTS} snapshots already: delete one.")
        self._snapshots[name] = tenant_of(request).snapshot()
        return Response(status_code=204)

    async def _restore(self, request: Request) -> Response:
        """Go back to a snapshot."""
        snapshot = self._snapshots.get(request.path_params["name"])
        if snapshot is None:
            raise ApiError(404, "There is no snapshot of that name.")
        tenant_of(request).restore(snapshot)
        return Response(status_code=204)

    async def _state(self, request: Request) -> Response:
        """Export or import the state."""
        tenant = tenant_of(request)
        if request.method == "GET":
            return Response(dump_state(tenant.state), media_type="application/json")
        await read_json(request)
        try:
            tenant.load(load_state(await request.body()))
        except SnapshotError as error:
            raise ApiError(400, f"This is no state of a tenant: {error}") from None
        return Response(status_code=204)

    async def _rate_limits(self, request: Request) -> Response:
        """Show or switch the plan whose rate limits of the Management API apply."""
        tenant = tenant_of(request)
        if request.method == "PUT":
            tenant.set_rate_limit_plan((await _read(request, _RateLimits)).plan)
        return JSONResponse({"plan": tenant.state.rate_limit_plan})

    async def _rotate_keys(self, request: Request) -> Response:
        """Sign with the next key from now on."""
        tenant = tenant_of(request)
        return JSONResponse({"kid": tenant.state.keys.rotate(tenant.make_key(tenant.now())).kid})

    async def _revoke_keys(self, request: Request) -> Response:
        """Revoke all previous keys: tokens that they signed are refused from now on."""
        keys = tenant_of(request).state.keys
        revoked, keys.previous = [key.kid for key in keys.previous], []
        return JSONResponse({"revoked": revoked})

    async def _revoke_sessions(self, request: Request) -> Response:
        """End sessions and revoke refresh tokens, of one user or of all."""
        tenant, who = tenant_of(request), await _read(request, _Who)
        users = list(tenant.state.users.values()) if who.email is None else [find_user(tenant, who.email)]
        for user in users:
            tenant.end_sessions(user.user_id)
            for family in [each for each in tenant.state.families.values() if each.grant.user_id == user.user_id]:
                tenant.revoke_refresh_tokens(family)
        return Response(status_code=204)

    async def _list_people(self, request: Request) -> Response:
        """List who can log in, with their passwords: nothing here is secret."""
        tenant = tenant_of(request)
        return JSONResponse(
            [
                {
                    "user_id": user.user_id,
                    "email": user.document.get("email"),
                    "name": user.document.get("name"),
                    "password": user.password,
                    "connection": user.connection,
                    "roles": [role.name for role in tenant.roles_of(user)],
                }
                for user in tenant.state.users.values()
            ]
        )

    async def _assign_roles(self, request: Request) -> Response:
        """Assign exactly these roles to a user, by email or user id."""
        tenant, wanted = tenant_of(request), await _read(request, _Roles)
        user = find_user(tenant, request.path_params["email"])
        ids = {role.name: role.id for role in tenant.state.roles.values()}
        unknown = [name for name in wanted.roles if name not in ids]
        if unknown:
            raise ApiError(400, f"There is no role {', '.join(unknown)}")
        user.role_ids = [ids[name] for name in dict.fromkeys(wanted.roles)]
        return JSONResponse({"roles": [role.name for role in tenant.roles_of(user)]})

    async def _make_token(self, request: Request) -> Response:
        """Make an access token without a login, as the login or the token endpoint would."""
        tenant, wanted = tenant_of(request), await _read(request, _Token)
        token = make_token(tenant, issuer_of(request), **wanted.model_dump())
        lifetime = tokens.lifetime(tenant, wanted.audience or tenant.options.audience)
        body = {"access_token": token, "expires_in": lifetime, "token_type": "Bearer"}
        return JSONResponse(body, headers={"Cache-Control": "no-store"})


async def _read(request: Request, model: type[Model]) -> Model:
    try:
        return model.model_validate(await read_json(request))
    except ValidationError as error:
        first = error.errors()[0]
        raise ApiError(400, f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}") from None
