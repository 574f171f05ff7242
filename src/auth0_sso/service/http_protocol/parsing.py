"""Parsing of requests with limits of size: uvicorn's httptools protocol with backpressure.

httptools has no limit on the size of request headers, and uvicorn none on the number of pipelined requests. Error
responses are sent in order: earlier requests get their responses first.
"""

import asyncio
import logging
import re
import time
from abc import abstractmethod
from enum import Enum, auto
from typing import Any, ClassVar, Final

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from auth0_sso.service.drain import Drain
from auth0_sso.service.http_protocol.connections import ConnectionTable
from auth0_sso.service.http_protocol.error_responses import HEAD_TOO_LARGE, MALFORMED_HTTP, ErrorResponse
from auth0_sso.service.http_protocol.limits import ConnectionLimits

_log = logging.getLogger(__name__)

# The parser gets one piece at a time. It ends at the first blank line after the minimum, so it has few requests.
_MIN_PIECE: Final = 256
_MAX_PIECE: Final = 16 * 1024
_BLANK_LINE: Final = re.compile(rb"\r\n\r\n")  # on a long token, faster than bytes.find


class Stage(Enum):
    """How much of the latest request has arrived."""

    HEAD = auto()
    BODY = auto()
    RECEIVED = auto()


HEAD, BODY, RECEIVED = Stage  # to look a member up in an enum takes Python 3.11 longer than a check


class BackpressureFlowControl(FlowControl):
    """Keeps reading paused while received bytes wait to be parsed, even if the application wants to read."""

    is_held = False

    def hold(self) -> None:
        """Pause reading until `release` is called."""
        self.is_held = True
        self.pause_reading()

    def release(self) -> None:
        """Resume reading."""
        self.is_held = False
        self.resume_reading()

    def resume_reading(self) -> None:
        """Resume reading, unless held."""
        if not self.is_held:
            super().resume_reading()


