"""One connection from its start to its end: bounds of time, and of the number of connections.

uvicorn limits only how long a kept-alive connection may be idle, and forgets that with the first byte that follows.
"""

import asyncio
import socket
from contextlib import suppress

from auth0_sso.service.http_protocol.answers import TIMED_OUT, TOO_MANY_CONNECTIONS
from auth0_sso.service.http_protocol.bounds import DEFAULT_MAX_CONNECTIONS, connection_limit, open_file_limit
from auth0_sso.service.http_protocol.receiving import Flow, ReceivingProtocol, Stage


class BoundedHttpProtocol(ReceivingProtocol):
    """A connection that is refused, or closed, when it takes more than its share of memory or time.

    uvicorn's `limit_concurrency` is the number of connections open at once in the process (default 10,000). Beyond
    it, the one that has waited longest for a request is closed; if none waits, the new one is answered 503. HTTP/1.1
    only: requests to upgrade to WebSocket or HTTP/2 are served as plain requests.
    """

    _blocked_since: float | None = None
    _closing_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows asyncio's BaseTransport in the same way
        """Take a new connection, or refuse it when all others are in use."""
        super().connection_made(transport)
        self.limit_concurrency = None  # uvicorn would answer 503 to every request while the table is full
        self.flow = Flow(transport)
        _set_no_delay(transport)
        asked = self.config.limit_concurrency or DEFAULT_MAX_CONNECTIONS
        has_room = self._table.make_room(connection_limit(asked, self.config.backlog, open_file_limit()))
        self._table.add(transport, self.check)
        if not has_room:
            self._refuse(TOO_MANY_CONNECTIONS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the application, and forget everything."""
        self._table.remove(self.transport)
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True  # uvicorn tells only the latest of pipelined requests
            self._running.message_event.set()
        self.pipeline.clear()
        self._unparsed = b""
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Note since when the client has not read its answer."""
        self._blocked_since = self.clock()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Go on sending."""
        self._blocked_since = None
        super().resume_writing()

    def check(self) -> None:
        """Refuse or close the connection if it has taken longer than it may; called once a second."""
        now, bounds = self.clock(), self.bounds
        if self.transport.is_closing():  # and what it still has to send is not being read
            self._closing_since = self._closing_since or now
            self._abort_after(bounds.write_seconds, now - self._closing_since)
        elif self._refused_at is not None:
            self._abort_after(bounds.linger_seconds, now - self._refused_at)
        elif self._blocked_since is not None:
            self._abort_after(bounds.write_seconds, now - self._blocked_since)
        elif self._is_held_up_by_us():
            self._stage_since = now
        else:
            self._check_stage(now - self._stage_since)

    def _abort_after(self, limit: float, passed: float) -> None:
        if passed > limit:
            self.transport.abort()

    def _is_held_up_by_us(self) -> bool:
        """Whether the client cannot go on: it is not being read from, or not told to continue."""
        if self._refusal is not None or self.pipeline or self.flow.read_paused:
            return True
        return self._running is not None and self._is_busy and self._running.waiting_for_100_continue

    def _check_stage(self, passed: float) -> None:
        if self._stage is Stage.BODY:
            if passed > self.bounds.body_seconds:
                self._refuse(TIMED_OUT)
        elif self._stage is Stage.HEAD:
            if passed > self.bounds.head_seconds:
                self._end_head()
        elif not self._is_busy and passed > self.timeout_keep_alive:
            self.transport.close()

    def _end_head(self) -> None:
        if self._has_begun:
            self._refuse(TIMED_OUT)
        elif not self._is_busy:  # empty lines, or nothing at all: no request that an answer could belong to
            self.transport.close()


def _set_no_delay(transport: asyncio.Transport) -> None:
    """Send each answer at once; asyncio does this only for sockets made with TCP's protocol number, not with 0."""
    connected = transport.get_extra_info("socket")
    if connected is not None and connected.family in {socket.AF_INET, socket.AF_INET6}:
        with suppress(OSError):  # the client has gone already
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
