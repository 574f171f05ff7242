"""The trace id of a request, for its log records: the caller's, from the header traceparent (W3C Trace Context)."""

import re
from contextvars import ContextVar
from typing import Final

from starlette.types import Scope

trace_id_variable: ContextVar[str | None] = ContextVar("auth0_sso_trace_id", default=None)
"""The trace id of the request being served; None without one."""

# Version ff is invalid; a version after 00 may add parts to the end (W3C Trace Context, section 3.2).
_TRACEPARENT: Final = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?", re.ASCII
)
_LENGTH_OF_VERSION_00: Final = 55
_MAX_LENGTH: Final = 512


def trace_id_of(traceparent: bytes) -> str | None:
    """Return the trace id of a header's value, 32 hexadecimal digits; None for a value that is not valid."""
    if len(traceparent) > _MAX_LENGTH:
        return None
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None or (traceparent[:2] == b"00" and len(traceparent) != _LENGTH_OF_VERSION_00):
        return None
    return found[1].decode("ascii")


def trace_id_for(scope: Scope) -> str | None:
    """Return the trace id of the request being served, also in an app whose layer does not keep it."""
    return trace_id_variable.get() or trace_id_in(scope)


def trace_id_in(scope: Scope) -> str | None:
    """Return the trace id of a request or WebSocket, given its ASGI scope: of the first header traceparent."""
    return next((trace_id_of(value) for name, value in scope["headers"] if name == b"traceparent"), None)
