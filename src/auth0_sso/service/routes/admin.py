"""/admin: users and their roles, for administrators of the whole tenant.

User ids are paths, `{user_id:path}`: some connections create ids with slashes, which clients send as %2F. So the
order of the routes matters: those that end in /roles, /block, /logout and /logs come first.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.requests import HTTPConnection

from auth0_sso.management.client import ManagementClient
from auth0_sso.service.routes.role_states import RoleStates
from auth0_sso.service.schemas import (
    LogEvent,
    LogList,
    ManagedUser,
    NewUser,
    RoleChange,
    RoleChangeResponse,
    RoleList,
    RoleResponse,
    UserList,
)
from auth0_sso.web.guards.audit import Audit
from auth0_sso.web.guards.authentication import services_of
from auth0_sso.web.guards.guarded_route import GuardedRoute
from auth0_sso.web.guards.role_guards import Roles, require_role
from auth0_sso.web.guards.token_guards import Management, UserProfiles
from auth0_sso.web.problems.problems import problem_responses

router = APIRouter(
    prefix="/admin",
    tags=["admin"],
    route_class=GuardedRoute,
    dependencies=[Depends(require_role("admin"))],
)

UserId = Annotated[
    str,
    Path(max_length=255, description="The user's id.", examples=["auth0|6132828a407ec6006935a858"]),
]
PageNumber = Annotated[int, Query(ge=0, le=10_000, description="The page, counted from 0.")]
PageSize = Annotated[int, Query(ge=1, le=100, description="The number of items per page.")]


class _CacheInvalidation:
    """Invalidates the caches of a user after a change, even a failed one: Auth0 may have carried it out."""

    def __init__(self, connection: HTTPConnection, roles: Roles, profiles: UserProfiles) -> None:
        self._revocations = services_of(connection).revocations
        self._roles = roles
        self._profiles = profiles

    @asynccontextmanager
    async def after_change(self, user_id: str) -> AsyncIterator[None]:
        try:
            yield
        finally:
            self._profiles.invalidate(user_id)
            await self._roles.invalidate(user_id)

    @asynccontextmanager
    async def after_loss_of_access(self, user_id: str) -> AsyncIterator[None]:
        """Refuse the user's access tokens too, those of a later login excepted."""
        try:
            yield
        finally:
            await self._revocations.revoke_user(user_id, "admin")


Invalidation = Annotated[_CacheInvalidation, Depends()]


@router.get("/users")
async def list_users(management: Management, page: PageNumber = 0, per_page: PageSize = 50) -> UserList:
    """Return one page of the tenant's users. Auth0 returns only the first 1,000."""
    answer = await management.list_users(page=page, per_page=per_page)
    users = [ManagedUser.of(user) for user in answer.users]
    return UserList(users=users, total=answer.total, page=page, per_page=per_page)


@router.post("/users", status_code=201, responses=problem_responses(409, 413))
async def create_user(new: NewUser, management: Management, response: Response, audit: Audit) -> ManagedUser:
    """Create a user in a database connection; the connection's password policy applies."""
    async with audit.action("create-user", connection=new.connection) as action:
        user = await management.create_user(
            email=new.email, password=new.password.get_secret_value(), connection=new.connection, name=new.name
        )
        action.target = user.user_id or None
    if user.user_id:
        response.headers["Location"] = f"/admin/users/{quote(user.user_id, safe='')}"
    return ManagedUser.of(user)


@router.get("/users/{user_id:path}/roles", responses=problem_responses(404))
async def list_roles(user_id: UserId, management: Management) -> RoleList:
    """Return the roles assigned to a user."""
    roles = await management.list_user_roles(user_id)
    return RoleList(roles=[RoleResponse.of(role) for role in roles])


