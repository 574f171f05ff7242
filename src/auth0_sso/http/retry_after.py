"""How long a response asks its client to wait before the next request."""

from typing import Final

from auth0_sso.clock import WallTime
from auth0_sso.http.client import httpx

_MAX_RETRY_AFTER: Final = 3600


def retry_after(headers: httpx.Headers, now: WallTime) -> float | None:
    """Return the seconds to wait: Retry-After, else until X-RateLimit-Reset (seconds since 1970).

    None where neither header is an integer; never more than an hour.
    """
    for name, start in (("Retry-After", 0.0), ("X-RateLimit-Reset", now)):
        value = headers.get(name, "")
        if value.isascii() and value.isdecimal() and len(value) <= 12:
            return min(max(0.0, int(value) - start), _MAX_RETRY_AFTER)
    return None
