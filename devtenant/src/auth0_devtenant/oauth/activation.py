"""/activate: a person allows a device to log in (RFC 8628 section 3.3).

The person enters or confirms the device's code and logs in at /authorize like at any application, with
/activate/callback as the redirect URI. The authorization code that comes back is what the device gets.
"""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth0_devtenant.bodies import read_form, tenant_of
from auth0_devtenant.jwt import base64url
from auth0_devtenant.pages.activation import code_page, confirmation_page, result_page
from auth0_devtenant.state import ACTIVATION_CALLBACK, DeviceCode, Grant, Tenant, new_secret

_UNKNOWN_CODE = "This code is not valid, or it has expired."


async def show_activation(request: Request) -> Response:
    """Ask for the code that the device shows; if the address has one, whether it is that of the device."""
    user_code = request.query_params.get("user_code", "")
    device = _find(tenant_of(request), user_code)
    if device is None:
        return code_page(user_code, error=_UNKNOWN_CODE if user_code else "")
    return confirmation_page(device.user_code, _application(tenant_of(request), device))


async def confirm(request: Request) -> Response:
    """Begin the login that allows the device, or refuse it."""
    form = read_form(await request.body())
    device = _find(tenant_of(request), form.get("user_code", ""))
    if device is None:
        return code_page(form.get("user_code", ""), error=_UNKNOWN_CODE)
    if form.get("action") == "confirm":
        device.code_challenge = base64url(sha256(new_secret().encode()).digest())
        return RedirectResponse(f"/authorize?{urlencode(_authorization_request(device))}", 302)
    device.denied = True
    return result_page("Device not connected", "The device does not get access. You can close this window.")


async def finish(request: Request) -> Response:
    """Give the device what was granted in the login."""
    tenant, query = tenant_of(request), request.query_params
    device = _find(tenant, query.get("state", ""))
    grant = tenant.state.codes.pop(query.get("code", ""), None)
    if device is None:
        return result_page("Device not connected", _UNKNOWN_CODE, status=400)
    if grant is None or not _answers(grant, device):
        device.denied = True
        reason = query.get("error_description", "The login was not finished.")
        return result_page("Device not connected", reason, status=400)
    device.grant = replace(grant, code_challenge=None, redirect_uri=None)
    return result_page("Congratulations, you're all set!", "Your device is now connected.")


def _find(tenant: Tenant, user_code: str) -> DeviceCode | None:
    """Return the device that waits with this code; case, spaces and the hyphen do not matter."""
    wanted = _plain(user_code)
    return next((device for device in _waiting(tenant) if _plain(device.user_code) == wanted), None)


def _waiting(tenant: Tenant) -> Iterator[DeviceCode]:
    for device in tenant.state.device_codes.values():
        if device.grant is None and not device.denied and device.expires_at > tenant.now():
            yield device


def _plain(user_code: str) -> str:
    return "".join(user_code.split()).replace("-", "").upper()


def _application(tenant: Tenant, device: DeviceCode) -> str:
    client = tenant.state.clients.get(device.client_id)
    return device.client_id if client is None else client.name


def _answers(grant: Grant, device: DeviceCode) -> bool:
    """Return whether the grant is that of the login that began with the confirmation of the code."""
    expected = (device.client_id, ACTIVATION_CALLBACK, device.code_challenge)
    return (grant.client_id, grant.redirect_uri, grant.code_challenge) == expected


def _authorization_request(device: DeviceCode) -> dict[str, str]:
    """Return the parameters of the login; no code verifier is needed, as the code does not leave the tenant."""
    audience = {} if device.audience is None else {"audience": device.audience}
    return audience | {
        "response_type": "code",
        "client_id": device.client_id,
        "redirect_uri": ACTIVATION_CALLBACK,
        "scope": device.scope,
        "state": device.user_code,
        "code_challenge": device.code_challenge or "",
        "code_challenge_method": "S256",
    }
