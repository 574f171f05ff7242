"""The device flow: /oauth/device/code, and the grant that the device polls with (RFC 8628).

Statuses and messages are Auth0's ("Device Authorization Flow"); the user's part is in activation.py.
"""

from secrets import choice
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.bodies import issuer_of, tenant_of
from auth0_devtenant.errors import OAuthError, token_headers
from auth0_devtenant.oauth.client_authentication import read_authenticated
from auth0_devtenant.oauth.token_request import TokenRequest, require_grant_type, user_of, user_response
from auth0_devtenant.scopes import DEFAULT_SCOPE
from auth0_devtenant.state import DEVICE_CODE, DeviceCode, Tenant, new_secret

INTERVAL: Final = 5
"""Seconds between two requests of the device."""

_LIFETIME = 900
_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""Auth0's character set "Base20": no vowels, and no digits that look like letters."""


async def issue_device_code(request: Request) -> Response:
    """Return the code that the device polls with, and the one that its user enters at /activate."""
    tenant = tenant_of(request)
    client, parameters = await read_authenticated(request)
    require_grant_type(client, DEVICE_CODE)
    audience = tenant.requested_audience(parameters) or tenant.state.default_audience
    if audience is not None and tenant.api(audience) is None:
        raise OAuthError(403, "access_denied", f"Service not found: {audience}")
    device = DeviceCode(
        client_id=client.client_id,
        user_code=_new_user_code(),
        scope=parameters.get("scope") or DEFAULT_SCOPE,
        audience=audience,
        issuer=issuer_of(request),
        expires_at=tenant.now() + _LIFETIME,
    )
    device_code = new_secret()
    tenant.state.device_codes[device_code] = device
    return JSONResponse(_description(device, device_code), headers=token_headers())


def issue_to_device(request: TokenRequest) -> Response:
    """Return the tokens that the user allowed; an `OAuthError` says that the device must wait, or give up."""
    tenant, code = request.tenant, request.required("device_code")
    device = tenant.state.device_codes.get(code)
    if device is None or device.client_id != request.client.client_id:
        raise OAuthError(403, "invalid_grant", "Invalid or expired device code.")
    if device.expires_at <= tenant.now():
        del tenant.state.device_codes[code]  # "expired_token" is answered once, then "invalid_grant"
        raise OAuthError(403, "expired_token", "The device code has expired.")
    _require_interval(tenant, device)
    if device.denied:
        del tenant.state.device_codes[code]
        raise OAuthError(403, "access_denied", "User cancelled the confirmation prompt or consent page.")
    if device.grant is None:
        raise OAuthError(403, "authorization_pending", "User has yet to authorize device code.")
    del tenant.state.device_codes[code]
    user = user_of(tenant, device.grant.user_id, missing="Invalid or expired device code.")
    return user_response(request, user, device.grant)


def _require_interval(tenant: Tenant, device: DeviceCode) -> None:
    last, device.polled_at = device.polled_at, tenant.now()
    if last is not None and tenant.now() - last < INTERVAL:
        message = f"You are polling faster than the specified interval of {INTERVAL} seconds."
        raise OAuthError(429, "slow_down", message)


def _new_user_code() -> str:
    letters = "".join(choice(_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def _description(device: DeviceCode, device_code: str) -> dict[str, object]:
    uri = f"{device.issuer}activate"
    return {
        "device_code": device_code,
        "user_code": device.user_code,
        "verification_uri": uri,
        "expires_in": _LIFETIME,
        "interval": INTERVAL,
        "verification_uri_complete": f"{uri}?user_code={device.user_code}",
    }
