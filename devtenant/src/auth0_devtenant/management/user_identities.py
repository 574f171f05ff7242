"""Linking and unlinking the identities of a user (Management API: Users; Auth0: "User account linking")."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management import cascade
from auth0_devtenant.management.lookup import find_user, user_of
from auth0_devtenant.management.routing import Route
from auth0_devtenant.management.validation import Body, invalid_body, read_body
from auth0_devtenant.state import Json, Tenant, User

_NOT_PROFILE = ("created_at", "updated_at", "user_id", "identities", "user_metadata", "app_metadata")


class LinkIdentity(Body):
    """The user that becomes an identity: by provider and id."""

    provider: str
    user_id: str
    connection_id: str | None = None


async def link_identity(request: Request, tenant: Tenant) -> Response:
    """Make another user a further identity of this one; that user's own metadata, roles and sessions are gone."""
    user, body = user_of(request, tenant), await read_body(request, LinkIdentity)
    other = find_user(tenant, _full_id(body))
    if other is user:  # unverified: the words
        raise ApiError(400, "Main account and secondary account are the same", "invalid_body")
    if other.linked:
        raise ApiError(400, "The secondary account has linked identities of its own", "operation_not_supported")
    cascade.delete_user(tenant, other.user_id)
    user.linked[other.user_id] = other
    user.document["identities"] = [*user.document["identities"], _as_identity(other)]
    user.document["updated_at"] = tenant.timestamp()
    return JSONResponse(user.document["identities"], 201)


async def unlink_identity(request: Request, tenant: Tenant) -> Response:
    """Make an identity a user of its own again, with its profile and without metadata and roles."""
    user, parameters = user_of(request, tenant), request.path_params
    position = _position(user, parameters)
    if position == 0:  # unverified: the words
        raise ApiError(400, "Main identity can't be removed", "operation_not_supported")
    identity = user.document["identities"].pop(position)
    user.document["updated_at"] = tenant.timestamp()
    released = user.linked.pop(f"{identity['provider']}|{identity['user_id']}")
    released.document = {
        name: value for name, value in released.document.items() if name not in {"user_metadata", "app_metadata"}
    }
    released.role_ids, released.permissions = [], ()
    tenant.state.users[released.user_id] = released
    return JSONResponse(user.document["identities"])


def _full_id(body: LinkIdentity) -> str:
    if not body.user_id:
        raise invalid_body("String is too short (0 chars), minimum 1", "user_id")
    return body.user_id if body.user_id.startswith(f"{body.provider}|") else f"{body.provider}|{body.user_id}"


def _as_identity(user: User) -> Json:
    profile = {name: value for name, value in user.document.items() if name not in _NOT_PROFILE}
    identity: Json = user.document["identities"][0]
    return identity | {"profileData": profile}


def _position(user: User, parameters: Mapping[str, str]) -> int:
    wanted = (parameters["provider"], parameters["user_id"])
    for position, identity in enumerate(user.document["identities"]):
        if (identity["provider"], identity["user_id"]) == wanted:
            return position
    raise ApiError(404, "The user does not have that identity.", "inexistent_identity")  # unverified


ROUTES = (
    Route("POST", "/users/{id}/identities", link_identity, ("update:users",)),
    Route("DELETE", "/users/{id}/identities/{provider}/{user_id}", unlink_identity, ("update:users",)),
)
