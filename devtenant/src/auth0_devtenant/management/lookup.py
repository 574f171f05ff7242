"""Finding the record that a path or a body names, or Auth0's error for an unknown one."""

from starlette.requests import Request

from auth0_devtenant.errors import ApiError
from auth0_devtenant.state import Api, Client, ClientGrant, Connection, Organization, Role, Tenant, User


def user_of(request: Request, tenant: Tenant, name: str = "id") -> User:
    """Return the user that the path names."""
    return find_user(tenant, request.path_params[name])


def find_user(tenant: Tenant, user_id: str) -> User:
    """Return the user of an id."""
    user = tenant.state.users.get(user_id)
    if user is None:
        raise ApiError(404, "The user does not exist.", "inexistent_user")
    return user


def find_role(tenant: Tenant, role_id: str) -> Role:
    """Return the role of an id."""
    role = tenant.state.roles.get(role_id)
    if role is None:
        raise ApiError(404, "The role does not exist.")
    return role


def find_organization(tenant: Tenant, organization_id: str) -> Organization:
    """Return the organization of an id."""
    organization = tenant.state.organizations.get(organization_id)
    if organization is None:
        raise no_organization()
    return organization


def no_organization() -> ApiError:
    """Return the error for an unknown organization."""
    return ApiError(404, "No organization found by that id or name")


def find_client(tenant: Tenant, client_id: str) -> Client:
    """Return the client of an id."""
    client = tenant.state.clients.get(client_id)
    if client is None:
        raise ApiError(404, "The client does not exist", "inexistent_client")
    return client


def find_client_grant(tenant: Tenant, grant_id: str) -> ClientGrant:
    """Return the client grant of an id; the words of the error are unverified."""
    grant = tenant.state.client_grants.get(grant_id)
    if grant is None:
        raise ApiError(404, "The client grant does not exist.", "inexistent_client_grant")
    return grant


def find_connection(tenant: Tenant, connection_id: str) -> Connection:
    """Return the connection of an id."""
    connection = tenant.state.connections.get(connection_id)
    if connection is None:
        raise ApiError(404, "The connection does not exist", "inexistent_connection")
    return connection


def find_api(tenant: Tenant, id_or_identifier: str) -> Api:
    """Return the resource server of an id or an identifier (audience)."""
    api = tenant.api(id_or_identifier)
    found = [each for each in tenant.state.apis.values() if each.id == id_or_identifier] if api is None else [api]
    if not found:
        raise ApiError(404, "The resource server does not exist", "inexistent_resource_server")
    return found[0]
