"""All connections of one event loop: timeouts are checked every second, and idle ones are closed for new ones."""

import asyncio
import errno
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, ClassVar, Final
from weakref import WeakKeyDictionary

_log = logging.getLogger(__name__)

_CHECK_INTERVAL: Final = 1.0
_LOG_INTERVAL: Final = 10.0
_OUT_OF_RESOURCES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class ConnectionTable:
    """The open connections. Idle ones are ordered by when they became idle."""

    _tables: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, "ConnectionTable"]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._checks: dict[asyncio.Transport, Callable[[], None]] = {}
        # In a plain dict, popping the first item again and again is quadratic.
        self._idle: OrderedDict[asyncio.Transport, None] = OrderedDict()
        self._is_scheduled = False
        self._full_log = _RateLimitedLog("%d connections are open (MAX_CONNECTIONS): %s (%d times)")
        self._accept_log = _RateLimitedLog("cannot accept connections: %s; raise the limit of open files (%d times)")

    @classmethod
    def for_loop(cls, loop: asyncio.AbstractEventLoop) -> "ConnectionTable":
        """Return the table of an event loop: several servers in it share the process's file descriptors."""
        table = cls._tables.get(loop)
        if table is None:
            table = cls._tables[loop] = cls()
            if loop.get_exception_handler() is None:
                loop.set_exception_handler(table.handle_loop_error)
        return table

    def add(self, transport: asyncio.Transport, check: Callable[[], None]) -> None:
        """Add a new, idle connection; `check` is called once a second."""
        self._checks[transport] = check
        self._idle[transport] = None
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_later(_CHECK_INTERVAL, self._check_again)

    def remove(self, transport: asyncio.Transport) -> None:
        """Remove a closed connection."""
        self._checks.pop(transport, None)
        self._idle.pop(transport, None)

    def mark_idle(self, transport: asyncio.Transport) -> None:
        """Note that a connection has no request in progress."""
        if transport in self._checks:
            self._idle[transport] = None

    def mark_busy(self, transport: asyncio.Transport) -> None:
        """Note that a connection has sent a complete request and waits for the response."""
        self._idle.pop(transport, None)

    def close_idle(self, limit: int) -> bool:
        """Close the longest idle connections while `limit` are open; return False if too few are idle."""
        while len(self._checks) >= limit:
            if not self._idle:
                self._full_log.warning(len(self._checks), "all are in use, new ones get 503")
                return False
            self._full_log.warning(len(self._checks), "the longest idle ones are closed")
            transport, _ = self._idle.popitem(last=False)
            del self._checks[transport]
            transport.abort()
        return True

    def check_timeouts(self) -> None:
        """Check the timeouts of all connections."""
        for check in tuple(self._checks.values()):
            check()

    def _check_again(self) -> None:
        self.check_timeouts()
        self._is_scheduled = bool(self._checks)
        if self._is_scheduled:
            asyncio.get_running_loop().call_later(_CHECK_INTERVAL, self._check_again)

    def handle_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Handle errors of the event loop: running out of file descriptors would log thousands of tracebacks."""
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in _OUT_OF_RESOURCES and "accept" in context.get("message", ""):
            self._accept_log.warning(error.strerror)
        else:
            loop.default_exception_handler(context)


class _RateLimitedLog:
    """A warning logged at most once in ten seconds, with the number of occurrences since the last one."""

    def __init__(self, message: str) -> None:
        self._message = message
        self._count = 0
        self._quiet_until = -_LOG_INTERVAL

    def warning(self, *values: object) -> None:
        self._count += 1
        now = time.monotonic()
        if now >= self._quiet_until:
            _log.warning(self._message, *values, self._count)
            self._count, self._quiet_until = 0, now + _LOG_INTERVAL
