"""The origins that may have a token (RFC 6454 section 4)."""

import threading
from collections.abc import Collection

from auth0_sso.http.client import httpx

_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int | None]
"""Scheme, host and port."""


class Origins:
    """Those of some base URLs; without any, the first one that is asked for."""

    def __init__(self, base_urls: Collection[str] = ()) -> None:
        """Take the base URLs; raises `ValueError` for one without a host."""
        self._lock = threading.Lock()
        self._allowed = frozenset(_named(url) for url in base_urls)

    def require(self, url: httpx.URL) -> None:
        """Raise `ValueError` for a URL whose origin may not have the token."""
        origin = origin_of(url)
        with self._lock:
            if not self._allowed:
                self._allowed = frozenset({origin})
        if origin not in self._allowed:
            raise ValueError(
                f"the access token is not sent to {origin[0]}://{origin[1]}: it is for another origin. Name both in "
                "base_urls if they are the same API, else use a ClientCredentials for each"
            )


def origin_of(url: httpx.URL) -> Origin:
    """Return the origin of a URL, with the usual port of its scheme where it names none."""
    return url.scheme, url.host, url.port or _PORTS.get(url.scheme)


def _named(text: str) -> Origin:
    url = httpx.URL(text)
    if not url.host:
        raise ValueError(f"base_urls has {text!r}, which names no host")
    return origin_of(url)
