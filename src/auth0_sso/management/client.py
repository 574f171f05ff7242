"""The Management API v2 for users, roles and what belongs to them: typed, bounded, and careful with ids.

A user id is whatever a connection made it, so it travels as one quoted path segment; left alone, `x/../../clients`
would reach another endpoint with our token.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from pydantic import JsonValue

from auth0_sso.errors import NotFoundError
from auth0_sso.management.answers import read_changed_user, read_total, read_user
from auth0_sso.management.call import ManagementCaller
from auth0_sso.management.documents import (
    LogEntry,
    Role,
    User,
    UserPage,
)
from auth0_sso.management.reader import ManagementReader
from auth0_sso.management.turns import ANYONE, Turn

# Of each tuple one scope suffices (Management API reference; Auth0's text and its OpenAPI differ for role members).
_READ_USERS = ("read:users",)
_UPDATE_USERS = ("update:users",)
_READ_ROLE_MEMBERS = ("read:users", "read:roles", "read:role_members")
_READ_LOGS = ("read:logs", "read:logs_users")


class ManagementClient:
    """Calls the Management API with our own credentials; a caller's token never comes near it.

    Every method raises `ManagementUnavailableError` when Auth0 does not answer, `ManagementRateLimitedError` when it
    asks us to wait longer than a call may take, `ManagementRefusedError` when our credentials or scopes do not
    suffice, `ManagementAnswerError` for an answer that cannot be read, `NotFoundError` for what is not there, and
    `InvalidInputError` or `ConflictError` with Auth0's own words for what it declines. Single members that cannot be
    read are no error: the document names them in `unreadable`.
    """

    def __init__(self, caller: ManagementCaller, turn: Turn = ANYONE) -> None:
        """Take what sends the calls, and the user they are for."""
        self._caller = caller
        self._reader = ManagementReader(caller, turn)
        self._call = self._reader.call

    def on_behalf_of(self, subject: str, *, first: bool = False) -> "ManagementClient":
        """Return a client whose calls take turns as the subject's, or with `first` go before all that do not."""
        return ManagementClient(self._caller, Turn(subject, first))

    async def get_user(self, user_id: str, *, fields: Sequence[str] = ()) -> User:
        """Return one user, or of it the members that `fields` names.

        Metadata too large or too deep for an answer is left out, as `unreadable` says.
        """
        query = {"fields": ",".join(fields), "include_fields": "true"} if fields else {}
        document, unread = await self._reader.get(User, _user(user_id), query, _READ_USERS)
        return read_user(document, unread=unread)

    async def list_users(self, *, page: int = 0, per_page: int = 50) -> UserPage:
        """Return one page of users, counted from 0, with the total.

        Auth0 pages through the first 1,000 only: past them, `InvalidInputError`. A page whose metadata is too much
        for one answer comes without any, as each user's `unreadable` says.
        """
        query: dict[str, str | int] = {"page": page, "per_page": per_page, "include_totals": "true"}
        page_document, users = await self._reader.page(User, "/users", "users", query, _READ_USERS)
        return UserPage(users, read_total(page_document))

    async def create_user(self, *, email: str, password: str, connection: str, name: str | None = None) -> User:
        """Create a user in a database connection and return it."""
        body: dict[str, JsonValue] = {"email": email, "password": password, "connection": connection}
        if name is not None:
            body["name"] = name
        answer = await self._call("POST", "/users", body=body, scopes=("create:users",))
        return read_changed_user(answer, {})

    async def update_user_metadata(self, user_id: str, metadata: Mapping[str, JsonValue]) -> User:
        """Merge `metadata` into the user's and return the user: first level only, null deletes a key."""
        return await self._update(user_id, {"user_metadata": dict(metadata)}, _UPDATE_USERS)

    async def block_user(self, user_id: str) -> User:
        """Let the user log in no more; tokens that are out live on until they expire."""
        return await self._update(user_id, {"blocked": True}, _UPDATE_USERS)

    async def unblock_user(self, user_id: str) -> User:
        """Let the user log in again."""
        return await self._update(user_id, {"blocked": False}, _UPDATE_USERS)

    async def delete_user(self, user_id: str) -> None:
        """Delete a user; one who is not there is deleted already."""
        await self._call("DELETE", _user(user_id), scopes=("delete:users",))

    async def find_role(self, name: str) -> Role:
        """Return the role of exactly that name; raise `NotFoundError` where there is none."""
        async for role in self._reader.by_page(Role, "/roles", "roles", ("read:roles",), {"name_filter": name}):
            if role.name == name and role.id:
                return role
        raise NotFoundError("There is no role of that name.", reason="role_name_unknown")

    async def list_user_roles(self, user_id: str) -> tuple[Role, ...]:
        """Return the roles assigned directly to a user."""
        return await self._reader.first_page(Role, f"{_user(user_id)}/roles", "roles", _READ_ROLE_MEMBERS)

    async def assign_roles(self, user_id: str, role_ids: Sequence[str]) -> None:
        """Give roles, by id, to a user."""
        scopes = ("update:users", "create:role_members")
        await self._call("POST", f"{_user(user_id)}/roles", body={"roles": list(role_ids)}, scopes=scopes)

    async def remove_roles(self, user_id: str, role_ids: Sequence[str]) -> None:
        """Take roles, by id, from a user."""
        scopes = ("update:users", "delete:role_members")
        await self._call("DELETE", f"{_user(user_id)}/roles", body={"roles": list(role_ids)}, scopes=scopes)

    async def list_member_roles(self, organization_id: str, user_id: str) -> tuple[Role, ...]:
        """Return the roles a user has as a member of an organization."""
        path = f"/organizations/{_segment(organization_id)}/members/{_segment(user_id)}/roles"
        return await self._reader.first_page(Role, path, "roles", ("read:organization_member_roles",))

    async def log_out_everywhere(self, user_id: str) -> None:
        """End all sessions and refresh tokens of a user; access tokens that are out live on until they expire."""
        # The tokens first: a session that still lives could not mint another one afterwards.
        await self._call("DELETE", f"{_user(user_id)}/refresh-tokens", scopes=("delete:refresh_tokens",))
        await self._call("DELETE", f"{_user(user_id)}/sessions", scopes=("delete:sessions",))

    async def list_user_logs(self, user_id: str, *, page: int = 0, per_page: int = 50) -> tuple[LogEntry, ...]:
        """Return one page of the tenant's log about a user, the latest first."""
        query: dict[str, str | int] = {
            "page": page,
            "per_page": per_page,
            "sort": "date:-1",
            "include_totals": "true",
        }
        _, entries = await self._reader.page(LogEntry, f"{_user(user_id)}/logs", "logs", query, _READ_LOGS)
        return entries

    async def _update(self, user_id: str, changes: Mapping[str, JsonValue], scopes: tuple[str, ...]) -> User:
        answer = await self._call("PATCH", _user(user_id), body=changes, scopes=scopes)
        set_to = {"blocked": changes["blocked"]} if "blocked" in changes else {}
        return read_changed_user(answer, {"user_id": user_id, **set_to})


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
