"""Users: list, search, create, update and delete (Management API: Users)."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.management import cascade
from auth0_devtenant.management.lookup import user_of
from auth0_devtenant.management.paging import page_response
from auth0_devtenant.management.parameters import boolean, invalid_query, refuse_unknown, required
from auth0_devtenant.management.routing import Route
from auth0_devtenant.management.search import USERS, Dialect, QueryError, parse, sort_documents
from auth0_devtenant.management.selection import select_fields
from auth0_devtenant.management.user_bodies import CreateUser, UpdateUser
from auth0_devtenant.management.user_writes import create, update
from auth0_devtenant.management.validation import read_body
from auth0_devtenant.state import Json, Tenant

_PARAMETERS = (
    *("page", "per_page", "include_totals", "sort", "connection", "fields", "include_fields", "q"),
    *("search_engine", "primary_order", "from", "take"),
)
_ENGINES = (None, "v1", "v2", "v3")


async def list_users(request: Request, tenant: Tenant) -> Response:
    """List or search users, by page or by checkpoint.

    `q` has Auth0's query syntax; `connection` selects with search_engine=v1 only, as Auth0 documents it. Users are in
    the order in which they were created unless `sort` says otherwise. The engine v2 is answered as v3.
    """
    refuse_unknown(request, *_PARAMETERS)
    boolean(request, "primary_order", default=True)
    engine = request.query_params.get("search_engine")
    if engine not in _ENGINES:
        raise invalid_query(f"No enum match for: {engine} on property search_engine")
    documents = [user.document for user in tenant.state.users.values()]
    found = _of_connection(request, documents) if engine == "v1" else _search(request, tenant, documents)
    return page_response(request, found, "users", min_per_page=0, limited=True, checkpoint=True, select=True)


async def find_by_email(request: Request, tenant: Tenant) -> Response:
    """List the users with exactly that email, case-sensitive."""
    email = required(request, "email")
    found = [user.document for user in tenant.state.users.values() if user.document.get("email") == email]
    return JSONResponse([select_fields(request, document) for document in found])


async def create_user(request: Request, tenant: Tenant) -> Response:
    """Create a user in a database or passwordless connection."""
    return JSONResponse(create(tenant, await read_body(request, CreateUser)).document, 201)


async def get_user(request: Request, tenant: Tenant) -> Response:
    """Return a user, or the members that `fields` selects."""
    return JSONResponse(select_fields(request, user_of(request, tenant).document))


async def update_user(request: Request, tenant: Tenant) -> Response:
    """Update a user: metadata is merged at the first level, other members are replaced, null removes one."""
    user = user_of(request, tenant)
    update(tenant, user, await read_body(request, UpdateUser))
    tenant.emit("user.updated", user.document)
    return JSONResponse(user.document)


async def delete_user(request: Request, tenant: Tenant) -> Response:
    """Delete a user; 204 for an unknown one too, the only status that Auth0 documents."""
    cascade.delete_user(tenant, request.path_params["id"])
    return Response(status_code=204)


def _of_connection(request: Request, documents: Sequence[Json]) -> list[Json]:
    if "q" in request.query_params:
        raise invalid_query("The parameter q needs search_engine=v3")
    name = request.query_params.get("connection")
    return [each for each in documents if not name or any(name == one["connection"] for one in each["identities"])]


def _search(request: Request, tenant: Tenant, documents: list[Json]) -> list[Json]:
    """Return the users that `q` finds, in the order of `sort`; the words of the error are unverified."""
    text, sort = request.query_params.get("q", ""), request.query_params.get("sort")
    dialect = _with_organizations(tenant)
    try:
        if text.strip():
            query = parse(text, dialect)
            documents = [document for document in documents if query.matches(document)]
        return documents if sort is None else sort_documents(documents, sort, dialect)
    except QueryError as error:
        raise invalid_query(f"Failed to parse query or sort: {error}") from None


def _with_organizations(tenant: Tenant) -> Dialect:
    """Return the search of users with the field organization_id, whose values are in the organizations."""
    organizations = tenant.state.organizations.values()

    def organization_ids(document: Json) -> Sequence[object]:
        return [each.id for each in organizations if document["user_id"] in each.members]

    return USERS.with_field("organization_id", organization_ids)


ROUTES = (
    Route("GET", "/users", list_users, ("read:users",)),
    Route("POST", "/users", create_user, ("create:users",)),
    Route("GET", "/users-by-email", find_by_email, ("read:users",)),
    Route("GET", "/users/{id}", get_user, ("read:users",)),
    Route("PATCH", "/users/{id}", update_user, ("update:users", "update:users_app_metadata")),
    Route("DELETE", "/users/{id}", delete_user, ("delete:users",)),
)
