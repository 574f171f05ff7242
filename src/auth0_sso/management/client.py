"""The Management API v2 (https://auth0.com/docs/api/management/v2) for users and roles, typed and bounded.

A user id may contain any character that its connection allows, so it is quoted as one path segment; unquoted,
`x/../../clients` would be a request to another endpoint with our token.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from pydantic import JsonValue

from auth0_sso.errors import NotFoundError
from auth0_sso.management.call import ManagementCaller
from auth0_sso.management.fair_queue import DEFAULT_PRIORITY, Priority
from auth0_sso.management.models import LogEntry, Role, User, UserPage
from auth0_sso.management.pagination import ManagementReader
from auth0_sso.management.responses import read_changed_user, read_total, read_user
from auth0_sso.oauth.health import ApiHealth

# One scope of each tuple is enough. Auth0's text and its OpenAPI document differ for the members of a role.
_READ_USERS = ("read:users",)
_UPDATE_USERS = ("update:users",)
_READ_ROLE_MEMBERS = ("read:users", "read:roles", "read:role_members")
_READ_LOGS = ("read:logs", "read:logs_users")


class ManagementClient:
    """Calls the Management API with this service's own credentials, never with a caller's token.

    Each method names its endpoint and the scopes of which the credentials need one. Each raises

    - `ManagementUnavailableError` when Auth0 does not respond;
    - `ManagementRateLimitedError` when its rate limit asks for a longer wait than a call may take;
    - `ManagementRefusedError` when the credentials or their scopes are not sufficient;
    - `ManagementAnswerError` for a response that cannot be read;
    - `NotFoundError` when the user, role or organization does not exist;
    - `InvalidInputError` or `ConflictError`, with Auth0's message, when it rejects the request.

    A single malformed member is not an error: the model lists it in `unreadable`.
    """

    def __init__(self, caller: ManagementCaller, priority: Priority = DEFAULT_PRIORITY) -> None:
        """Take what sends the calls, and the priority of those made by this client."""
        self._caller = caller
        self._reader = ManagementReader(caller, priority)
        self._call = self._reader.call

    @property
    def health(self) -> ApiHealth:
        """How the Management API is, as far as calls have shown."""
        return self._caller.health

    def on_behalf_of(
        self, subject: str, *, high_priority: bool = False, low_priority: bool = False
    ) -> "ManagementClient":
        """Return a client whose calls are queued as the subject's: before all others, or after them."""
        return ManagementClient(self._caller, Priority(subject, high_priority, low_priority))

    async def get_user(self, user_id: str, *, fields: Sequence[str] = ()) -> User:
        """Return a user, or only the members that `fields` lists.

        Metadata that is too large or too deep for a response is omitted and listed in `unreadable`.

        `GET /users/{id}`, scope `read:users`.
        """
        query = {"fields": ",".join(fields), "include_fields": "true"} if fields else {}
        document, omitted = await self._reader.get(User, _user(user_id), query, _READ_USERS)
        return read_user(document, omitted=omitted)

    async def list_users(self, *, page: int = 0, per_page: int = 50) -> UserPage:
        """Return one page of users, the first of which is 0, and the total number of users.

        Auth0 lists the first 1,000 only and raises `InvalidInputError` for later pages. When a page is too large
        with its metadata, all metadata is omitted and listed in each user's `unreadable`.

        `GET /users`, scope `read:users`.
        """
        query: dict[str, str | int] = {"page": page, "per_page": per_page, "include_totals": "true"}
        document, users = await self._reader.page(User, "/users", "users", query, _READ_USERS)
        return UserPage(users, read_total(document))

    async def create_user(self, *, email: str, password: str, connection: str, name: str | None = None) -> User:
        """Create a user in a database connection and return it.

        `POST /users`, scope `create:users`.
        """
        body: dict[str, JsonValue] = {"email": email, "password": password, "connection": connection}
        if name is not None:
            body["name"] = name
        response = await self._call("POST", "/users", body=body, scopes=("create:users",))
        return read_changed_user(response, {})

    async def update_user_metadata(self, user_id: str, metadata: Mapping[str, JsonValue]) -> User:
        """Merge `metadata` into the user's (first level only; null deletes a key) and return the user.

        `PATCH /users/{id}`, scope `update:users`.
        """
        return await self._update(user_id, {"user_metadata": dict(metadata)})

    async def block_user(self, user_id: str) -> User:
        """Block a user from logging in, and return the user. Access tokens stay valid until they expire.

        `PATCH /users/{id}`, scope `update:users`.
        """
        return await self._update(user_id, {"blocked": True})

    async def unblock_user(self, user_id: str) -> User:
        """Allow a user to log in again, and return the user.

        `PATCH /users/{id}`, scope `update:users`.
        """
        return await self._update(user_id, {"blocked": False})

    async def delete_user(self, user_id: str) -> None:
        """Delete a user; deleting a user that does not exist is not an error.

        `DELETE /users/{id}`, scope `delete:users`.
        """
        await self._call("DELETE", _user(user_id), scopes=("delete:users",))

    async def find_role(self, name: str) -> Role:
        """Return the role with exactly that name; raise `NotFoundError` if there is none.

        `GET /roles`, scope `read:roles`.
        """
        query = {"name_filter": name}  # it matches a part of the name
        async for role in self._reader.by_page(Role, "/roles", "roles", ("read:roles",), query):
            if role.name == name and role.id:
                return role
        raise NotFoundError("There is no role with that name.", reason="role_name_unknown")

    async def list_user_roles(self, user_id: str) -> tuple[Role, ...]:
        """Return the roles assigned directly to a user in the whole tenant; Auth0 allows 50.

        `GET /users/{id}/roles`, scope `read:users`, `read:roles` or `read:role_members`.
        """
        return await self._reader.first_page(Role, f"{_user(user_id)}/roles", "roles", _READ_ROLE_MEMBERS)

    async def assign_roles(self, user_id: str, role_ids: Sequence[str]) -> None:
        """Assign roles, by id, to a user.

        `POST /users/{id}/roles`, scope `update:users` or `create:role_members`.
        """
        scopes = ("update:users", "create:role_members")
        await self._call("POST", f"{_user(user_id)}/roles", body={"roles": list(role_ids)}, scopes=scopes)

    async def remove_roles(self, user_id: str, role_ids: Sequence[str]) -> None:
        """Remove roles, by id, from a user.

        `DELETE /users/{id}/roles`, scope `update:users` or `delete:role_members`.
        """
        scopes = ("update:users", "delete:role_members")
        await self._call("DELETE", f"{_user(user_id)}/roles", body={"roles": list(role_ids)}, scopes=scopes)

    async def list_member_roles(self, organization_id: str, user_id: str) -> tuple[Role, ...]:
        """Return the roles of a user as a member of an organization.

        `GET /organizations/{id}/members/{user_id}/roles`, scope `read:organization_member_roles`.
        """
        path = f"/organizations/{_segment(organization_id)}/members/{_segment(user_id)}/roles"
        return await self._reader.first_page(Role, path, "roles", ("read:organization_member_roles",))

    async def log_out_everywhere(self, user_id: str) -> None:
        """Revoke all refresh tokens and sessions of a user. Access tokens stay valid until they expire.

        `DELETE /users/{user_id}/refresh-tokens`, scope `delete:refresh_tokens`, then
        `DELETE /users/{user_id}/sessions`, scope `delete:sessions`.
        """
        # Refresh tokens first: afterwards a session that still exists cannot create another one.
        await self._call("DELETE", f"{_user(user_id)}/refresh-tokens", scopes=("delete:refresh_tokens",))
        await self._call("DELETE", f"{_user(user_id)}/sessions", scopes=("delete:sessions",))

    async def list_user_logs(self, user_id: str, *, page: int = 0, per_page: int = 50) -> tuple[LogEntry, ...]:
        """Return one page of the tenant log about a user, the latest entry first.

        `GET /users/{id}/logs`, scope `read:logs` or `read:logs_users`.
        """
        query: dict[str, str | int] = {
            "page": page,
            "per_page": per_page,
            "sort": "date:-1",
            "include_totals": "true",
        }
        _, entries = await self._reader.page(LogEntry, f"{_user(user_id)}/logs", "logs", query, _READ_LOGS)
        return entries

    async def _update(self, user_id: str, changes: Mapping[str, JsonValue]) -> User:
        response = await self._call("PATCH", _user(user_id), body=changes, scopes=_UPDATE_USERS)
        known = {"blocked": changes["blocked"]} if "blocked" in changes else {}
        return read_changed_user(response, {"user_id": user_id, **known})


def _user(user_id: str) -> str:
    return f"/users/{_segment(user_id)}"


def _segment(text: str) -> str:
    # quote() keeps dots, and httpx resolves dot segments.
    try:
        segment = quote(text, safe="")
    except UnicodeEncodeError:
        segment = ""
    if segment in {"", ".", ".."}:
        raise NotFoundError("There is no such thing.", reason="id_invalid")
    return segment
