"""A user's token by the device authorization grant (RFC 8628; Auth0: "Device Authorization Flow")."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.http.client import httpx
from auth0_sso.service.token.shown import shown
from auth0_sso.service.token.token_request import IssuedToken, TokenRequestError, post_form, request_token

DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"

_DEFAULT_INTERVAL, _SLOW_DOWN = 5.0, 5.0  # RFC 8628 sections 3.2 and 3.5, in seconds
_MAX_LIFETIME: Final = 3600.0


@dataclass(frozen=True, slots=True)
class UserCode:
    """What the user is asked to do: open the URL, and confirm the code there."""

    url: str
    code: str


@dataclass(frozen=True, slots=True)
class _Device:
    code: str = field(repr=False)
    user_code: UserCode
    interval: float
    lifetime: float


async def fetch_device_token(
    client: httpx.AsyncClient,
    issuer: str,
    request: Mapping[str, str],
    *,
    ask: Callable[[UserCode], None],
    clock: Clock = SYSTEM_CLOCK,
) -> IssuedToken:
    """Return the token of the user who confirms the code; `request` has the client id, the audience and the scope.

    `ask` shows the user what to do. Raises `TokenRequestError` for a refusal, and for a code that has expired.
    """
    device = _read_device(await post_form(client, f"{issuer}oauth/device/code", request))
    ask(device.user_code)
    form = {"grant_type": DEVICE_CODE, "device_code": device.code, "client_id": request["client_id"]}
    interval, until = device.interval, clock.monotonic() + device.lifetime
    while clock.monotonic() < until:
        await clock.sleep(interval)
        try:
            return await request_token(client, issuer, form)
        except TokenRequestError as error:
            if error.error not in {"authorization_pending", "slow_down"}:
                raise
            interval += _SLOW_DOWN if error.error == "slow_down" else 0
    raise TokenRequestError("expired_token", "the code was not confirmed in time")


def _read_device(members: Mapping[str, object]) -> _Device:
    """Read the response of RFC 8628 section 3.2."""
    code, user_code = members.get("device_code"), members.get("user_code")
    url = members.get("verification_uri_complete") or members.get("verification_uri")
    if not (isinstance(code, str) and isinstance(user_code, str) and isinstance(url, str)):
        raise TokenRequestError("answer_incomplete", status=200)
    return _Device(
        code,
        UserCode(shown(url), shown(user_code)),
        _seconds(members.get("interval"), _DEFAULT_INTERVAL),
        min(_seconds(members.get("expires_in"), _MAX_LIFETIME), _MAX_LIFETIME),
    )


def _seconds(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else default
