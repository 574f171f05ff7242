"""Users: list, search, create, update and delete (Management API: Users)."""

import re
from secrets import token_hex

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from auth0_devtenant.bodies import invalid_body, read_document
from auth0_devtenant.errors import ApiError
from auth0_devtenant.management.guard import require_any_scope
from auth0_devtenant.management.paging import page_response
from auth0_devtenant.management.parameters import select_fields, user_of
from auth0_devtenant.seed import DATABASE
from auth0_devtenant.state import Json, Tenant, User

_EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f]+")
_METADATA = ("user_metadata", "app_metadata")
_CREATABLE = ("email", "password", "connection", "name", "user_id", "email_verified", "blocked", *_METADATA)
_UPDATABLE = (
    "email",
    "password",
    "name",
    "nickname",
    "picture",
    "email_verified",
    "blocked",
    "connection",
    *_METADATA,
)
_TYPES = {"email_verified": bool, "blocked": bool, "user_metadata": dict, "app_metadata": dict}
_NULLABLE = ("name", "nickname", "picture", *_METADATA)


@require_any_scope("read:users")
async def list_users(request: Request, tenant: Tenant) -> Response:
    """List users by page; `q` searches an exact `email:` or `user_id:`, `fields` selects members."""
    query = request.query_params.get("q", "")
    found = [user.document for user in tenant.state.users.values() if _matches(user, query)]
    users = [select_fields(request, document) for document in found]
    return page_response(request, users, "users", min_per_page=0, limited=True, checkpoint=True)


@require_any_scope("read:users")
async def find_by_email(request: Request, tenant: Tenant) -> Response:
    """List the users with exactly that email, case-sensitive."""
    email = request.query_params.get("email", "")
    found = [user.document for user in tenant.state.users.values() if user.document["email"] == email]
    return JSONResponse([select_fields(request, document) for document in found])


@require_any_scope("create:users")
async def create_user(request: Request, tenant: Tenant) -> Response:
    """Create a user in the database connection."""
    body = await read_document(request, *_CREATABLE)
    for name in ("email", "password", "connection"):
        if not isinstance(body.get(name), str):
            raise invalid_body(f"Missing required property: {name}")
    _require_types(body)
    if body["connection"] != DATABASE:
        raise ApiError(400, "The connection does not exist.", "inexistent_connection")
    _require_strong_password(body["password"])
    user_id = f"auth0|{body.get('user_id') or token_hex(12)}"
    if user_id in tenant.state.users or tenant.find_by_email(body["email"]) is not None:
        raise ApiError(409, "The user already exists.", "auth0_idp_error")
    user = tenant.add_user(user_id, body["email"].lower(), body["password"], name=body.get("name"))
    for name in ("email_verified", "blocked", *_METADATA):
        if name in body:
            user.document[name] = body[name]
    return JSONResponse(user.document, 201)


@require_any_scope("read:users")
async def get_user(request: Request, tenant: Tenant) -> Response:
    """Return a user, or the members that `fields` selects."""
    return JSONResponse(select_fields(request, user_of(request, tenant).document))


@require_any_scope("update:users", "update:users_app_metadata")
async def update_user(request: Request, tenant: Tenant) -> Response:
    """Update a user: metadata is merged at the first level, other members are replaced, null removes one."""
    user = user_of(request, tenant)
    body = await read_document(request, *_UPDATABLE)
    _require_types(body)
    if "password" in body:
        _require_strong_password(body["password"])
        user.password = body["password"]
    for name in _METADATA:
        if name in body:
            _merge(user.document, name, body[name])
    replaced = {name: value for name, value in body.items() if name not in {"password", "connection", *_METADATA}}
    user.document |= replaced | {"updated_at": tenant.timestamp()}
    for name in [name for name, value in user.document.items() if value is None]:
        del user.document[name]
    return JSONResponse(user.document)


@require_any_scope("delete:users")
async def delete_user(request: Request, tenant: Tenant) -> Response:
    """Delete a user; 204 for an unknown one too, the only status that Auth0 documents."""
    try:
        user = user_of(request, tenant)
    except ApiError:
        return Response(status_code=204)
    del tenant.state.users[user.user_id]
    tenant.end_sessions(user.user_id)
    return Response(status_code=204)


def _matches(user: User, query: str) -> bool:
    found = re.fullmatch(r'(email|user_id):"?([^"\s]+)"?', query)
    return not query or (found is not None and user.document[found[1]] == found[2])


def _require_types(body: Json) -> None:
    for name, value in body.items():
        expected = _TYPES.get(name, str)
        if not isinstance(value, expected) and not (value is None and name in _NULLABLE):
            raise invalid_body(f"Expected type {expected.__name__} on property {name}")
    if "email" in body and not _EMAIL.fullmatch(body["email"]):
        raise invalid_body("Object didn't pass validation for format email: on property email")


def _require_strong_password(password: str) -> None:
    """Require Auth0's password policy "Good": eight characters of three kinds."""
    kinds = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9]")
    if len(password) < 8 or sum(re.search(kind, password) is not None for kind in kinds) < 3:
        raise ApiError(400, "PasswordStrengthError: Password is too weak", "invalid_password")


def _merge(document: Json, name: str, change: Json | None) -> None:
    """Merge metadata at the first level: null removes a key, `{}` all keys, and null instead of it the member."""
    if change is None:
        document.pop(name, None)
    elif change == {}:
        document[name] = {}
    else:
        merged = document.get(name, {}) | change
        document[name] = {key: value for key, value in merged.items() if value is not None}


ROUTES = (
    Route("/users", list_users, methods=["GET"]),
    Route("/users", create_user, methods=["POST"]),
    Route("/users-by-email", find_by_email, methods=["GET"]),
)
