"""Who may call the Management API, what its paths and queries may hold, and how it pages."""

from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TypeAlias
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant import tokens
from auth0_devtenant.answers import ApiError
from auth0_devtenant.bodies import tenant_of
from auth0_devtenant.state import Json, Tenant, User

Endpoint: TypeAlias = Callable[[Request, Tenant], Awaitable[Response]]

_RATE_LIMIT = 50
_PAGE_WALL = 1000
_WALL = (
    "You can only page through the first 1000 records. "
    "See https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation"
)


def needs(*scopes: str) -> Callable[[Endpoint], Callable[[Request], Awaitable[Response]]]:
    """Let an endpoint be called with a token that has any of `scopes`, and count down the rate headers."""

    def decorate(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        @wraps(endpoint)
        async def guarded(request: Request) -> Response:
            tenant = tenant_of(request)
            _require_any(tenant, request, scopes)
            response = await endpoint(request, tenant)
            # Recordings show these with answers of success alone.
            response.headers["x-ratelimit-limit"] = str(_RATE_LIMIT)
            response.headers["x-ratelimit-remaining"] = str(_RATE_LIMIT - 1)
            response.headers["x-ratelimit-reset"] = str(int(tenant.now()) + 1)
            return response

        return guarded

    return decorate


def _require_any(tenant: Tenant, request: Request, scopes: tuple[str, ...]) -> None:
    authorization = request.headers.get("Authorization")
    if authorization is None:
        raise ApiError(401, "Missing authentication")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or token.count(".") != 2:
        raise ApiError(400, "Bad HTTP authentication header format", "Bearer")
    try:
        claims = tokens.accept(tenant, token, tenant.options.management_audience)
    except tokens.BadTokenError as error:
        raise ApiError(401, str(error), attributes={"error": str(error)}) from None
    if set(scopes).isdisjoint(str(claims.get("scope", "")).split()):
        message = f"Insufficient scope, expected any of: {','.join(scopes)}"
        raise ApiError(403, message, "insufficient_scope")


async def not_found(_: Request) -> Response:
    """Answer for a path the API does not have."""
    raise ApiError(404, "Not Found")


def segment(request: Request, number: int) -> str:
    """Return a path segment under /api/v2, decoded. The raw path is read: an id may hold an encoded slash."""
    raw = request.scope["raw_path"].decode("ascii", "replace").partition("?")[0]
    return unquote(raw.split("/")[3 + number])


def user_of(request: Request, tenant: Tenant) -> User:
    """Return the user whom the path names; raise Auth0's 404."""
    user = tenant.users.get(segment(request, 1))
    if user is None:
        raise ApiError(404, "The user does not exist.", "inexistent_user")
    return user


def number(request: Request, name: str, default: int, *, least: int, most: int) -> int:
    """Return a whole number of the query."""
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise _invalid_query(f"Expected type integer but found type string on property {name}")
    if not least <= int(text) <= most:
        raise _invalid_query(f"Value {text} is out of range {least} to {most} on property {name}")
    return int(text)


def page_of(
    request: Request,
    documents: list[Json],
    name: str,
    *,
    least: int = 1,
    wall: bool = False,
    checkpoint: bool = False,
) -> Response:
    """Answer one page of a list: bare, with totals when asked for, or by checkpoint where that is offered."""
    if checkpoint and "take" in request.query_params:
        return checkpoint_of(request, documents, name)
    page = number(request, "page", 0, least=0, most=999_999_999)
    per_page = number(request, "per_page", 50, least=least, most=100)
    start = page * per_page
    if wall and start + per_page > _PAGE_WALL:
        raise ApiError(400, _WALL, "invalid_paging")
    found = documents[start : start + per_page]
    if request.query_params.get("include_totals") != "true":
        return JSONResponse(found)
    totals: Json = {name: found, "start": start, "limit": per_page, "total": len(documents)}
    return JSONResponse(totals | ({"length": len(found)} if name == "users" else {}))


def shown(request: Request, document: Json) -> Json:
    """Return the members of a document that are in `fields`, or with include_fields=false those that are not."""
    names = [name for name in request.query_params.get("fields", "").split(",") if name]
    include = request.query_params.get("include_fields", "true")
    if include not in {"true", "false"}:
        raise _invalid_query("Expected type boolean but found type string on property include_fields")
    if not names:
        return document
    return {name: value for name, value in document.items() if (name in names) == (include == "true")}


def checkpoint_of(request: Request, documents: list[Json], name: str) -> Response:
    """Answer what follows a checkpoint, and name the next one unless this was the end."""
    take = number(request, "take", 50, least=1, most=100)
    start = _position(request.query_params.get("from", ""))
    found, more = documents[start : start + take], start + take < len(documents)
    return JSONResponse({name: found} | ({"next": _cursor(start + take)} if more else {}))


def _cursor(position: int) -> str:
    return b64encode(str(position).encode()).decode("ascii")


def _position(cursor: str) -> int:
    try:
        return int(b64decode(cursor, validate=True) or b"0")
    except ValueError:
        raise _invalid_query("Invalid checkpoint on property from") from None


def _invalid_query(fault: str) -> ApiError:
    return ApiError(400, f"Query validation error: '{fault}'.", "invalid_query_string")
