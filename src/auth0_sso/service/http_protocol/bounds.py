"""The numbers: how large a request's head may be, how long each step may take, how many connections may be open."""

import resource
from dataclasses import dataclass
from typing import Final

DEFAULT_MAX_CONNECTIONS: Final = 10_000

_MAX_BACKLOG: Final = 2048
_RESERVED_DESCRIPTORS: Final = 64
"""Left for the log, the event loop, Redis and calls to Auth0."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of one connection: sizes in bytes, times in seconds."""

    head_bytes: int = 64 * 1024
    """Request line and headers; also chunk framing or trailers without a byte of body between them."""
    header_count: int = 256
    head_seconds: float = 20
    """From the connection's start, or a later request's first byte, to the end of its head."""
    body_seconds: float = 30
    """From the end of the head to the end of the body."""
    write_seconds: float = 60
    """How long a client may leave an answer unread."""
    linger_seconds: float = 5
    """How long to discard what a refused client still sends; closing at once could take the answer from it."""


def open_file_limit() -> int:
    """Return how many descriptors this process may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1_000_000 if soft == resource.RLIM_INFINITY else soft


def backlog_for(open_files: int) -> int:
    """Return the backlog to listen with: asyncio accepts that many at once, before the protocol sees any of them."""
    return max(16, min(_MAX_BACKLOG, open_files // 16))


def connection_limit(asked: int, backlog: int, open_files: int) -> int:
    """Return how many connections may be open: as many as asked for, or as leave descriptors for other things.

    Between accepting a connection and closing the one that gives way to it the event loop turns three times, and may
    accept a backlog each time. With few descriptors and a long backlog, half of the descriptors.
    """
    return min(asked, max(open_files // 2, open_files - 3 * backlog - _RESERVED_DESCRIPTORS))
