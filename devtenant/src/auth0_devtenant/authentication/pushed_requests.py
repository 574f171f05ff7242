"""/oauth/par: authorization requests that the client pushes before the browser comes (RFC 9126)."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.authentication.request import parse_request
from auth0_devtenant.authentication.responses import AuthorizationError, UntrustedRequestError
from auth0_devtenant.bodies import read_parameters, tenant_of
from auth0_devtenant.errors import OAuthError, token_headers
from auth0_devtenant.oauth.client_authentication import authenticate, basic_credentials
from auth0_devtenant.state import PushedRequest, Tenant, new_secret

_PREFIX: Final = "urn:ietf:params:oauth:request_uri:"
_LIFETIME: Final = 30
"""Seconds, as at Auth0."""
_CREDENTIALS: Final = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


async def push_request(request: Request) -> Response:
    """Check and store an authorization request of an authenticated client; return its request_uri."""
    tenant, parameters = tenant_of(request), await read_parameters(request)
    parameters |= basic_credentials(request)
    client = authenticate(tenant, parameters)
    if "request_uri" in parameters:  # RFC 9126 section 2.1
        raise OAuthError(400, "invalid_request", "request_uri is not allowed in a pushed authorization request")
    parameters = {name: value for name, value in parameters.items() if name not in _CREDENTIALS}
    parameters["client_id"] = client.client_id
    try:
        parse_request(tenant, parameters)
    except UntrustedRequestError as error:
        raise OAuthError(400, "invalid_request", str(error)) from None
    except AuthorizationError as error:
        raise OAuthError(400, error.error, error.description) from None
    uri = f"{_PREFIX}{new_secret()}"
    tenant.state.pushed_requests[uri] = PushedRequest(client.client_id, parameters, tenant.now() + _LIFETIME)
    return JSONResponse({"request_uri": uri, "expires_in": _LIFETIME}, 201, token_headers())


def take_pushed(tenant: Tenant, parameters: dict[str, str]) -> dict[str, str]:
    """Return the parameters that were pushed; a request_uri works once (RFC 9126 section 7.3)."""
    now = tenant.now()
    requests = {uri: each for uri, each in tenant.state.pushed_requests.items() if each.expires_at > now}
    tenant.state.pushed_requests = requests
    pushed = requests.get(parameters["request_uri"])
    if pushed is None or pushed.client_id != parameters.get("client_id"):
        raise UntrustedRequestError("The request_uri is unknown, expired or was used before.")
    del requests[parameters["request_uri"]]
    return pushed.parameters
