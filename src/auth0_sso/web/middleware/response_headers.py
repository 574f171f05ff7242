"""The headers that `HttpOptions` add to responses."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from auth0_sso.web.middleware.cors import VARY, with_vary
from auth0_sso.web.middleware.http_options import HttpOptions

# An API's answers are data: nothing in them may load, run or be framed. /docs sets a policy of its own.
_SECURITY_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_HSTS: Final = (b"strict-transport-security", b"max-age=63072000")
_LOOPBACK = re.compile(rb"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d*)?", re.IGNORECASE)


class ResponseHeaders:
    """Adds headers to responses: most are the same for all, so they are prepared once."""

    def __init__(self, options: HttpOptions) -> None:
        self._secure = options.security_headers
        self._request_id = options.request_id
        defaults = _SECURITY_HEADERS if options.security_headers else ()
        self._with_origin = defaults
        self._without_origin = (VARY, *defaults) if options.cors_origins else defaults
        self._names = frozenset(name for name, _ in self._without_origin)

    def complete(
        self, headers: Iterable[tuple[bytes, bytes]], request: Mapping[bytes, bytes], request_id: str
    ) -> list[tuple[bytes, bytes]]:
        """Return the headers of a response to a request with these headers, together with what is added."""
        added = self._with_origin if b"origin" in request else self._without_origin
        completed = [*headers]
        if added:
            completed = _merged(completed, added) if self._has_any(completed) else [*completed, *added]
        if self._request_id:
            completed.append((b"x-request-id", request_id.encode("ascii")))
        if self._secure and not _LOOPBACK.fullmatch(request.get(b"host", b"")):
            completed.append(_HSTS)
        return completed

    def _has_any(self, headers: list[tuple[bytes, bytes]]) -> bool:
        names = self._names
        for name, _ in headers:  # noqa: SIM110 - any() with a generator takes four times as long
            if name.lower() in names:
                return True
        return False


def _merged(headers: list[tuple[bytes, bytes]], added: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return headers with those added that the app does not set; Vary is a list, to which one is added."""
    present = {name.lower() for name, _ in headers}
    if VARY in added and VARY[0] in present:
        headers = with_vary(headers)
    return [*headers, *(header for header in added if header[0] not in present)]
