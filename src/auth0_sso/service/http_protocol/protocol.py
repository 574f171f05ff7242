"""Timeouts of a connection, and the limit of the number of connections.

uvicorn has only a keep-alive timeout, which ends with the first byte of the next request.
"""

import asyncio
import socket
from contextlib import suppress

from auth0_sso.service.http_protocol.error_responses import REQUEST_TIMEOUT, TOO_MANY_CONNECTIONS
from auth0_sso.service.http_protocol.limits import DEFAULT_MAX_CONNECTIONS, max_connections_for, open_file_limit
from auth0_sso.service.http_protocol.parsing import BODY, HEAD, BackpressureFlowControl
from auth0_sso.service.http_protocol.shedding import SheddingProtocol


class BoundedHttpProtocol(SheddingProtocol):
    """A connection with limits on memory and time.

    uvicorn's `limit_concurrency` is the maximum number of open connections in the process (default 10,000). When it
    is reached, the longest idle connection is closed; if none is idle, the new one gets 503. HTTP/1.1 only: requests
    to upgrade to WebSocket or HTTP/2 are served as plain requests.
    """

    _blocked_since: float | None = None
    _closing_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows asyncio's BaseTransport in the same way
        """Add a new connection, or respond with 503 if all others are in use."""
        super().connection_made(transport)
        self.limit_concurrency = None  # otherwise uvicorn would respond with 503 to every request at the limit
        self.flow = BackpressureFlowControl(transport)
        _set_no_delay(transport)
        requested = self.config.limit_concurrency or DEFAULT_MAX_CONNECTIONS
        has_room = self._table.close_idle(max_connections_for(requested, self.config.backlog, open_file_limit()))
        self._table.add(transport, self.check)
        if not has_room:
            self._reject(TOO_MANY_CONNECTIONS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the application about the disconnect, and free the memory."""
        self._table.remove(self.transport)
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True  # uvicorn does this only for the latest of pipelined requests
            self._running.message_event.set()
        self.pipeline.clear()
        self._unparsed = b""
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Start the write timeout: the client does not read its response."""
        self._blocked_since = self.clock()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Stop the write timeout."""
        self._blocked_since = None
        super().resume_writing()

    def check(self) -> None:
        """Check the timeouts, and whether the server has started to drain its connections; called once a second."""
        if self.drain.is_draining and self._running is not None and not self._running.response_started:
            self._running.keep_alive = False
        now, limits = self.clock(), self.limits
        if self.transport.is_closing():  # but the client does not read the rest
            self._closing_since = self._closing_since or now
            self._abort_after(limits.write_timeout, now - self._closing_since)
        elif self._rejected_at is not None:
            self._abort_after(limits.linger_timeout, now - self._rejected_at)
        elif self._blocked_since is not None:
            self._abort_after(limits.write_timeout, now - self._blocked_since)
        elif self._is_paused_by_server():
            self._stage_since = now
        else:
            self._check_stage(now - self._stage_since)

    def _abort_after(self, limit: float, passed: float) -> None:
        if passed > limit:
            self.transport.abort()

    def _is_paused_by_server(self) -> bool:
        """Whether the client must wait: the server has paused reading, or has not sent 100 Continue."""
        if self._error_response is not None or self.pipeline or self.flow.read_paused:
            return True
        return self._running is not None and self._is_busy and self._running.waiting_for_100_continue

    def _check_stage(self, passed: float) -> None:
        if self._stage is BODY:
            if passed > self.limits.body_timeout:
                self._reject(REQUEST_TIMEOUT)
        elif self._stage is HEAD:
            if passed > self.limits.head_timeout:
                self._time_out_head()
        elif not self._is_busy and passed > self.timeout_keep_alive:
            self.transport.close()

    def _time_out_head(self) -> None:
        if self._head_started:
            self._reject(REQUEST_TIMEOUT)
        elif not self._is_busy:  # empty lines or nothing at all: there is no request to respond to
            self.transport.close()


def _set_no_delay(transport: asyncio.Transport) -> None:
    """Set TCP_NODELAY; asyncio does this only for sockets with TCP's protocol number, not with 0."""
    connected = transport.get_extra_info("socket")
    if connected is not None and connected.family in {socket.AF_INET, socket.AF_INET6}:
        with suppress(OSError):  # the client has disconnected already
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
