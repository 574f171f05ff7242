"""The Management API v2 for users, roles and what belongs to them: typed, bounded, and careful with ids.

A user id is whatever a connection made it, so it travels as one quoted path segment; left alone, `x/../../clients`
would reach another endpoint with our token.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, JsonValue, ValidationError

from auth0_sso.errors import ManagementAnswerError, NotFoundError
from auth0_sso.tenant.capped import Answer, FetchError
from auth0_sso.tenant.documents import (
    LogEntry,
    Organization,
    Permission,
    RefreshToken,
    Role,
    Session,
    User,
    UserPage,
)
from auth0_sso.tenant.management_call import ManagementCaller

_PER_PAGE: Final = 100  # the most Auth0 gives; it allows a user 50 roles, so one page holds them all
_MOST_PAGES: Final = 1000
"""Pages after which a list counts as endless: 100,000 records."""

M = TypeVar("M", bound=BaseModel)
Query = Mapping[str, str | int]

# Of each tuple one scope suffices (Management API reference; Auth0's text and its OpenAPI differ for role members).
_READ_USERS = ("read:users",)
_UPDATE_USERS = ("update:users",)
_APP_METADATA = ("update:users", "update:users_app_metadata")
_READ_ROLE_MEMBERS = ("read:users", "read:roles", "read:role_members")
_READ_LOGS = ("read:logs", "read:logs_users")


class ManagementClient:
    """Calls the Management API with our own credentials; a caller's token never comes near it.

    Every method raises `ManagementUnavailableError` when Auth0 does not answer, `ManagementRateLimitedError` when it
    asks us to wait longer than a call may take, `ManagementRefusedError` when our credentials or scopes do not
    suffice, `ManagementAnswerError` for an answer that cannot be read, `NotFoundError` for what is not there, and
    `InvalidInputError` or `ConflictError` with Auth0's own words for what it declines.
    """

    def __init__(self, caller: ManagementCaller) -> None:
        """Take what sends the calls."""
        self._caller = caller

    async def get_user(self, user_id: str) -> User:
        """Return one user."""
        return _read(User, await self._caller.call("GET", _user(user_id), scopes=_READ_USERS))

    async def list_users(self, *, page: int = 0, per_page: int = 50, q: str | None = None) -> UserPage:
        """Return one page of users, counted from 0, with the total; `q` is a Lucene query.

        Auth0 pages through the first 1,000 only: past them, `InvalidInputError`.
        """
        query: dict[str, str | int] = {"page": page, "per_page": per_page, "include_totals": "true"}
        query |= {} if q is None else {"q": q, "search_engine": "v3"}
        return _read(UserPage, await self._caller.call("GET", "/users", query=query, scopes=_READ_USERS))

    def search_users(self, q: str) -> AsyncIterator[User]:
        """Iterate over the users that a Lucene query finds, page by page: the first 1,000 of them."""
        return self._by_page("/users", "users", User, _READ_USERS, {"q": q, "search_engine": "v3"})

    def all_users(self) -> AsyncIterator[User]:
        """Iterate over all users of the tenant by checkpoint, however many there are."""
        return self._by_checkpoint("/users", "users", User, _READ_USERS)

    async def create_user(self, *, email: str, password: str, connection: str, name: str | None = None) -> User:
        """Create a user in a database connection and return it."""
        body: dict[str, JsonValue] = {"email": email, "password": password, "connection": connection}
        if name is not None:
            body["name"] = name
        return _read(User, await self._caller.call("POST", "/users", body=body, scopes=("create:users",)))

    async def update_user(self, user_id: str, changes: Mapping[str, JsonValue]) -> User:
        """Replace root attributes of a user (null unsets one), merge its metadata, and return the user."""
        return await self._update(user_id, changes, _UPDATE_USERS)

    async def update_user_metadata(self, user_id: str, metadata: Mapping[str, JsonValue]) -> User:
        """Merge `metadata` into the user's and return the user: first level only, null deletes a key."""
        return await self._update(user_id, {"user_metadata": dict(metadata)}, _UPDATE_USERS)

    async def update_app_metadata(self, user_id: str, metadata: Mapping[str, JsonValue]) -> User:
        """Merge `metadata` into what the application keeps of the user, as `update_user_metadata` does."""
        return await self._update(user_id, {"app_metadata": dict(metadata)}, _APP_METADATA)

    async def block_user(self, user_id: str) -> User:
        """Let the user log in no more; tokens that are out live on until they expire."""
        return await self._update(user_id, {"blocked": True}, _UPDATE_USERS)

    async def unblock_user(self, user_id: str) -> User:
        """Let the user log in again."""
        return await self._update(user_id, {"blocked": False}, _UPDATE_USERS)

    async def delete_user(self, user_id: str) -> None:
        """Delete a user; one who is not there is deleted already."""
        await self._caller.call("DELETE", _user(user_id), scopes=("delete:users",))

    def all_roles(self, *, name_filter: str | None = None) -> AsyncIterator[Role]:
        """Iterate over the tenant's roles, or those whose name contains `name_filter`."""
        query = {} if name_filter is None else {"name_filter": name_filter}
        return self._by_page("/roles", "roles", Role, ("read:roles",), query)

    async def find_role(self, name: str) -> Role:
        """Return the role of exactly that name; raise `NotFoundError` where there is none."""
        async for role in self.all_roles(name_filter=name):
            if role.name == name:
                return role
        raise NotFoundError("There is no role of that name.", reason="role_name_unknown")

    def role_users(self, role_id: str) -> AsyncIterator[User]:
        """Iterate over the users a role is assigned to; Auth0 tells their id, email, name and picture."""
        return self._by_checkpoint(f"/roles/{_segment(role_id)}/users", "users", User, _READ_ROLE_MEMBERS)

    async def list_user_roles(self, user_id: str) -> tuple[Role, ...]:
        """Return the roles assigned directly to a user."""
        return await self._first_page(f"{_user(user_id)}/roles", "roles", Role, _READ_ROLE_MEMBERS)

    def effective_roles(self, user_id: str) -> AsyncIterator[Role]:
        """Iterate over a user's roles, those that come by a group included."""
        return self._by_checkpoint(f"{_user(user_id)}/effective-roles", "roles", Role, ())

    async def assign_roles(self, user_id: str, role_ids: Sequence[str]) -> None:
        """Give roles, by id, to a user."""
        scopes = ("update:users", "create:role_members")
        await self._caller.call("POST", f"{_user(user_id)}/roles", body={"roles": list(role_ids)}, scopes=scopes)

    async def remove_roles(self, user_id: str, role_ids: Sequence[str]) -> None:
        """Take roles, by id, from a user."""
        scopes = ("update:users", "delete:role_members")
        await self._caller.call("DELETE", f"{_user(user_id)}/roles", body={"roles": list(role_ids)}, scopes=scopes)

    def user_permissions(self, user_id: str) -> AsyncIterator[Permission]:
        """Iterate over what a user may do, directly or by a role, at each of the tenant's APIs."""
        return self._by_page(f"{_user(user_id)}/permissions", "permissions", Permission, _READ_USERS, {})

    def user_organizations(self, user_id: str) -> AsyncIterator[Organization]:
        """Iterate over the organizations a user belongs to."""
        path = f"{_user(user_id)}/organizations"
        return self._by_page(path, "organizations", Organization, ("read:organizations",), {})

    async def list_member_roles(self, organization_id: str, user_id: str) -> tuple[Role, ...]:
        """Return the roles a user has as a member of an organization."""
        path = f"/organizations/{_segment(organization_id)}/members/{_segment(user_id)}/roles"
        return await self._first_page(path, "roles", Role, ("read:organization_member_roles",))

    def user_sessions(self, user_id: str) -> AsyncIterator[Session]:
        """Iterate over the login sessions of a user."""
        return self._by_checkpoint(f"{_user(user_id)}/sessions", "sessions", Session, ("read:sessions",))

    def user_refresh_tokens(self, user_id: str) -> AsyncIterator[RefreshToken]:
        """Iterate over the refresh tokens of a user: what they are for, not their text."""
        path = f"{_user(user_id)}/refresh-tokens"
        return self._by_checkpoint(path, "tokens", RefreshToken, ("read:refresh_tokens",))

    async def log_out_everywhere(self, user_id: str) -> None:
        """End all sessions and refresh tokens of a user; access tokens that are out live on until they expire."""
        # The tokens first: a session that still lives could not mint another one afterwards.
        await self._caller.call("DELETE", f"{_user(user_id)}/refresh-tokens", scopes=("delete:refresh_tokens",))
        await self._caller.call("DELETE", f"{_user(user_id)}/sessions", scopes=("delete:sessions",))

    async def list_user_logs(self, user_id: str, *, page: int = 0, per_page: int = 50) -> tuple[LogEntry, ...]:
        """Return one page of the tenant's log about a user, the latest first."""
        query: Query = {"page": page, "per_page": per_page, "sort": "date:-1", "include_totals": "true"}
        answer = await self._caller.call("GET", f"{_user(user_id)}/logs", query=query, scopes=_READ_LOGS)
        return _read_list(LogEntry, _object(answer), "logs")

    async def _update(self, user_id: str, changes: Mapping[str, JsonValue], scopes: tuple[str, ...]) -> User:
        return _read(User, await self._caller.call("PATCH", _user(user_id), body=changes, scopes=scopes))

    async def _first_page(self, path: str, name: str, model: type[M], scopes: tuple[str, ...]) -> tuple[M, ...]:
        query: Query = {"page": 0, "per_page": _PER_PAGE, "include_totals": "true"}
        return _read_list(model, _object(await self._caller.call("GET", path, query=query, scopes=scopes)), name)

    async def _by_page(
        self, path: str, name: str, model: type[M], scopes: tuple[str, ...], query: Query
    ) -> AsyncIterator[M]:
        for page in range(_MOST_PAGES):
            paging: Query = {"page": page, "per_page": _PER_PAGE, "include_totals": "true"}
            answer = _object(await self._caller.call("GET", path, query={**query, **paging}, scopes=scopes))
            found, total = _read_list(model, answer, name), answer.get("total")
            for each in found:
                yield each
            if not isinstance(total, int):
                raise ManagementAnswerError("page_without_total")
            if not found or (page + 1) * _PER_PAGE >= total:
                return
        raise ManagementAnswerError("pages_never_end")

    async def _by_checkpoint(self, path: str, name: str, model: type[M], scopes: tuple[str, ...]) -> AsyncIterator[M]:
        query: Query = {"take": _PER_PAGE}
        for _ in range(_MOST_PAGES):
            answer = _object(await self._caller.call("GET", path, query=query, scopes=scopes))
            for each in _read_list(model, answer, name):
                yield each
            following = answer.get("next")
            if not isinstance(following, str) or not following:
                return
            if following == query.get("from"):
                break
            query = {"from": following, "take": _PER_PAGE}
        raise ManagementAnswerError("pages_never_end")


