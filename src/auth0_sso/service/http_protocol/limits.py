"""Limits of connections: the size of request headers, timeouts, and the number of open connections."""

import resource
from dataclasses import dataclass
from typing import Final

DEFAULT_MAX_CONNECTIONS: Final = 10_000

_MAX_BACKLOG: Final = 2048
_RESERVED_DESCRIPTORS: Final = 64
"""File descriptors for the log, the event loop, Redis and calls to Auth0."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits of one connection: sizes in bytes, timeouts in seconds."""

    max_head_bytes: int = 64 * 1024
    """Request line and headers; also for chunk framing and trailers between two parts of a body."""
    max_headers: int = 256
    head_timeout: float = 20
    """From the connection's start, or a later request's first byte, to the end of its head."""
    body_timeout: float = 30
    """From the end of the head to the end of the body."""
    write_timeout: float = 60
    """For a client that does not read its response."""
    linger_timeout: float = 5
    """How long to discard what a refused client still sends; closing at once could lose the error response."""


def open_file_limit() -> int:
    """Return how many file descriptors this process may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1_000_000 if soft == resource.RLIM_INFINITY else soft


def backlog_for(open_files: int) -> int:
    """Return the backlog of the listening socket: all of it is accepted before the protocol runs."""
    return max(16, min(_MAX_BACKLOG, open_files // 16))


def max_connections_for(requested: int, backlog: int, open_files: int) -> int:
    """Return the maximum number of open connections, so that file descriptors stay free for other uses.

    Between accepting a connection and closing an idle one for it, the event loop runs three iterations and may accept
    a backlog in each. With few descriptors and a long backlog, the result is half of the descriptors.
    """
    return min(requested, max(open_files // 2, open_files - 3 * backlog - _RESERVED_DESCRIPTORS))
