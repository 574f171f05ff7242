"""The headers that `HttpOptions` add to responses."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from auth0_sso.web.middleware.cors import CORS_NAMES, VARY, Header, cors_headers
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

    def __init__(self, options: HttpOptions, *, origins: Sequence[str] = (), dpop: bool = False) -> None:
        """Take the options, and the origins that CORS headers are added for."""
        self._secure = options.security_headers
        self._request_id = options.request_id
        self._defaults = _SECURITY_HEADERS if options.security_headers else ()
        self._by_origin = {
            origin: (*added, *self._defaults) for origin, added in cors_headers(origins, dpop=dpop).items()
        }
        self._by_other_origin = self._by_origin.get(b"", self._defaults)
        self._names = {name for added in (self._defaults, *self._by_origin.values()) for name, _ in added}

    def complete(self, headers: Iterable[Header], request: Mapping[bytes, bytes], request_id: str) -> list[Header]:
        """Return the headers of a response to a request with these headers, together with what is added."""
        added = self._by_origin.get(request.get(b"origin"), self._by_other_origin)
        completed = [*headers]
        if added:
            completed = _merged(completed, added) if self._has_any(completed) else [*completed, *added]
        if self._request_id:
            completed.append((b"x-request-id", request_id.encode("ascii")))
        if self._secure and not _LOOPBACK.fullmatch(request.get(b"host", b"")):
            completed.append(_HSTS)
        return completed

    def _has_any(self, headers: list[Header]) -> bool:
        names = self._names
        for name, _ in headers:  # noqa: SIM110 - any() with a generator takes four times as long
            if name.lower() in names:
                return True
        return False


def _merged(headers: list[Header], added: Sequence[Header]) -> list[Header]:
    """Return the headers of an app with those added: its own CORS headers give way, other headers of its own win.

    Vary is a list, to which one is added.
    """
    names = {name for name, _ in added}
    replaced = names & {VARY, *CORS_NAMES}
    kept = [header for header in headers if header[0].lower() not in replaced]
    present = {name.lower() for name, _ in kept}
    varied = [value for name, value in headers if name.lower() == VARY]
    merged = ((name, b", ".join([*varied, value]) if name == VARY else value) for name, value in added)
    return [*kept, *(header for header in merged if header[0] not in present)]