def _user(user_id: str) -> str:
    return f"/users/{_segment(user_id)}"


def _segment(text: str) -> str:
    # quote() leaves dots alone, and httpx resolves dot segments.
    try:
        segment = quote(text, safe="")
    except UnicodeEncodeError:
        segment = ""
    if segment in {"", ".", ".."}:
        raise NotFoundError("There is no such thing.", reason="id_invalid")
    return segment


def _object(answer: Answer) -> dict[str, object]:
    try:
        value = answer.json()
    except FetchError as error:
        raise ManagementAnswerError(error.reason) from None
    if not isinstance(value, dict):
        raise ManagementAnswerError("not_an_object")
    return value


def _read(model: type[M], answer: Answer) -> M:
    return _validated(model, _object(answer))


def _read_list(model: type[M], answer: Mapping[str, object], name: str) -> tuple[M, ...]:
    values = answer.get(name)
    if not isinstance(values, list):
        raise ManagementAnswerError(f"no_list_of_{name}")
    return tuple(_validated(model, value) for value in values)


def _validated(model: type[M], value: object) -> M:
    try:
        return model.model_validate(value)
    except ValidationError:
        # The error would quote the answer, and with it somebody's profile.
        raise ManagementAnswerError(f"not_a_{model.__name__.lower()}") from None
