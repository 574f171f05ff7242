"""What applications can get with client credentials (Management API: Client grants)."""

from secrets import token_urlsafe

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management.lookup import find_api, find_client, find_client_grant
from auth0_devtenant.management.paging import page_response
from auth0_devtenant.management.routing import Route
from auth0_devtenant.management.validation import Body, read_body
from auth0_devtenant.state import Api, ClientGrant, Tenant


class CreateClientGrant(Body):
    """A new client grant."""

    client_id: str
    audience: str
    scope: list[str]


class UpdateClientGrant(Body):
    """The new scopes of a client grant."""

    scope: list[str]


async def list_client_grants(request: Request, tenant: Tenant) -> Response:
    """List the client grants, of one client or one audience."""
    query = request.query_params
    wanted = {name: query[name] for name in ("client_id", "audience") if name in query}
    documents = [grant.document for grant in tenant.state.client_grants.values()]
    found = [each for each in documents if all(each[name] == value for name, value in wanted.items())]
    return page_response(request, found, "client_grants", checkpoint=True)


async def create_client_grant(request: Request, tenant: Tenant) -> Response:
    """Let an application get tokens for an API."""
    body = await read_body(request, CreateClientGrant)
    client, api = find_client(tenant, body.client_id), find_api(tenant, body.audience)
    _require_scopes(api, body.scope)
    for grant in tenant.state.client_grants.values():
        if (grant.client_id, grant.audience) == (client.client_id, api.identifier):  # unverified: the words
            raise ApiError(409, "A resource with this identifier already exists.", "resource_already_exists")
    grant = ClientGrant(f"cgr_{token_urlsafe(12)}", client.client_id, api.identifier, tuple(body.scope))
    tenant.state.client_grants[grant.id] = grant
    return JSONResponse(grant.document, 201)


async def get_client_grant(request: Request, tenant: Tenant) -> Response:
    """Return a client grant."""
    return JSONResponse(find_client_grant(tenant, request.path_params["id"]).document)


async def update_client_grant(request: Request, tenant: Tenant) -> Response:
    """Replace the scopes of a client grant."""
    grant, body = find_client_grant(tenant, request.path_params["id"]), await read_body(request, UpdateClientGrant)
    _require_scopes(find_api(tenant, grant.audience), body.scope)
    grant.scope = tuple(body.scope)
    return JSONResponse(grant.document)


async def delete_client_grant(request: Request, tenant: Tenant) -> Response:
    """Delete a client grant; 204 for an unknown one too (unverified)."""
    tenant.state.client_grants.pop(request.path_params["id"], None)
    return Response(status_code=204)


def _require_scopes(api: Api, scopes: list[str]) -> None:
    """Require scopes that the API has; the words are unverified."""
    unknown = [name for name in scopes if name not in api.permissions]
    if unknown:
        message = f"The following scopes are not defined in the resource server: {', '.join(unknown)}"
        raise ApiError(400, message, "invalid_scopes")


ROUTES = (
    Route("GET", "/client-grants", list_client_grants, ("read:client_grants",)),
    Route("POST", "/client-grants", create_client_grant, ("create:client_grants",)),
    Route("GET", "/client-grants/{id}", get_client_grant, ("read:client_grants",)),
    Route("PATCH", "/client-grants/{id}", update_client_grant, ("update:client_grants",)),
    Route("DELETE", "/client-grants/{id}", delete_client_grant, ("delete:client_grants",)),
)
