"""Accepts all connections that wait, in one iteration of the event loop.

uvloop's own server accepts one in each iteration, and at a thousand busy connections an iteration takes a tenth of a
second: docs/decisions/0012.
"""

import asyncio
import select
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

_RETRY_DELAY: Final = 1.0
"""In seconds, while the process has no file descriptor left; as in asyncio."""


class Acceptor:
    """Accepts the connections of some sockets, and connects each to a new protocol.

    Takes the place of asyncio's `Server` in uvicorn. `own` are the sockets of this worker. `others` are those of the
    other workers, for `take_over`.
    """

    def __init__(
        self,
        make_protocol: Callable[[], asyncio.Protocol],
        own: Sequence[socket.socket],
        *,
        others: Sequence[socket.socket] = (),
        backlog: int,
    ) -> None:
        """Take the factory of protocols, the bound sockets, and how many connections may wait in each of them."""
        self._loop = asyncio.get_running_loop()
        self._make_protocol = make_protocol
        self._own = {listening.fileno(): listening for listening in own}
        self._others = {listening.fileno(): listening for listening in others}
        self._backlog = backlog
        self._poll = select.poll()
        self._waiting = set[int]()
        self._connecting: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        """Listen and accept."""
        for descriptor, listening in self._own.items():
            listening.setblocking(False)
            listening.listen(self._backlog)
            self._loop.add_reader(descriptor, self._accept_own, descriptor)
        for descriptor, listening in self._others.items():
            listening.setblocking(False)
            self._poll.register(descriptor, select.POLLIN)

    def take_over(self) -> None:
        """Accept what waits for other workers since the last call: they are busy, or about to be restarted."""
        if not self._others:
            return
        waiting = {descriptor for descriptor, _ in self._poll.poll(0)}
        for descriptor in waiting & self._waiting:
            with suppress(OSError):  # its own worker reports it, or does not listen yet
                self._accept(self._others[descriptor])
        self._waiting = waiting

    def close(self) -> None:
        """Stop accepting. Connections that wait in the sockets are left to the processes that share them."""
        for descriptor in self._own:
            self._loop.remove_reader(descriptor)
        for listening in (*self._own.values(), *self._others.values()):
            listening.close()
        self._own, self._others = {}, {}

    async def wait_closed(self) -> None:
        """Return at once: uvicorn itself waits for the connections."""

    def _accept_own(self, descriptor: int) -> None:
        try:
            self._accept(self._own[descriptor])
        except OSError as error:
            self._loop.call_exception_handler(
                {"message": "socket.accept() out of system resource", "exception": error}  # as in asyncio
            )
            self._loop.remove_reader(descriptor)
            self._loop.call_later(_RETRY_DELAY, self._resume, descriptor)

    def _resume(self, descriptor: int) -> None:
        if descriptor in self._own:
            self._loop.add_reader(descriptor, self._accept_own, descriptor)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(self._backlog):
            try:
                connection, _ = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            connection.setblocking(False)
            task = self._loop.create_task(self._loop.connect_accepted_socket(self._make_protocol, connection))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)
