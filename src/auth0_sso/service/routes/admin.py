"""/admin: users and their roles, for administrators of the whole tenant.

User ids are paths here, `{user_id:path}`: a connection may put slashes into them, which arrive as %2F. Hence the
order of the routes: whatever ends in /roles is about roles, and likewise /block, /logout and /logs.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Response

from auth0_sso.management.client import ManagementClient
from auth0_sso.service.schemas import (
    LogLine,
    LogList,
    ManagedUser,
    NewUser,
    RoleAnswer,
    RoleChange,
    RoleChangeAnswer,
    RoleList,
    UserList,
)
from auth0_sso.web.dependencies import Management, UserProfiles
from auth0_sso.web.guarded_route import GuardedRoute
from auth0_sso.web.problems import problem_responses
from auth0_sso.web.role_guards import Roles, require_role

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
PageSize = Annotated[int, Query(ge=1, le=100, description="How many users a page holds.")]


class _Changes:
    """What is known of a user is forgotten after a change, a failed one too: Auth0 may have carried it out."""

    def __init__(self, roles: Roles, profiles: UserProfiles) -> None:
        self._roles = roles
        self._profiles = profiles

    @asynccontextmanager
    async def to(self, user_id: str) -> AsyncIterator[None]:
        try:
            yield
        finally:
            self._profiles.invalidate(user_id)
            await self._roles.invalidate(user_id)


Changes = Annotated[_Changes, Depends()]


@router.get("/users")
async def list_users(management: Management, page: PageNumber = 0, per_page: PageSize = 50) -> UserList:
    """Return one page of the tenant's users. Auth0 pages through the first 1,000 of them."""
    answer = await management.list_users(page=page, per_page=per_page)
    users = [ManagedUser.of(user) for user in answer.users]
    return UserList(users=users, total=answer.total, page=page, per_page=per_page)


@router.post("/users", status_code=201, responses=problem_responses(409, 413))
async def create_user(new: NewUser, management: Management, response: Response) -> ManagedUser:
    """Create a user in a database connection; the connection's password policy applies."""
    user = await management.create_user(
        email=new.email, password=new.password.get_secret_value(), connection=new.connection, name=new.name
    )
    if user.user_id:
        response.headers["Location"] = f"/admin/users/{quote(user.user_id, safe='')}"
    return ManagedUser.of(user)


@router.get("/users/{user_id:path}/roles", responses=problem_responses(404))
async def list_roles(user_id: UserId, management: Management) -> RoleList:
    """Return the roles assigned to a user."""
    roles = await management.list_user_roles(user_id)
    return RoleList(roles=[RoleAnswer.of(role) for role in roles])


@router.post("/users/{user_id:path}/roles", responses=problem_responses(404, 413))
async def assign_roles(
    user_id: UserId, change: RoleChange, management: Management, changes: Changes
) -> RoleChangeAnswer:
    """Give roles to a user; they hold from the user's next request on."""
    role_ids = await _role_ids(change, management)
    async with changes.to(user_id):
        await management.assign_roles(user_id, role_ids)
    return RoleChangeAnswer(message="Roles are assigned.", user_id=user_id, role_ids=role_ids)


@router.delete("/users/{user_id:path}/roles", responses=problem_responses(404, 413))
async def remove_roles(
    user_id: UserId, change: RoleChange, management: Management, changes: Changes
) -> RoleChangeAnswer:
    """Take roles from a user; the user's next request is without them."""
    role_ids = await _role_ids(change, management)
    async with changes.to(user_id):
        await management.remove_roles(user_id, role_ids)
    return RoleChangeAnswer(message="Roles are removed.", user_id=user_id, role_ids=role_ids)


@router.put("/users/{user_id:path}/block", responses=problem_responses(404))
async def block_user(user_id: UserId, management: Management, changes: Changes) -> ManagedUser:
    """Block a user: no login any more, and no role from the next request on. Log them out to end their sessions."""
    async with changes.to(user_id):
        return ManagedUser.of(await management.block_user(user_id))


@router.delete("/users/{user_id:path}/block", responses=problem_responses(404))
async def unblock_user(user_id: UserId, management: Management, changes: Changes) -> ManagedUser:
    """Let a user in again."""
    async with changes.to(user_id):
        return ManagedUser.of(await management.unblock_user(user_id))


@router.post("/users/{user_id:path}/logout", status_code=204, responses=problem_responses(404))
async def log_out_everywhere(user_id: UserId, management: Management) -> None:
    """End all sessions and refresh tokens of a user. Access tokens that are out live on until they expire."""
    await management.log_out_everywhere(user_id)


@router.get("/users/{user_id:path}/logs", responses=problem_responses(404))
async def list_logs(
    user_id: UserId, management: Management, page: PageNumber = 0, per_page: PageSize = 50
) -> LogList:
    """Return one page of what happened to a user, the latest first."""
    entries = await management.list_user_logs(user_id, page=page, per_page=per_page)
    return LogList(logs=[LogLine.of(entry) for entry in entries], page=page, per_page=per_page)


@router.get("/users/{user_id:path}", responses=problem_responses(404))
async def get_user(user_id: UserId, management: Management) -> ManagedUser:
    """Return one user."""
    return ManagedUser.of(await management.get_user(user_id))


@router.delete("/users/{user_id:path}", status_code=204, responses=problem_responses(404))
async def delete_user(user_id: UserId, management: Management, changes: Changes) -> None:
    """Delete a user. One who is not there counts as deleted, as at Auth0."""
    async with changes.to(user_id):
        await management.delete_user(user_id)


async def _role_ids(change: RoleChange, management: ManagementClient) -> list[str]:
    named = [(await management.find_role(name)).id for name in change.role_names]
    return list(dict.fromkeys((*change.role_ids, *named)))
