"""How users are created and updated: what each kind of connection needs and allows."""

from collections.abc import Mapping
from secrets import token_hex
from typing import Final

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management import cascade
from auth0_devtenant.management.user_bodies import METADATA, ROOT_ATTRIBUTES, CreateUser, UpdateUser
from auth0_devtenant.management.validation import invalid_body
from auth0_devtenant.passwords import require_strong_password
from auth0_devtenant.state import Connection, Json, Tenant, User

_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "auth0": ("email", "password"),
    "email": ("email",),
    "sms": ("phone_number",),
}
"""What a new user needs, by the strategy of the connection."""

_NULLABLE = ("blocked", "phone_number", "username", *ROOT_ATTRIBUTES, *METADATA)
_NOT_SHOWN = ("password", "connection", "client_id", "verify_email", "verify_phone_number")
_NOT_SYNCED = (
    "The following user attributes cannot be updated: {names}. The connection ({connection}) must either be a "
    "database connection (using the Auth0 store), a passwordless connection (email or sms) or has disabled 'Sync "
    "user profile attributes at each login'. For more information, see "
    "https://auth0.com/docs/dashboard/guides/connections/configure-connection-sync"
)


def create(tenant: Tenant, body: CreateUser) -> User:
    """Store and return a new user; raise Auth0's error for one that cannot be created."""
    connection = tenant.connection(body.connection)
    if connection is None:
        raise ApiError(400, "The connection does not exist.", "inexistent_connection")
    _require_members(connection, body)
    if body.password is not None:
        require_strong_password(connection, body.password)
    email = (body.email or "").lower()
    user_id = f"{connection.strategy}|{body.user_id or token_hex(12)}"
    if _is_taken(tenant, connection, user_id, body):
        raise ApiError(409, "The user already exists.", "auth0_idp_error")
    # A deleted user's refresh tokens are not those of a new one with the same id.
    cascade.revoke(tenant, [each for each in tenant.state.families.values() if each.grant.user_id == user_id])
    name = body.name or email or body.phone_number
    user = tenant.add_user(user_id, email, body.password or "", name=name, connection=connection.name)
    hidden = {*_NOT_SHOWN, "user_id", "email", "name"}
    user.document |= {key: value for key, value in body.given.items() if key not in hidden and value is not None}
    if not email:
        for key in ("email", "email_verified"):
            del user.document[key]
    return user


def update(tenant: Tenant, user: User, body: UpdateUser) -> None:
    """Change a user; raise Auth0's error, and change nothing, if a member cannot be changed."""
    given = body.given
    connection = _connection_of(tenant, user, body)
    for name, value in given.items():
        if value is None and name not in _NULLABLE:
            raise invalid_body("Expected type string but found type null", name)
    _require_changeable(connection, user, given)
    if body.email is not None:
        given["email"] = body.email.lower()
        _require_free_email(tenant, connection, user, given["email"])
        if given["email"] != user.document.get("email"):  # unverified: a new email is not verified
            given.setdefault("email_verified", False)
    if body.password is not None:
        require_strong_password(connection, body.password)
        user.password = body.password
        user.document["last_password_reset"] = tenant.timestamp()
        tenant.end_sessions(user.user_id, "password-changed")  # unverified: that this ends the sessions
    _apply(user.document, given)
    user.document["updated_at"] = tenant.timestamp()


def _require_members(connection: Connection, body: CreateUser) -> None:
    required = _REQUIRED.get(connection.strategy)
    if required is None:  # unverified: the words, and whether Auth0 refuses
        raise ApiError(400, f"Users of the connection {connection.name} are created by their login.", "invalid_body")
    requires_username = connection.strategy == "auth0" and bool(connection.options.get("requires_username"))
    for name in (*required, *(("username",) if requires_username else ())):
        if getattr(body, name) is None:
            wrong_type = name in body.model_fields_set
            raise invalid_body(
                f"Expected type string but found type null on property {name}"
                if wrong_type
                else f"Missing required property: {name}"
            )
    if body.username is not None and not requires_username:
        raise _no_usernames()


def _no_usernames() -> ApiError:
    return ApiError(400, "Cannot set username for connection without requires_username", "invalid_body")


def _is_taken(tenant: Tenant, connection: Connection, user_id: str, body: CreateUser) -> bool:
    """Return whether a user or a linked identity has the id, or in the connection the email, username or phone."""
    wanted = {"username": body.username, "phone_number": body.phone_number, "email": (body.email or "").lower()}
    owners = tenant.state.users.values()
    for user in (*owners, *(linked for owner in owners for linked in owner.linked.values())):
        found = any(value and user.document.get(key) == value for key, value in wanted.items())
        if user.user_id == user_id or (found and user.connection == connection.name):
            return True
    return False


def _connection_of(tenant: Tenant, user: User, body: UpdateUser) -> Connection:
    """Return the connection of the user's main identity; `connection` may name it."""
    connection = tenant.connection(user.connection if body.connection is None else body.connection)
    if connection is None:
        raise ApiError(400, "The connection does not exist.", "inexistent_connection")
    if connection.name != user.connection:
        raise ApiError(400, "This development tenant updates the main identity only.", "operation_not_supported")
    return connection


def _require_changeable(connection: Connection, user: User, given: Json) -> None:
    """Require that the connection lets the API change these members; the first two messages are unverified."""
    for pair in (("email", "password"), ("email", "username")):
        if given.keys() >= set(pair):
            raise ApiError(400, f"Cannot update {pair[0]} and {pair[1]} simultaneously", "operation_not_supported")
    if connection.strategy == "auth0":
        if given.get("username") is not None and not connection.options.get("requires_username"):
            raise _no_usernames()
        return
    locked = () if connection.strategy in {"email", "sms"} else ("email", "email_verified", *ROOT_ATTRIBUTES)
    if connection.options.get("set_user_root_attributes") == "on_first_login":
        locked = ()
    names = ", ".join(name for name in given if name in {*locked, "password", "username"})
    if names:
        message = _NOT_SYNCED.format(names=names, connection=user.connection)
        raise ApiError(400, message, "operation_not_supported")


def _require_free_email(tenant: Tenant, connection: Connection, user: User, email: str) -> None:
    owner = tenant.find_by_email(email, connection.name)
    if owner is not None and owner is not user:
        raise ApiError(400, "The specified new email already exists", "auth0_idp_error")


def _apply(document: Json, given: Json) -> None:
    for name, value in given.items():
        if name in METADATA:
            _merge(document, name, value)
        elif value is None:
            document.pop(name, None)
        elif name not in _NOT_SHOWN:
            document[name] = value


def _merge(document: Json, name: str, change: Json | None) -> None:
    """Merge metadata at the first level: null removes a key, `{}` all keys, and null instead of it the member."""
    if change is None:
        document.pop(name, None)
    elif change == {}:
        document[name] = {}
    else:
        merged = document.get(name, {}) | change
        document[name] = {key: value for key, value in merged.items() if value is not None}
