"""Logout tokens as Auth0 makes them, and the form that carries one."""

from typing import Any, Final
from urllib.parse import urlencode

from auth0_sso.testing.issuer import ISSUER, SUBJECT, Issuer

CLIENT: Final = "spa-client"
SESSION: Final = "session-1"
SID: Final = "https://api.example.com/sid"
"""The claim of access tokens that has their session's id."""

FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"


def logout_claims(now: float, **changes: object) -> dict[str, Any]:
    """Return the claims of Auth0's logout token; `...` takes a claim away."""
    claims = {
        "iss": ISSUER,
        "sub": SUBJECT,
        "aud": CLIENT,
        "iat": int(now),
        "exp": int(now) + 120,
        "jti": "logout-1",
        "events": {EVENT: {}},
        "sid": SESSION,
        "trace_id": "9a3c8f8a4b2d7e11",
    } | changes
    return {name: value for name, value in claims.items() if value is not ...}


def logout_form(issuer: Issuer, now: float, **changes: object) -> bytes:
    """Return the body of a logout request."""
    return urlencode({"logout_token": issuer.token(logout_claims(now, **changes))}).encode()
