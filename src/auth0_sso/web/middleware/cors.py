"""CORS: Starlette answers preflight requests; the headers of all other responses are prepared once."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Scope

Header = tuple[bytes, bytes]

ALLOWED_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
ALLOWED_HEADERS: Final = (
    "Authorization",
    "Content-Type",
    "X-Request-ID",
    "traceparent",  # W3C Trace Context, and baggage: browsers' tracing adds them to each request
    "tracestate",
    "baggage",
    "sentry-trace",
)
"""What a script of an allowed origin may send."""

EXPOSED_HEADERS: Final = (
    "WWW-Authenticate",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "X-Request-ID",
    "Location",
)
DPOP_HEADERS: Final = ("DPoP",)
DPOP_EXPOSED: Final = ("DPoP-Nonce",)
"""What a script of an allowed origin may read of a response beside the body."""

VARY: Final = b"vary"
_VARY_BY_ORIGIN: Final = (VARY, b"Origin")  # also without an Origin: a cache must not give that response to a browser
_EXPOSE: Final = b"access-control-expose-headers"
_ALLOW_ORIGIN: Final = b"access-control-allow-origin"

CORS_NAMES: Final = frozenset({_EXPOSE, _ALLOW_ORIGIN})
"""The headers of which the app's own are replaced."""


def cors_headers(origins: Sequence[str], *, dpop: bool = False) -> dict[bytes | None, tuple[Header, ...]]:
    """Return what `CORSMiddleware` adds to a response, by the Origin of the request.

    None is the key for requests without an Origin, b"" for origins that may not call.
    """
    expose = (_EXPOSE, ", ".join(_exposed(dpop=dpop)).encode())
    added: dict[bytes | None, tuple[Header, ...]] = {}
    if origins:
        added = {None: (_VARY_BY_ORIGIN,), b"": (expose, _VARY_BY_ORIGIN)}
    for origin in map(str.encode, origins):
        added[origin] = (expose, (_ALLOW_ORIGIN, origin), _VARY_BY_ORIGIN)
    return added


def is_preflight(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser asks if a request of another origin may be sent (Fetch Standard: CORS-preflight request)."""
    return scope["method"] == "OPTIONS" and b"origin" in headers and b"access-control-request-method" in headers


def answer_preflight(
    app: ASGIApp, origins: Sequence[str], *, headers: Sequence[str] = (), dpop: bool = False
) -> ASGIApp:
    """Wrap an app in what answers preflight requests for these origins; they may send `headers` too."""
    return CORSMiddleware(
        app,
        allow_origins=list(origins),
        allow_methods=ALLOWED_METHODS,
        allow_headers=_each_once((*ALLOWED_HEADERS, *(DPOP_HEADERS if dpop else ()), *headers)),
        expose_headers=_exposed(dpop=dpop),
    )


def _exposed(*, dpop: bool) -> tuple[str, ...]:
    return (*EXPOSED_HEADERS, *DPOP_EXPOSED) if dpop else EXPOSED_HEADERS


def _each_once(names: Sequence[str]) -> list[str]:
    """Return header names without those that were named before in other letters (RFC 9110 section 5.1)."""
    spelled = {name.lower(): name for name in reversed(names)}
    return list(reversed(spelled.values()))
