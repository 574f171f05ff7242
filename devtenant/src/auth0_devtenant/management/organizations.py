"""Organizations (Management API: Organizations)."""

from secrets import token_urlsafe
from typing import Annotated, Any, TypeAlias

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management import cascade
from auth0_devtenant.management.lookup import find_connection, find_organization, no_organization, user_of
from auth0_devtenant.management.organization_connections import EnableConnection, enable
from auth0_devtenant.management.paging import page_response
from auth0_devtenant.management.parameters import invalid_query
from auth0_devtenant.management.routing import Route
from auth0_devtenant.management.search import USERS, QueryError, sort_documents
from auth0_devtenant.management.validation import Body, read_body
from auth0_devtenant.state import Organization, Tenant

Name: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=50)]
DisplayName: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Metadata: TypeAlias = Annotated[dict[str, str | None], Field(max_length=25)]


class CreateOrganization(Body):
    """A new organization."""

    name: Name
    display_name: DisplayName | None = None
    branding: dict[str, Any] = Field(default_factory=dict)
    metadata: Metadata = Field(default_factory=dict)
    enabled_connections: list[EnableConnection] = Field(default_factory=list)


class UpdateOrganization(Body):
    """Changes of an organization."""

    name: Name | None = None
    display_name: DisplayName | None = None
    branding: dict[str, Any] | None = None
    metadata: Metadata | None = None


async def list_organizations(request: Request, tenant: Tenant) -> Response:
    """List the organizations, by page or by checkpoint, in the order of `sort`."""
    found = [each.document for each in tenant.state.organizations.values()]
    sort = request.query_params.get("sort")
    if sort is not None:
        try:
            found = sort_documents(found, sort, USERS)
        except QueryError as error:
            raise invalid_query(str(error)) from None
    return page_response(request, found, "organizations", checkpoint=True)


async def create_organization(request: Request, tenant: Tenant) -> Response:
    """Create an organization; its name must be new."""
    body = await read_body(request, CreateOrganization)
    _require_free_name(tenant, body.name, None)
    enabled = [find_connection(tenant, each.connection_id) for each in body.enabled_connections]
    organization = Organization(f"org_{token_urlsafe(12)}", body.name, body.display_name or body.name, {}, ())
    organization.branding, organization.metadata = body.branding, _without_null(body.metadata)
    for connection, settings in zip(enabled, body.enabled_connections, strict=True):
        enable(organization, connection, settings)
    tenant.state.organizations[organization.id] = organization
    return JSONResponse(organization.document, 201)


async def get_organization(request: Request, tenant: Tenant) -> Response:
    """Return an organization."""
    return JSONResponse(find_organization(tenant, request.path_params["id"]).document)


async def get_organization_by_name(request: Request, tenant: Tenant) -> Response:
    """Return the organization of a name."""
    name = request.path_params["name"]
    for organization in tenant.state.organizations.values():
        if organization.name == name:
            return JSONResponse(organization.document)
    raise no_organization()


async def update_organization(request: Request, tenant: Tenant) -> Response:
    """Change an organization; `metadata` and `branding` are replaced."""
    organization = find_organization(tenant, request.path_params["id"])
    body = await read_body(request, UpdateOrganization)
    if body.name is not None:
        _require_free_name(tenant, body.name, organization)
    for name, value in body.given.items():
        if value is not None:
            setattr(organization, name, _without_null(value) if name == "metadata" else value)
    return JSONResponse(organization.document)


async def delete_organization(request: Request, tenant: Tenant) -> Response:
    """Delete an organization."""
    cascade.delete_organization(tenant, find_organization(tenant, request.path_params["id"]))
    return Response(status_code=204)


async def list_user_organizations(request: Request, tenant: Tenant) -> Response:
    """List the organizations of a user."""
    user_id = user_of(request, tenant).user_id
    found = [each.document for each in tenant.state.organizations.values() if user_id in each.members]
    return page_response(request, found, "organizations")


def _without_null(metadata: dict[str, str | None]) -> dict[str, str | None]:
    return {name: value for name, value in metadata.items() if value is not None}


def _require_free_name(tenant: Tenant, name: str, own: Organization | None) -> None:
    if any(each.name == name and each is not own for each in tenant.state.organizations.values()):
        raise ApiError(409, "An organization with this name already exists.", "organization_conflict")  # unverified


ROUTES = (
    Route("GET", "/organizations", list_organizations, ("read:organizations",)),
    Route("POST", "/organizations", create_organization, ("create:organizations",)),
    Route("GET", "/organizations/name/{name}", get_organization_by_name, ("read:organizations",)),
    Route("GET", "/organizations/{id}", get_organization, ("read:organizations",)),
    Route("PATCH", "/organizations/{id}", update_organization, ("update:organizations",)),
    Route("DELETE", "/organizations/{id}", delete_organization, ("delete:organizations",)),
    Route("GET", "/users/{id}/organizations", list_user_organizations, ("read:organizations",)),
)
