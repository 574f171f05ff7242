"""APIs (Management API: Resource servers), by id or by identifier."""

from secrets import token_hex
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management import cascade
from auth0_devtenant.management.lookup import find_api
from auth0_devtenant.management.paging import page_response
from auth0_devtenant.management.routing import Route
from auth0_devtenant.management.selection import select_fields
from auth0_devtenant.management.validation import Body, invalid_body, read_body
from auth0_devtenant.seed import Dialect
from auth0_devtenant.state import Api, Json, Tenant

_MAX_LIFETIME = 2_592_000


class ScopeBody(Body):
    """A permission of an API."""

    value: Annotated[str, StringConstraints(min_length=1, max_length=280)]
    description: Annotated[str, StringConstraints(max_length=500)] = ""


class ProofOfPossessionBody(Body):
    """How access tokens are bound to the client's key; Auth0: "Configure Sender Constraining"."""

    mechanism: Literal["none", "mtls", "dpop"]
    required: bool = False
    required_for: Literal["all_clients", "public_clients"] = "all_clients"


class UpdateResourceServer(Body):
    """Changes of an API. The last members are stored and shown, and have no effect here."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^<>]+$")] | None = None
    scopes: list[ScopeBody] | None = None
    # The tenant signs with RS256 only; Auth0 has HS256 and PS256 too.
    signing_alg: Literal["RS256"] | None = None
    token_dialect: Dialect | None = None
    token_lifetime: Annotated[int, Field(ge=1, le=_MAX_LIFETIME)] | None = None
    enforce_policies: bool | None = None
    allow_offline_access: bool | None = None
    skip_consent_for_verifiable_first_party_clients: bool | None = None
    proof_of_possession: ProofOfPossessionBody | None = None
    subject_type_authorization: dict[str, Any] | None = None


class CreateResourceServer(UpdateResourceServer):
    """A new API."""

    identifier: Annotated[str, StringConstraints(min_length=1, max_length=600)]


async def list_resource_servers(request: Request, tenant: Tenant) -> Response:
    """List the APIs, or those of `identifiers`; the Management API is one of them."""
    wanted = [each for text in request.query_params.getlist("identifiers") for each in text.split(",") if each]
    found = [each.document for each in tenant.state.apis.values() if not wanted or each.identifier in wanted]
    return page_response(request, found, "resource_servers", min_per_page=0, checkpoint=True)


async def create_resource_server(request: Request, tenant: Tenant) -> Response:
    """Create an API; its identifier must be new and cannot be changed."""
    body = await read_body(request, CreateResourceServer)
    if tenant.api(body.identifier) is not None:  # unverified: the words
        raise ApiError(409, "A resource with this identifier already exists.", "resource_already_exists")
    api = Api(
        id=token_hex(12),
        identifier=body.identifier,
        name=body.name or body.identifier,
        token_dialect="access_token",  # noqa: S106 - the name of a token profile, not a secret
        token_lifetime=86_400,
        enforce_policies=False,
        allow_offline_access=False,
        permissions={},
    )
    tenant.state.apis[api.identifier] = api
    _apply(tenant, api, body)
    return JSONResponse(api.document, 201)


async def get_resource_server(request: Request, tenant: Tenant) -> Response:
    """Return an API."""
    return JSONResponse(select_fields(request, find_api(tenant, request.path_params["id"]).document))


async def update_resource_server(request: Request, tenant: Tenant) -> Response:
    """Change an API; permissions that it loses are taken from roles, users and client grants."""
    api, body = _changeable(request, tenant), await read_body(request, UpdateResourceServer)
    _apply(tenant, api, body)
    return JSONResponse(api.document)


async def delete_resource_server(request: Request, tenant: Tenant) -> Response:
    """Delete an API."""
    cascade.delete_api(tenant, _changeable(request, tenant))
    return Response(status_code=204)


def _changeable(request: Request, tenant: Tenant) -> Api:
    api = find_api(tenant, request.path_params["id"])
    if api.is_system:  # unverified: the words
        raise ApiError(400, "The Management API cannot be changed or deleted.", "operation_not_supported")
    return api


def _apply(tenant: Tenant, api: Api, body: UpdateResourceServer) -> None:
    for name, value in body.given.items():
        if name == "scopes":
            api.permissions = {each.value: each.description for each in body.scopes or ()}
            cascade.keep_permissions(tenant, api, tuple(api.permissions))
        elif name in {"skip_consent_for_verifiable_first_party_clients", "subject_type_authorization"}:
            api.settings[name] = value
        elif name == "proof_of_possession":
            api.proof_of_possession = None if value is None else _policy(body.proof_of_possession)
        elif value is not None and name not in {"identifier", "signing_alg"}:
            setattr(api, name, value)


def _policy(policy: ProofOfPossessionBody | None) -> Json | None:
    if policy is None:
        return None
    if (policy.mechanism, policy.required_for) == ("mtls", "public_clients"):  # unverified: the words
        raise invalid_body("No enum match for: public_clients", "proof_of_possession.required_for")
    return policy.model_dump()


ROUTES = (
    Route("GET", "/resource-servers", list_resource_servers, ("read:resource_servers",)),
    Route("POST", "/resource-servers", create_resource_server, ("create:resource_servers",)),
    Route("GET", "/resource-servers/{id}", get_resource_server, ("read:resource_servers",)),
    Route("PATCH", "/resource-servers/{id}", update_resource_server, ("update:resource_servers",)),
    Route("DELETE", "/resource-servers/{id}", delete_resource_server, ("delete:resource_servers",)),
)
