"""Connections (Management API: Connections)."""

from secrets import token_urlsafe
from typing import Annotated, Any

from pydantic import StringConstraints
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management import cascade
from auth0_devtenant.management.lookup import find_client, find_connection
from auth0_devtenant.management.paging import checkpoint_response, page_response
from auth0_devtenant.management.routing import Route
from auth0_devtenant.management.selection import select_fields
from auth0_devtenant.management.validation import Body, invalid_body, read_array, read_body
from auth0_devtenant.state import Connection, Json, Tenant

_PASSWORD_POLICIES = (None, "none", "low", "fair", "good", "excellent")


class UpdateConnection(Body):
    """Changes of a connection. Of the options, passwordPolicy and requires_username have an effect here."""

    display_name: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None
    options: dict[str, Any] | None = None
    enabled_clients: list[str] | None = None
    is_domain_connection: bool | None = None
    show_as_button: bool | None = None
    realms: list[str] | None = None
    metadata: dict[str, str | None] | None = None
    authentication: dict[str, Any] | None = None
    connected_accounts: dict[str, Any] | None = None


class CreateConnection(UpdateConnection):
    """A new connection; its name and strategy cannot be changed."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$", max_length=128)]
    strategy: Annotated[str, StringConstraints(min_length=1)]


class EnabledClient(Body):
    """Whether an application may use a connection."""

    client_id: str
    status: bool


async def list_connections(request: Request, tenant: Tenant) -> Response:
    """List the connections, those of some strategies or the one of a name."""
    query = request.query_params
    strategies, name = query.getlist("strategy"), query.get("name")
    found = [
        _document(tenant, each)
        for each in tenant.state.connections.values()
        if (not strategies or each.strategy in strategies) and name in {None, each.name}
    ]
    return page_response(request, found, "connections", min_per_page=0, checkpoint=True, select=True)


async def create_connection(request: Request, tenant: Tenant) -> Response:
    """Create a connection; its name must be new."""
    body = await read_body(request, CreateConnection)
    if tenant.connection(body.name) is not None:  # unverified: the words
        raise ApiError(409, "A connection with the same name already exists", "connection_conflict")
    connection = Connection(f"con_{token_urlsafe(12)}", body.name, body.strategy, "", enabled_clients=[])
    _apply(tenant, connection, body)
    tenant.state.connections[connection.id] = connection
    return JSONResponse(_document(tenant, connection), 201)


async def get_connection(request: Request, tenant: Tenant) -> Response:
    """Return a connection."""
    return JSONResponse(select_fields(request, _document(tenant, _connection(request, tenant))))


async def update_connection(request: Request, tenant: Tenant) -> Response:
    """Change a connection; `options` are replaced as a whole."""
    connection = _connection(request, tenant)
    _apply(tenant, connection, await read_body(request, UpdateConnection))
    return JSONResponse(_document(tenant, connection))


async def delete_connection(request: Request, tenant: Tenant) -> Response:
    """Delete a connection and its users; the status is 202 because Auth0 deletes them later."""
    cascade.delete_connection(tenant, _connection(request, tenant))
    return JSONResponse({"deleted_at": tenant.timestamp()}, 202)


async def list_enabled_clients(request: Request, tenant: Tenant) -> Response:
    """List the applications that may use a connection."""
    found = [{"client_id": client_id} for client_id in _enabled_clients(tenant, _connection(request, tenant))]
    return checkpoint_response(request, found, "clients")


async def update_enabled_clients(request: Request, tenant: Tenant) -> Response:
    """Let applications use a connection, or not."""
    connection = _connection(request, tenant)
    changes = await read_array(request, EnabledClient, max_length=50)
    enabled = dict.fromkeys(_enabled_clients(tenant, connection))
    for change in changes:
        client_id = find_client(tenant, change.client_id).client_id
        enabled.pop(client_id, None)
        enabled |= {client_id: None} if change.status else {}
    connection.enabled_clients = list(enabled)
    return Response(status_code=204)


def _connection(request: Request, tenant: Tenant) -> Connection:
    return find_connection(tenant, request.path_params["id"])


def _document(tenant: Tenant, connection: Connection) -> Json:
    return connection.document | {"enabled_clients": _enabled_clients(tenant, connection)}


def _enabled_clients(tenant: Tenant, connection: Connection) -> list[str]:
    return list(tenant.state.clients) if connection.enabled_clients is None else connection.enabled_clients


def _apply(tenant: Tenant, connection: Connection, body: UpdateConnection) -> None:
    given = {name: value for name, value in body.given.items() if name not in {"name", "strategy"}}
    policy = (body.options or {}).get("passwordPolicy")
    if policy not in _PASSWORD_POLICIES:
        raise invalid_body(f"No enum match for: {policy}", "options.passwordPolicy")
    if body.enabled_clients is not None:
        connection.enabled_clients = [find_client(tenant, each).client_id for each in given.pop("enabled_clients")]
    connection.display_name = given.pop("display_name", None) or connection.display_name
    connection.settings |= given
    connection.settings = {name: value for name, value in connection.settings.items() if value is not None}


ROUTES = (
    Route("GET", "/connections", list_connections, ("read:connections",)),
    Route("POST", "/connections", create_connection, ("create:connections",)),
    Route("GET", "/connections/{id}", get_connection, ("read:connections",)),
    Route("PATCH", "/connections/{id}", update_connection, ("update:connections",)),
    Route("DELETE", "/connections/{id}", delete_connection, ("delete:connections",)),
    Route("GET", "/connections/{id}/clients", list_enabled_clients, ("read:connections",)),
    Route("PATCH", "/connections/{id}/clients", update_enabled_clients, ("update:connections",)),
)