class SizeLimitedProtocol(HttpToolsProtocol):
    """A connection that keeps in memory one request's headers, uvicorn's body buffer and a few pipelined requests."""

    limits: ClassVar[ConnectionLimits] = ConnectionLimits()
    drain: ClassVar[Drain] = Drain()
    clock = staticmethod(time.monotonic)

    flow: BackpressureFlowControl

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.headers = []  # None in uvicorn until a request starts
        self._table = ConnectionTable.for_loop(self.loop)
        self._running: RequestResponseCycle | None = None
        self._error_response: ErrorResponse | None = None
        self._rejected_at: float | None = None
        self._unparsed = b""
        self._stage = HEAD
        self._stage_since = self.clock()
        self._head_started = False
        self._is_upgrade = False
        self._has_progressed = False
        self._bytes_without_progress = 0

    @property
    def _is_busy(self) -> bool:
        """Whether the application handles a request whose response can still be sent."""
        running = self._running
        return running is not None and not (running.response_complete or running.disconnected)

    def data_received(self, data: bytes) -> None:
        """Parse received bytes, or discard them after an error response."""
        if self._error_response is None:
            self._feed(self._unparsed + data if self._unparsed else data)

    def _feed(self, data: bytes) -> None:
        """Parse piece by piece until a request is queued; keep the rest."""
        start, length = 0, len(data)
        while start < length and not self.pipeline:
            end = self._piece_end(start, data)
            self._parse(data[start:end])
            if end == length or self._error_response is not None or self.transport.is_closing():
                return
            start = end
        if start < length:
            self._unparsed = data[start:]
            self.flow.hold()

    def _piece_end(self, start: int, data: bytes) -> int:
        # Not a byte beyond the limit: the parser would accept headers that end there.
        end = start + min(_MAX_PIECE, self.limits.max_head_bytes - self._bytes_without_progress)
        found = _BLANK_LINE.search(data, start + _MIN_PIECE, end)
        return min(end, len(data)) if found is None else found.end()

    def _parse(self, piece: bytes) -> None:
        stage = self._stage
        if stage is RECEIVED:
            self._stage, self._head_started, self._bytes_without_progress = HEAD, False, 0
        self._has_progressed = False
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            self._decline_upgrade(piece[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._reject(self._parser_error())
        else:
            if self._stage is not RECEIVED:
                self._count_unfinished(stage, len(piece))

    def _parser_error(self) -> ErrorResponse:
        """Return the response to what the parser rejected, or to what a callback made it reject."""
        return HEAD_TOO_LARGE if len(self.headers) > self.limits.max_headers else MALFORMED_HTTP

    @abstractmethod
    def _shed(self) -> bool:
        """Return whether the request whose headers are complete got a response already."""

    def _count_unfinished(self, stage_before: Stage, received: int) -> None:
        """Count bytes of headers or chunk framing, but not a piece in which headers or a part of a body start."""
        if self._stage is not stage_before:
            self._stage_since = self.clock()
        self._bytes_without_progress = 0 if self._has_progressed else self._bytes_without_progress + received
        if self._bytes_without_progress >= self.limits.max_head_bytes or len(self.headers) > self.limits.max_headers:
            self._reject(HEAD_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Note that the headers start; empty lines before the request line are not part of them."""
        if self._stage is not HEAD:  # behind another request in the same piece
            self._stage, self._stage_since = HEAD, self.clock()
            self._has_progressed, self._bytes_without_progress = True, 0
        self._head_started = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Start or queue the request, unless it has too many headers or a fragment, or is parsed again."""
        if len(self.headers) > self.limits.max_headers:
            raise ValueError("too many headers")
        if b"#" in self.url:  # RFC 9112 section 3.2 has none: httptools drops it, a proxy may take it for the path
            raise ValueError("a fragment in the request target")
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._is_upgrade = True
            return
        if self._shed():
            return
        super().on_headers_complete()
        if not self.pipeline:
            self._running = self.cycle
        if self.drain.is_draining:
            self.cycle.keep_alive = False
        self._stage = BODY
        # For trailers: appended to the application's list, they would look like headers (RFC 9110 section 6.5.1).
        self.headers = []

    def on_body(self, body: bytes) -> None:
        """Receive a part of the body."""
        self._has_progressed = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the request is complete."""
        if self._is_upgrade:
            return
        super().on_message_complete()
        self._stage = RECEIVED
        if self.cycle.response_complete:
            self._stage_since = self.clock()
        else:
            self._table.mark_busy(self.transport)

    def _decline_upgrade(self, rest: bytes) -> None:
        """Ignore the Upgrade header and serve a plain request (RFC 9110 section 7.8).

        httptools skips the body of a request with Upgrade, and would parse it as the next request: request smuggling
        past a proxy. So the headers are parsed again without Upgrade.
        """
        head = b""
        if self._is_upgrade:
            head = self._head_without_upgrade()
            self._is_upgrade, self._bytes_without_progress = False, 0
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as in uvicorn
        if head or rest:
            self._parse(head + rest)

    def _head_without_upgrade(self) -> bytes:
        version = self.parser.get_http_version().encode("ascii")
        lines = [b" ".join([self.parser.get_method(), self.url, b"HTTP/" + version])]
        lines += [name + b": " + value for name, value in self.headers if name != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def on_response_complete(self) -> None:
        """Start the next queued request; if there is none, parse the rest or send the pending error response.

        As in uvicorn, but without a timer for each request: `check` closes idle connections.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._running, app = self.pipeline.pop()
            self._start_asgi_task(self._running, app)
        else:
            self._wait_for_request()
        if self._unparsed and not self.pipeline:  # it may contain the body of the request just started
            self._parse_rest()

    def _wait_for_request(self) -> None:
        if self._stage is RECEIVED:
            self._stage_since = self.clock()
        self._table.mark_idle(self.transport)
        if self._error_response is not None:
            self._send_error_response(self._error_response)

    def _parse_rest(self) -> None:
        rest, self._unparsed = self._unparsed, b""
        self.flow.release()
        self._feed(rest)

    def _reject(self, response: ErrorResponse) -> None:
        """Discard further bytes; send the responses to earlier requests, then this one, and close."""
        if self._stage is BODY and not self._abandon_body():
            self.transport.close()
            return
        self._error_response, self._unparsed = response, b""
        if not self._is_busy:
            self._send_error_response(response)

    def _abandon_body(self) -> bool:
        """Cancel the request whose body is incomplete; return whether a response can still be sent."""
        if self.pipeline:
            self.pipeline.popleft()  # the latest, which has not started
            return True
        if self.cycle.response_started:
            return False
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        return True

    def _send_error_response(self, response: ErrorResponse) -> None:
        _log.info("refused %d %s client=%s", response.status, response.code, self.client[0] if self.client else "-")
        self._rejected_at = self.clock()
        self.flow.release()
        self.transport.write(response.to_bytes(self.server_state.default_headers))
        if self.transport.can_write_eof():
            # The client may still be sending: closing now would reset the connection and could lose the response.
            self.transport.write_eof()
        else:  # TLS
            self.transport.close()
