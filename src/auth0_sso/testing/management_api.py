"""What the Management API answers for users and roles, in Auth0's shapes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_hex
from typing import Any, Final
from urllib.parse import unquote

Answer = tuple[int, object]
"""A status, and the JSON value of the body; None for no body."""


@dataclass(slots=True)
class User:
    """A user of the tenant, as a test may change it."""

    user_id: str
    document: dict[str, Any]
    """What the Management API answers of the user: `email`, `name`, `blocked`, `user_metadata`, ..."""
    roles: set[str]
    """The names of the roles in the whole tenant."""
    organization_roles: dict[str, set[str]] = field(default_factory=dict)
    """The names of the roles the user has as a member, by organization id."""
    logs: list[dict[str, Any]] = field(default_factory=list)
    """The tenant's log about the user, the latest first."""


@dataclass(slots=True)
class Directory:
    """The users of a tenant by id, and the names of its roles; those that users have need not be named."""

    users: dict[str, User] = field(default_factory=dict)
    roles: set[str] = field(default_factory=set)

    @property
    def role_names(self) -> set[str]:
        """The names of all roles."""
        return self.roles.union(*(user.roles for user in self.users.values()))


class ApiError(Exception):
    """A refusal of the Management API."""

    def __init__(self, status: int, message: str, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"statusCode": status, "error": "Error", "message": message, "errorCode": code}


@dataclass(frozen=True, slots=True)
class _Call:
    directory: Directory
    user_id: str
    organization: str
    query: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def user(self) -> User:
        user = self.directory.users.get(self.user_id)
        if user is None:
            raise ApiError(404, "The user does not exist.", "inexistent_user")
        return user


def answer(directory: Directory, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any]) -> Answer:
    """Return what the API answers to a call whose path is not decoded; raise `ApiError` where it refuses."""
    pattern, names = _pattern_of(path)
    endpoint = _ENDPOINTS.get(f"{method} {pattern}")
    if endpoint is None:
        raise ApiError(404, "Not Found", "not_found")
    return endpoint(_Call(directory, names.get("users", ""), names.get("organizations", ""), query, body))


def _pattern_of(path: str) -> tuple[str, dict[str, str]]:
    """Return the path with `{id}` for each id, and the ids decoded, by what they are of."""
    segments = path.removeprefix("/api/v2/").split("/")
    ids: dict[str, str] = {}
    for place, kind in enumerate(segments[:-1:2]):
        ids["users" if kind == "members" else kind] = unquote(segments[2 * place + 1])
        segments[2 * place + 1] = "{id}"
    return "/".join(segments), ids


def _list_users(call: _Call) -> Answer:
    return _page(call, [user.document for user in call.directory.users.values()], "users")


def _create_user(call: _Call) -> Answer:
    if any(user.document.get("email") == call.body.get("email") for user in call.directory.users.values()):
        raise ApiError(409, "The user already exists.", "auth0_idp_error")
    user_id = f"auth0|{token_hex(12)}"
    shown = {name: value for name, value in call.body.items() if name not in {"password", "connection"}}
    document = {"user_id": user_id, **shown}
    call.directory.users[user_id] = User(user_id, document, set())
    return 201, document


def _get_user(call: _Call) -> Answer:
    fields = [name for name in call.query.get("fields", "").split(",") if name]
    document = call.user.document
    return 200, {name: document[name] for name in fields if name in document} if fields else document


def _update_user(call: _Call) -> Answer:
    """Merge metadata at its first level, null deleting a key; replace the other members."""
    document = call.user.document
    for name, value in call.body.items():
        if name in {"user_metadata", "app_metadata"}:
            merged = document.get(name, {}) | value
            document[name] = {key: each for key, each in merged.items() if each is not None}
        else:
            document[name] = value
    return 200, document


def _delete_user(call: _Call) -> Answer:
    call.directory.users.pop(call.user_id, None)
    return 204, None


def _list_user_roles(call: _Call) -> Answer:
    return _page(call, _documents_of(call.user.roles), "roles")


def _assign_roles(call: _Call) -> Answer:
    call.user.roles.update(_names_of(call))
    return 204, None


def _remove_roles(call: _Call) -> Answer:
    call.user.roles.difference_update(_names_of(call))
    return 204, None


def _list_member_roles(call: _Call) -> Answer:
    user = call.directory.users.get(call.user_id)
    names = set() if user is None else user.organization_roles.get(call.organization, set())
    return _page(call, _documents_of(names), "roles")


def _list_roles(call: _Call) -> Answer:
    wanted = call.query.get("name_filter", "")
    return _page(call, _documents_of({name for name in call.directory.role_names if wanted in name}), "roles")


def _list_logs(call: _Call) -> Answer:
    return _page(call, call.user.logs, "logs")


def _accept(call: _Call) -> Answer:
    """End sessions or refresh tokens, of which this tenant has none."""
    _ = call.user
    return 202, None


def _page(call: _Call, documents: list[dict[str, Any]], name: str) -> Answer:
    page, per_page = int(call.query.get("page", 0)), int(call.query.get("per_page", 50))
    start = page * per_page
    found = documents[start : start + per_page]
    if call.query.get("include_totals") != "true":
        return 200, found
    return 200, {name: found, "start": start, "limit": per_page, "length": len(found), "total": len(documents)}


def _documents_of(names: set[str]) -> list[dict[str, Any]]:
    return [{"id": _id_of(name), "name": name, "description": ""} for name in sorted(names)]


def _names_of(call: _Call) -> set[str]:
    names = {_id_of(name): name for name in call.directory.role_names}
    if not names.keys() >= set(call.body["roles"]):
        raise ApiError(404, "The role does not exist.", "inexistent_role")
    return {names[role_id] for role_id in call.body["roles"]}


def _id_of(name: str) -> str:
    return f"rol_{sha256(name.encode()).hexdigest()[:16]}"


_ENDPOINTS: Final[Mapping[str, Callable[[_Call], Answer]]] = {
    "GET users": _list_users,
    "POST users": _create_user,
    "GET users/{id}": _get_user,
    "PATCH users/{id}": _update_user,
    "DELETE users/{id}": _delete_user,
    "GET users/{id}/roles": _list_user_roles,
    "POST users/{id}/roles": _assign_roles,
    "DELETE users/{id}/roles": _remove_roles,
    "DELETE users/{id}/sessions": _accept,
    "DELETE users/{id}/refresh-tokens": _accept,
    "GET users/{id}/logs": _list_logs,
    "GET roles": _list_roles,
    "GET organizations/{id}/members/{id}/roles": _list_member_roles,
}
