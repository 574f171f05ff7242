"""CORS: Starlette's middleware for requests of other origins; all other requests pay one response header for it."""

from collections.abc import Callable, Sequence
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

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

EXPOSED_HEADERS: Final = ("WWW-Authenticate", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-ID")
"""What a script of an allowed origin may read of a response beside the body."""

VARY: Final = (b"vary", b"Origin")
"""In the response to a request without an Origin, as `CORSMiddleware` does: a cache must not give it to a browser."""


def cors(origins: Sequence[str]) -> Callable[[ASGIApp], ASGIApp]:
    """Return what wraps an app for requests with an Origin header; without `origins` it returns the app."""
    if not origins:
        return lambda app: app
    return lambda app: CORSMiddleware(
        app,
        allow_origins=list(origins),
        allow_methods=ALLOWED_METHODS,
        allow_headers=ALLOWED_HEADERS,
        expose_headers=EXPOSED_HEADERS,
    )


def with_vary(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers of a response with `VARY`, in one field with what the app varies by."""
    varied = [value for name, value in headers if name.lower() == b"vary"]
    others = [header for header in headers if header[0].lower() != b"vary"]
    return [*others, (b"vary", b", ".join([*varied, b"Origin"]))]
