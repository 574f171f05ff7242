"""The parameters of a Management API request: ids in its path, numbers and fields in its query string."""

from urllib.parse import unquote

from starlette.requests import Request

from auth0_devtenant.errors import ApiError
from auth0_devtenant.state import Json, Tenant, User


def path_segments(request: Request) -> list[str]:
    """Return the segments of the path after /api/v2, still encoded: an id may hold an encoded slash."""
    raw = request.scope["raw_path"].decode("ascii", "replace").partition("?")[0]
    return str(raw).split("/")[3:]


def path_id(request: Request, position: int) -> str:
    """Return the decoded segment of the path after /api/v2, counted from 0."""
    return unquote(path_segments(request)[position])


def user_of(request: Request, tenant: Tenant) -> User:
    """Return the user that the path names; raise Auth0's 404."""
    user = tenant.state.users.get(path_id(request, 1))
    if user is None:
        raise ApiError(404, "The user does not exist.", "inexistent_user")
    return user


def integer(request: Request, name: str, default: int, *, minimum: int, maximum: int) -> int:
    """Return an integer of the query string; raise Auth0's 400 for another value."""
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise invalid_query(f"Expected type integer but found type string on property {name}")
    if not minimum <= int(text) <= maximum:
        raise invalid_query(f"Value {text} is out of range {minimum} to {maximum} on property {name}")
    return int(text)


def select_fields(request: Request, document: Json) -> Json:
    """Return the members of a document that `fields` lists, or with include_fields=false the other ones."""
    names = [name for name in request.query_params.get("fields", "").split(",") if name]
    include = request.query_params.get("include_fields", "true")
    if include not in {"true", "false"}:
        raise invalid_query("Expected type boolean but found type string on property include_fields")
    if not names:
        return document
    return {name: value for name, value in document.items() if (name in names) == (include == "true")}


def invalid_query(problem: str) -> ApiError:
    """Return Auth0's error for an invalid query string."""
    return ApiError(400, f"Query validation error: '{problem}'.", "invalid_query_string")
