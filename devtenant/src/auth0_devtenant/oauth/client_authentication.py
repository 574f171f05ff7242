"""How a client authenticates at the token endpoint: secret, HTTP Basic, or a signed assertion.

RFC 6749 section 2.3.1; for assertions see client_assertion.py.
"""

from base64 import b64decode
from hmac import compare_digest
from urllib.parse import unquote_plus

from starlette.requests import Request

from auth0_devtenant.bodies import read_parameters, tenant_of
from auth0_devtenant.errors import OAuthError
from auth0_devtenant.oauth.client_assertion import ASSERTION_TYPE, require_assertion, unverified_subject
from auth0_devtenant.state import Client, Tenant


async def read_authenticated(request: Request) -> tuple[Client, dict[str, str]]:
    """Return the client of a request and the request's parameters; raise `OAuthError` if it does not prove who it is.

    A public client (`token_endpoint_auth_method` is none) is only named.
    """
    parameters = await read_parameters(request) | basic_credentials(request)
    return authenticate(tenant_of(request), parameters), parameters


def basic_credentials(request: Request) -> dict[str, str]:
    """Return `client_id` and `client_secret` of HTTP Basic, or nothing; raise `OAuthError` for malformed ones.

    Both are form-encoded (RFC 6749 section 2.3.1).
    """
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = b64decode(value, validate=True).decode("utf-8").partition(":")
    except ValueError:
        raise _unauthorized() from None
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)}


def authenticate(tenant: Tenant, parameters: dict[str, str]) -> Client:
    """Return the client of a request; raise `OAuthError` if it is unknown or does not prove who it is."""
    client = tenant.state.clients.get(parameters.get("client_id") or unverified_subject(parameters))
    if client is None:
        raise _unauthorized()
    if parameters.get("client_assertion_type") == ASSERTION_TYPE:
        require_assertion(tenant, client, parameters.get("client_assertion", ""))
        return client
    if not client.is_public and not _knows_secret(client, parameters.get("client_secret", "")):
        raise _unauthorized()
    return client


def _knows_secret(client: Client, secret: str) -> bool:
    """Return whether it is the client's secret; a client with private_key_jwt has none."""
    method, expected = client.token_endpoint_auth_method, client.client_secret
    if method == "private_key_jwt" or not expected:
        return False
    return compare_digest(expected.encode(), secret.encode("utf-8", "replace"))


def _unauthorized() -> OAuthError:
    return OAuthError(401, "access_denied", "Unauthorized")
