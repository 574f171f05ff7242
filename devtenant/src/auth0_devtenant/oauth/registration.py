"""/oidc/register: dynamic client registration (RFC 7591; Auth0: "Dynamic Application Registration").

It is open, anyone may register, and therefore off: the flag `enable_dynamic_client_registration` of the tenant's
settings turns it on. Applications that register are third-party ones, whose users are asked for their consent.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.bodies import read_members, tenant_of
from auth0_devtenant.errors import OAuthError, token_headers
from auth0_devtenant.state import Client, Json, new_secret

FLAG: Final = "enable_dynamic_client_registration"
_GRANT_TYPES: Final = ("authorization_code", "refresh_token")
_METHODS: Final = ("none", "client_secret_post", "client_secret_basic")


async def register_client(request: Request) -> Response:
    """Register a third-party application, if the tenant allows it."""
    tenant, body = tenant_of(request), await read_members(request)
    if not tenant.state.tenant_settings.get("flags", {}).get(FLAG):  # unverified: the status and the words
        raise OAuthError(403, "access_denied", "Dynamic client registration is not enabled for this tenant.")
    client = _client(body)
    tenant.state.clients[client.client_id] = client
    return JSONResponse(_document(client), 201, token_headers())


def _client(body: Json) -> Client:
    method = body.get("token_endpoint_auth_method", "client_secret_post")
    if method not in _METHODS:
        raise _invalid("invalid_client_metadata", "token_endpoint_auth_method is not supported.")
    wanted = _texts(body, "grant_types") or _GRANT_TYPES
    client_id = new_secret()
    return Client(
        client_id=client_id,
        name=str(body.get("client_name") or client_id),
        app_type="native" if method == "none" else "regular_web",
        client_secret="" if method == "none" else new_secret(),
        token_endpoint_auth_method=method,
        callback_urls=_redirect_uris(body),
        logout_urls=(),
        web_origins=(),
        grant_types=tuple(name for name in wanted if name in _GRANT_TYPES),
        is_first_party=False,
    )


def _redirect_uris(body: Json) -> tuple[str, ...]:
    uris = _texts(body, "redirect_uris")
    if not uris or not all("://" in uri and "#" not in uri for uri in uris):
        raise _invalid("invalid_redirect_uri", "redirect_uris is a list of absolute URIs without a fragment.")
    return uris


def _texts(body: Json, name: str) -> tuple[str, ...]:
    """Return a list of strings; nothing for one that is missing."""
    value = body.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _invalid("invalid_client_metadata", f"{name} is not a list of strings.")
    return tuple(value)


def _document(client: Client) -> Json:
    """Return the client information response (RFC 7591 section 3.2.1)."""
    secret = {"client_secret": client.client_secret, "client_secret_expires_at": 0} if client.client_secret else {}
    return {
        "client_id": client.client_id,
        "client_name": client.name,
        "redirect_uris": list(client.callback_urls),
        "grant_types": list(client.grant_types),
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
    } | secret


def _invalid(error: str, description: str) -> OAuthError:
    return OAuthError(400, error, description)
