"""All connections of one event loop: which gives way to a new one, and a look at each of them every second."""

import asyncio
import errno
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, ClassVar, Final
from weakref import WeakKeyDictionary

_log = logging.getLogger(__name__)

_SWEEP_SECONDS: Final = 1.0
_LOG_SECONDS: Final = 10.0
_OUT_OF_RESOURCES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class ConnectionTable:
    """The open connections; those that wait for a request are in the order in which they began to wait."""

    _tables: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, "ConnectionTable"]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._checks: dict[asyncio.Transport, Callable[[], None]] = {}
        # A plain dict would search its start again and again for what popitem has already taken from there.
        self._waiting: OrderedDict[asyncio.Transport, None] = OrderedDict()
        self._is_sweeping = False
        self._full_log = _SeldomLog("%d connections are open (MAX_CONNECTIONS): %s (%d times)")
        self._accept_log = _SeldomLog("no connection could be accepted: %s; raise the limit of open files (%d times)")

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> "ConnectionTable":
        """Return the table of a loop: several servers may run in it, and they share the process's descriptors."""
        table = cls._tables.get(loop)
        if table is None:
            table = cls._tables[loop] = cls()
            if loop.get_exception_handler() is None:
                loop.set_exception_handler(table.handle_loop_error)
        return table

    def __len__(self) -> int:
        return len(self._checks)

    def add(self, transport: asyncio.Transport, check: Callable[[], None]) -> None:
        """Take a new connection, which waits for its first request; `check` is called once a second."""
        self._checks[transport] = check
        self._waiting[transport] = None
        if not self._is_sweeping:
            self._is_sweeping = True
            asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self._sweep_again)

    def remove(self, transport: asyncio.Transport) -> None:
        """Forget a connection that is closed."""
        self._checks.pop(transport, None)
        self._waiting.pop(transport, None)

    def wait(self, transport: asyncio.Transport) -> None:
        """Note that a connection has no request in progress from now on."""
        if transport in self._checks:
            self._waiting[transport] = None

    def work(self, transport: asyncio.Transport) -> None:
        """Note that a connection has sent a whole request and waits for its answer."""
        self._waiting.pop(transport, None)

    def make_room(self, limit: int) -> bool:
        """Close the connections that wait longest while `limit` are open; return False if too few wait."""
        while len(self._checks) >= limit:
            if not self._waiting:
                self._full_log.warning(len(self._checks), "all are in use, new ones get 503")
                return False
            self._full_log.warning(len(self._checks), "those idle for longest are closed")
            transport, _ = self._waiting.popitem(last=False)
            del self._checks[transport]
            transport.abort()
        return True

    def sweep(self) -> None:
        """Let each connection see whether its time is over."""
        for check in tuple(self._checks.values()):
            check()

    def _sweep_again(self) -> None:
        self.sweep()
        self._is_sweeping = bool(self._checks)
        if self._is_sweeping:
            asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self._sweep_again)

    def handle_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log errors that no task receives; running out of descriptors would give thousands of tracebacks."""
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in _OUT_OF_RESOURCES and "accept" in context.get("message", ""):
            self._accept_log.warning(error.strerror)
        else:
            loop.default_exception_handler(context)


class _SeldomLog:
    """A warning given once in ten seconds, with how often there was reason for it since the last time."""

    def __init__(self, message: str) -> None:
        self._message = message
        self._count = 0
        self._quiet_until = -_LOG_SECONDS

    def warning(self, *values: object) -> None:
        self._count += 1
        now = time.monotonic()
        if now >= self._quiet_until:
            _log.warning(self._message, *values, self._count)
            self._count, self._quiet_until = 0, now + _LOG_SECONDS