@router.post("/users/{user_id:path}/roles", responses=problem_responses(404, 413))
async def assign_roles(
    user_id: UserId,
    change: RoleChange,
    management: Management,
    invalidation: Invalidation,
    audit: Audit,
) -> RoleChangeResponse:
    """Assign roles to a user. They take effect with the user's next request."""
    held = RoleStates(management, user_id)
    async with audit.action("assign-roles", target=user_id, before=held.before) as action:
        action.details["roles"] = role_ids = await _role_ids(change, management)
        async with invalidation.after_change(user_id):
            await management.assign_roles(user_id, role_ids)
        action.details["after"] = held.after(assigned=role_ids)
    return RoleChangeResponse(message="Roles are assigned.", user_id=user_id, role_ids=role_ids)


@router.delete("/users/{user_id:path}/roles", responses=problem_responses(404, 413))
async def remove_roles(
    user_id: UserId,
    change: RoleChange,
    management: Management,
    invalidation: Invalidation,
    audit: Audit,
) -> RoleChangeResponse:
    """Remove roles from a user. This takes effect with the user's next request."""
    held = RoleStates(management, user_id)
    async with audit.action("remove-roles", target=user_id, before=held.before) as action:
        action.details["roles"] = role_ids = await _role_ids(change, management)
        async with invalidation.after_change(user_id):
            await management.remove_roles(user_id, role_ids)
        action.details["after"] = held.after(removed=role_ids)
    return RoleChangeResponse(message="Roles are removed.", user_id=user_id, role_ids=role_ids)


@router.put("/users/{user_id:path}/block", responses=problem_responses(404))
async def block_user(
    user_id: UserId, management: Management, invalidation: Invalidation, audit: Audit
) -> ManagedUser:
    """Block a user: no login, and their access tokens are refused from the next request on.

    Call /logout as well to end their sessions.
    """
    async with audit.action("block-user", target=user_id), invalidation.after_loss_of_access(user_id):
        return ManagedUser.of(await management.block_user(user_id))


@router.delete("/users/{user_id:path}/block", responses=problem_responses(404))
async def unblock_user(
    user_id: UserId, management: Management, invalidation: Invalidation, audit: Audit
) -> ManagedUser:
    """Unblock a user."""
    async with audit.action("unblock-user", target=user_id), invalidation.after_change(user_id):
        return ManagedUser.of(await management.unblock_user(user_id))


@router.post("/users/{user_id:path}/logout", status_code=204, responses=problem_responses(404))
async def log_out_everywhere(
    user_id: UserId, management: Management, invalidation: Invalidation, audit: Audit
) -> None:
    """Revoke all sessions, refresh tokens and access tokens of a user. Those of a later login are accepted."""
    async with audit.action("log-out-user", target=user_id), invalidation.after_loss_of_access(user_id):
        await management.log_out_everywhere(user_id)


@router.get("/users/{user_id:path}/logs", responses=problem_responses(404))
async def list_logs(
    user_id: UserId, management: Management, page: PageNumber = 0, per_page: PageSize = 50
) -> LogList:
    """Return one page of a user's log events, latest first."""
    entries = await management.list_user_logs(user_id, page=page, per_page=per_page)
    return LogList(logs=[LogEvent.of(entry) for entry in entries], page=page, per_page=per_page)


@router.get("/users/{user_id:path}", responses=problem_responses(404))
async def get_user(user_id: UserId, management: Management) -> ManagedUser:
    """Return one user."""
    return ManagedUser.of(await management.get_user(user_id))


@router.delete("/users/{user_id:path}", status_code=204, responses=problem_responses(404))
async def delete_user(user_id: UserId, management: Management, invalidation: Invalidation, audit: Audit) -> None:
    """Delete a user, and refuse their access tokens. As in Auth0, it is no error if the user does not exist."""
    async with audit.action("delete-user", target=user_id), invalidation.after_loss_of_access(user_id):
        await management.delete_user(user_id)


async def _role_ids(change: RoleChange, management: ManagementClient) -> list[str]:
    named = [(await management.find_role(name)).id for name in change.role_names]
    return list(dict.fromkeys((*change.role_ids, *named)))
