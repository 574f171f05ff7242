"""What applications can get with client credentials (Management API: Client grants)."""

from secrets import token_urlsafe
from typing import Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management.lookup import find_api, find_client, find_client_grant, find_organization
from auth0_devtenant.management.paging import page_response
from auth0_devtenant.management.routing import Route
from auth0_devtenant.management.validation import Body, read_body
from auth0_devtenant.state import Api, ClientGrant, Tenant


class UpdateClientGrant(Body):
    """The new scopes of a client grant, and whether tokens for organizations can be requested."""

    scope: list[str] | None = None
    organization_usage: Literal["deny", "allow", "require"] | None = None
    allow_any_organization: bool | None = None


class CreateClientGrant(UpdateClientGrant):
    """A new client grant."""

    client_id: str
    audience: str
    scope: list[str]


class AllowOrganization(Body):
    """The client grant that an organization gets."""

    grant_id: str


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
    grant = ClientGrant(f"cgr_{token_urlsafe(12)}", client.client_id, api.identifier, ())
    _apply(grant, body)
    tenant.state.client_grants[grant.id] = grant
    return JSONResponse(grant.document, 201)


async def get_client_grant(request: Request, tenant: Tenant) -> Response:
    """Return a client grant."""
    return JSONResponse(find_client_grant(tenant, request.path_params["id"]).document)


async def update_client_grant(request: Request, tenant: Tenant) -> Response:
    """Change a client grant; its scopes are replaced."""
    grant, body = find_client_grant(tenant, request.path_params["id"]), await read_body(request, UpdateClientGrant)
    _require_scopes(find_api(tenant, grant.audience), body.scope or [])
    _apply(grant, body)
    return JSONResponse(grant.document)


async def delete_client_grant(request: Request, tenant: Tenant) -> Response:
    """Delete a client grant; 204 for an unknown one too (unverified)."""
    tenant.state.client_grants.pop(request.path_params["id"], None)
    return Response(status_code=204)


async def list_grant_organizations(request: Request, tenant: Tenant) -> Response:
    """List the organizations for which a client can request tokens by a grant."""
    grant = find_client_grant(tenant, request.path_params["id"])
    found = [tenant.state.organizations[each].document for each in grant.organization_ids]
    return page_response(request, found, "organizations", checkpoint=True)


async def list_organization_grants(request: Request, tenant: Tenant) -> Response:
    """List the client grants that name an organization."""
    organization = find_organization(tenant, request.path_params["id"])
    grants = [each for each in tenant.state.client_grants.values() if organization.id in each.organization_ids]
    return page_response(request, [grant.document for grant in grants], "client_grants")


async def allow_organization(request: Request, tenant: Tenant) -> Response:
    """Let a client request tokens for an organization by one of its grants."""
    organization = find_organization(tenant, request.path_params["id"])
    grant = find_client_grant(tenant, (await read_body(request, AllowOrganization)).grant_id)
    if organization.id not in grant.organization_ids:
        grant.organization_ids.append(organization.id)
    return JSONResponse(grant.document, 201)


async def forbid_organization(request: Request, tenant: Tenant) -> Response:
    """Take an organization from a client grant."""
    organization = find_organization(tenant, request.path_params["id"])
    grant = find_client_grant(tenant, request.path_params["grant_id"])
    grant.organization_ids = [each for each in grant.organization_ids if each != organization.id]
    return Response(status_code=204)


def _apply(grant: ClientGrant, body: UpdateClientGrant) -> None:
    if body.scope is not None:
        grant.scope = tuple(body.scope)
    grant.organization_usage = body.organization_usage or grant.organization_usage
    if body.allow_any_organization is not None:
        grant.allow_any_organization = body.allow_any_organization


def _require_scopes(api: Api, scopes: list[str]) -> None:
    """Require scopes that the API has; the words are unverified."""
    unknown = [name for name in scopes if name not in api.permissions]
    if unknown:
        message = f"The following scopes are not defined in the resource server: {', '.join(unknown)}"
        raise ApiError(400, message, "invalid_scopes")


_ORGANIZATION = "/organizations/{id}/client-grants"

ROUTES = (
    Route("GET", "/client-grants", list_client_grants, ("read:client_grants",)),
    Route("POST", "/client-grants", create_client_grant, ("create:client_grants",)),
    Route("GET", "/client-grants/{id}", get_client_grant, ("read:client_grants",)),
    Route("PATCH", "/client-grants/{id}", update_client_grant, ("update:client_grants",)),
    Route("DELETE", "/client-grants/{id}", delete_client_grant, ("delete:client_grants",)),
    Route("GET", "/client-grants/{id}/organizations", list_grant_organizations, ("read:organization_client_grants",)),
    Route("GET", _ORGANIZATION, list_organization_grants, ("read:organization_client_grants",)),
    Route("POST", _ORGANIZATION, allow_organization, ("create:organization_client_grants",)),
    Route("DELETE", _ORGANIZATION + "/{grant_id}", forbid_organization, ("delete:organization_client_grants",)),
)
