"""Auth0's own id of a request, by which its support finds the call."""

from typing import Final

from auth0_sso.http.client import httpx

_REQUEST_ID_HEADERS: Final = ("X-Auth0-RequestId", "ot-baggage-auth0-request-id")


def request_id_of(headers: httpx.Headers) -> str | None:
    """Return the request id of a response's headers; None without one that is fit for a log line."""
    for name in _REQUEST_ID_HEADERS:
        value: str = headers.get(name, "")
        if 0 < len(value) <= 128 and value.isascii() and value.isprintable():
            return value
    return None
