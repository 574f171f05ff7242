"""The connections that are enabled in an organization (Management API: Organizations)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management.lookup import find_connection, find_organization
from auth0_devtenant.management.paging import page_response
from auth0_devtenant.management.routing import Route
from auth0_devtenant.management.validation import Body, read_body
from auth0_devtenant.state import Connection, Json, Organization, Tenant

_DEFAULTS: Json = {"assign_membership_on_login": False, "show_as_button": True, "is_signup_enabled": False}


class ConnectionSettings(Body):
    """How a connection is enabled."""

    assign_membership_on_login: bool = False
    show_as_button: bool = True
    is_signup_enabled: bool = False


class EnableConnection(ConnectionSettings):
    """A connection to enable."""

    connection_id: str


def enable(organization: Organization, connection: Connection, settings: ConnectionSettings) -> None:
    """Enable a connection, or change how it is enabled."""
    given = {name: value for name, value in settings.given.items() if name in _DEFAULTS}
    before = organization.connection_settings.get(connection.name, _DEFAULTS)
    organization.connection_settings[connection.name] = before | given
    organization.connections = tuple(dict.fromkeys((*organization.connections, connection.name)))


async def list_connections(request: Request, tenant: Tenant) -> Response:
    """List the connections enabled in an organization."""
    organization = _organization(request, tenant)
    found = [each for name in organization.connections if (each := tenant.connection(name)) is not None]
    return page_response(request, [_document(organization, each) for each in found], "enabled_connections")


async def enable_connection(request: Request, tenant: Tenant) -> Response:
    """Enable a connection in an organization."""
    organization, body = _organization(request, tenant), await read_body(request, EnableConnection)
    connection = find_connection(tenant, body.connection_id)
    if connection.name in organization.connections:  # unverified: the words
        raise ApiError(409, "The connection is already enabled for the organization.", "connection_conflict")
    enable(organization, connection, body)
    return JSONResponse(_document(organization, connection), 201)


async def get_connection(request: Request, tenant: Tenant) -> Response:
    """Return a connection enabled in an organization."""
    return JSONResponse(_document(*_enabled(request, tenant)))


async def update_connection(request: Request, tenant: Tenant) -> Response:
    """Change how a connection is enabled in an organization."""
    organization, connection = _enabled(request, tenant)
    enable(organization, connection, await read_body(request, ConnectionSettings))
    return JSONResponse(_document(organization, connection))


async def disable_connection(request: Request, tenant: Tenant) -> Response:
    """Disable a connection in an organization."""
    organization, connection = _enabled(request, tenant)
    organization.connections = tuple(name for name in organization.connections if name != connection.name)
    organization.connection_settings.pop(connection.name, None)
    return Response(status_code=204)


def _organization(request: Request, tenant: Tenant) -> Organization:
    return find_organization(tenant, request.path_params["id"])


def _enabled(request: Request, tenant: Tenant) -> tuple[Organization, Connection]:
    organization = _organization(request, tenant)
    connection = tenant.state.connections.get(request.path_params["connection_id"])
    if connection is None or connection.name not in organization.connections:
        raise ApiError(404, "Connection not found")
    return organization, connection


def _document(organization: Organization, connection: Connection) -> Json:
    settings = organization.connection_settings.get(connection.name, _DEFAULTS)
    shown = {"name": connection.name, "strategy": connection.strategy}
    return {"connection_id": connection.id, **settings, "connection": shown}


_PATH = "/organizations/{id}/enabled_connections"

ROUTES = (
    Route("GET", _PATH, list_connections, ("read:organization_connections",)),
    Route("POST", _PATH, enable_connection, ("create:organization_connections",)),
    Route("GET", _PATH + "/{connection_id}", get_connection, ("read:organization_connections",)),
    Route("PATCH", _PATH + "/{connection_id}", update_connection, ("update:organization_connections",)),
    Route("DELETE", _PATH + "/{connection_id}", disable_connection, ("delete:organization_connections",)),
)
