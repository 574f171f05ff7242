"""The authorization request, checked once (RFC 6749 section 4.1.1, RFC 7636, OIDC Core section 3.1.2.1).

Parameters that are not known, such as `ui_locales` and those that start with `ext-`, are ignored, as at Auth0.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from auth0_devtenant.authentication.responses import (
    RESPONSE_MODES,
    AuthorizationError,
    ResponseTarget,
    UntrustedRequestError,
)
from auth0_devtenant.scopes import DEFAULT_SCOPE
from auth0_devtenant.state import ACTIVATION_CALLBACK, Client, Tenant

MULTI_FACTOR: Final = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"
"""The value of `acr_values` that requires a second factor (Auth0: "Add step-up authentication")."""

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_RESPONSE_TYPES: Final = frozenset({"code", "id_token", "token"})
_GRANT_TYPES: Final = {"code": "authorization_code", "id_token": "implicit", "token": "implicit"}


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A valid authorization request."""

    client_id: str
    target: ResponseTarget
    response_type: frozenset[str]
    scope: str
    audience: str | None
    nonce: str | None
    code_challenge: str | None
    prompt: frozenset[str]
    max_age: int | None
    """Seconds."""
    multi_factor: bool
    organization: str | None
    """An id or a name, as requested."""
    connection: str | None
    login_hint: str
    screen_hint: str

    def error(self, error: str, description: str) -> AuthorizationError:
        """Return an error to send to the application."""
        return AuthorizationError(self.target, error, description)


def parse_request(tenant: Tenant, parameters: Mapping[str, str]) -> AuthorizationRequest:
    """Return the request; raise `UntrustedRequestError` or `AuthorizationError`."""
    client = _client(tenant, parameters)
    response_type = frozenset(parameters.get("response_type", "").split())
    target = _target(client, parameters, response_type)
    request = AuthorizationRequest(
        client_id=client.client_id,
        target=target,
        response_type=response_type,
        scope=parameters.get("scope", DEFAULT_SCOPE),
        audience=tenant.requested_audience(parameters) or tenant.state.default_audience,
        nonce=parameters.get("nonce"),
        code_challenge=parameters.get("code_challenge"),
        prompt=frozenset(parameters.get("prompt", "").split()),
        max_age=_max_age(target, parameters.get("max_age")),
        multi_factor=MULTI_FACTOR in parameters.get("acr_values", "").split(),
        organization=parameters.get("organization") or None,
        connection=parameters.get("connection") or None,
        login_hint=parameters.get("login_hint", ""),
        screen_hint=parameters.get("screen_hint", ""),
    )
    _check_response(client, request, parameters)
    if "code" in response_type:
        _check_code_challenge(client, request, parameters.get("code_challenge_method"))
    _check_what_is_requested(tenant, client, request)
    return request


def _client(tenant: Tenant, parameters: Mapping[str, str]) -> Client:
    client = tenant.state.clients.get(parameters.get("client_id", ""))
    if client is None:
        raise UntrustedRequestError(f"Unknown client: {parameters.get('client_id', '')}")
    return client


def _target(client: Client, parameters: Mapping[str, str], response_type: frozenset[str]) -> ResponseTarget:
    uri = parameters.get("redirect_uri", "")
    if uri not in client.redirect_uris:
        raise UntrustedRequestError(f"Callback URL mismatch. {uri} is not in the list of allowed callback URLs")
    default = "fragment" if response_type & {"id_token", "token"} else "query"
    mode = parameters.get("response_mode") or default
    known = mode if mode in RESPONSE_MODES and (mode, default) != ("query", "fragment") else default
    target = ResponseTarget(uri, known, parameters.get("state"))
    if mode == "web_message" and target.origin not in client.web_origins:
        raise UntrustedRequestError(f"The specified redirect_uri '{uri}' does not have a registered origin.")
    return target


def _max_age(target: ResponseTarget, value: str | None) -> int | None:
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", value):
        raise AuthorizationError(target, "invalid_request", "max_age must be a number of seconds")
    return int(value)


def _check_response(client: Client, request: AuthorizationRequest, parameters: Mapping[str, str]) -> None:
    """Check response type and mode, and that the client may use the grant types they belong to.

    Auth0's words for the response mode, the nonce and the combination of prompts are unverified.
    """
    if not request.response_type:
        raise request.error("invalid_request", "Missing required parameter: response_type")
    if not request.response_type <= _RESPONSE_TYPES:
        raise request.error("unsupported_response_type", f"Unsupported response type: {parameters['response_type']}")
    if parameters.get("response_mode", request.target.response_mode) != request.target.response_mode:
        mode = parameters["response_mode"]
        raise request.error("invalid_request", f"response_mode {mode} is not allowed for this response type")
    # A device's login is the authorization part of its own grant type.
    device = request.target.redirect_uri == ACTIVATION_CALLBACK and request.response_type == {"code"}
    for name in sorted(request.response_type):
        if _GRANT_TYPES[name] not in client.grant_types and not device:
            message = f"Grant type '{_GRANT_TYPES[name]}' not allowed for the client."
            raise request.error("unauthorized_client", message)
    if "id_token" in request.response_type and not request.nonce:  # OIDC Core section 3.2.2.1
        raise request.error("invalid_request", "Missing required parameter: nonce")
    if "none" in request.prompt and len(request.prompt) > 1:
        raise request.error("invalid_request", "prompt=none cannot be combined with other values")
    if "request" in parameters:
        raise request.error("request_not_supported", "Request objects are not supported")


def _check_code_challenge(client: Client, request: AuthorizationRequest, method: str | None) -> None:
    """Require PKCE of a public client, and S256: Auth0 supports nothing else, although it lists `plain` too."""
    if request.code_challenge is None and not client.is_public:
        return
    if method != "S256" or not _CHALLENGE.fullmatch(request.code_challenge or ""):
        raise request.error("invalid_request", "Parameter code_challenge with method S256 is required")


def _check_what_is_requested(tenant: Tenant, client: Client, request: AuthorizationRequest) -> None:
    """Check that API, connection and organization exist and are open to the client."""
    if request.audience and tenant.api(request.audience) is None:
        raise request.error("access_denied", f"Service not found: {request.audience}")
    if request.connection is not None and tenant.connection(request.connection) is None:
        raise request.error("invalid_request", "the connection was not found")
    if request.organization is None:
        return
    if client.organization_usage == "deny":
        raise request.error("invalid_request", "parameter organization is not allowed for this client")
    if tenant.find_organization(request.organization) is None:
        # Auth0's words for this are unverified.
        raise request.error("invalid_request", f"organization {request.organization} was not found")
