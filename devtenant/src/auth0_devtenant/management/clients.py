"""Applications (Management API: Clients)."""

import re
from dataclasses import fields
from secrets import token_urlsafe

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant import seed
from auth0_devtenant.errors import ApiError
from auth0_devtenant.management import cascade
from auth0_devtenant.management.client_bodies import CreateClient, UpdateClient
from auth0_devtenant.management.lookup import find_client
from auth0_devtenant.management.paging import page_response
from auth0_devtenant.management.parameters import boolean
from auth0_devtenant.management.routing import Route
from auth0_devtenant.management.selection import select_fields
from auth0_devtenant.management.validation import invalid_body, read_body
from auth0_devtenant.state import Client, Json, Tenant

_SECRET_METHODS = ("client_secret_post", "client_secret_basic")
_RENAMED = {"callbacks": "callback_urls", "allowed_logout_urls": "logout_urls"}
_RECORD_FIELDS = {field.name for field in fields(Client)} - {"settings", "client_metadata"}
"""The members that have an effect; all others are settings of the record."""

_WITHOUT_SECRET = frozenset({"none", "private_key_jwt"})


async def list_clients(request: Request, tenant: Tenant) -> Response:
    """List the applications, with secrets if the token has read:client_keys."""
    types = [name for name in request.query_params.get("app_type", "").split(",") if name]
    first_party = request.query_params.get("is_first_party")
    found = []
    for client in tenant.state.clients.values():
        document = _document(request, client)
        wanted = first_party is None or document["is_first_party"] == boolean(request, "is_first_party", default=True)
        if wanted and (not types or client.app_type in types):
            found.append(document)
    if boolean(request, "is_global", default=False):  # the client "All Applications", which this tenant lacks
        found = []
    return page_response(request, found, "clients", min_per_page=0, checkpoint=True, select=True)


async def create_client(request: Request, tenant: Tenant) -> Response:
    """Create an application with a new id and, unless it is a public client, a secret."""
    body = await read_body(request, CreateClient)
    kind = body.app_type or "regular_web"
    defaults = seed.Application(name=body.name, app_type=kind)
    method = body.token_endpoint_auth_method or defaults.token_endpoint_auth_method
    client = Client(
        client_id=_new_client_id(),
        name=body.name,
        app_type=kind,
        client_secret="" if method in _WITHOUT_SECRET else token_urlsafe(48),
        token_endpoint_auth_method=method,
        callback_urls=(),
        logout_urls=(),
        web_origins=(),
        grant_types=defaults.grant_types,
    )
    _apply(client, body)
    tenant.state.clients[client.client_id] = client
    return JSONResponse(client.document, 201)


async def get_client(request: Request, tenant: Tenant) -> Response:
    """Return an application, with the secret if the token has read:client_keys."""
    client = find_client(tenant, request.path_params["id"])
    return JSONResponse(select_fields(request, _document(request, client)))


async def update_client(request: Request, tenant: Tenant) -> Response:
    """Change an application; lists are replaced, null removes a member, metadata is merged."""
    client, body = find_client(tenant, request.path_params["id"]), await read_body(request, UpdateClient)
    _apply(client, body)
    return JSONResponse(_document(request, client))


async def delete_client(request: Request, tenant: Tenant) -> Response:
    """Delete an application; 204 for an unknown one too (unverified)."""
    client = tenant.state.clients.get(request.path_params["id"])
    if client is not None:
        cascade.delete_client(tenant, client)
    return Response(status_code=204)


async def rotate_secret(request: Request, tenant: Tenant) -> Response:
    """Give an application a new secret; a public client has none in this tenant."""
    client = find_client(tenant, request.path_params["id"])
    if client.token_endpoint_auth_method not in _SECRET_METHODS:
        message = "This development tenant has secrets for clients that authenticate with one only."
        raise ApiError(400, message, "operation_not_supported")
    client.client_secret = token_urlsafe(48)
    return JSONResponse(client.document)


def _document(request: Request, client: Client) -> Json:
    document = client.document
    if "read:client_keys" not in request.state.scopes:
        document.pop("client_secret", None)
    return document


def _apply(client: Client, body: UpdateClient) -> None:
    algorithm = (body.jwt_configuration or {}).get("alg", "RS256")
    if algorithm != "RS256":  # the tenant signs with RS256 only
        raise invalid_body(f"No enum match for: {algorithm}", "jwt_configuration.alg")
    for name, value in body.given.items():
        target = _RENAMED.get(name, name)
        if name == "client_metadata":
            merged = client.client_metadata | (value or {})
            client.client_metadata = {key: entry for key, entry in merged.items() if entry is not None}
        elif target not in _RECORD_FIELDS:
            client.settings[name] = value
        elif isinstance(getattr(client, target), tuple):
            setattr(client, target, tuple(value or ()))
        elif value is not None:
            setattr(client, target, value)
    client.settings = {name: value for name, value in client.settings.items() if value is not None}
    _fit_secret(client)


def _fit_secret(client: Client) -> None:
    """Give a client that became a confidential one a secret; a public one and one with a key have none."""
    if client.token_endpoint_auth_method in _WITHOUT_SECRET:
        client.client_secret = ""
    elif client.token_endpoint_auth_method in _SECRET_METHODS and not client.client_secret:
        client.client_secret = token_urlsafe(48)


def _new_client_id() -> str:
    """Return 32 letters and digits, as Auth0's are."""
    return re.sub(r"[^A-Za-z0-9]", "", token_urlsafe(96))[:32]


ROUTES = (
    Route("GET", "/clients", list_clients, ("read:clients", "read:client_keys")),
    Route("POST", "/clients", create_client, ("create:clients",)),
    Route("GET", "/clients/{id}", get_client, ("read:clients", "read:client_keys")),
    Route("PATCH", "/clients/{id}", update_client, ("update:clients", "update:client_keys")),
    Route("DELETE", "/clients/{id}", delete_client, ("delete:clients",)),
    Route("POST", "/clients/{id}/rotate-secret", rotate_secret, ("update:client_keys",)),
)
