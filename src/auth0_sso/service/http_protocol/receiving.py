"""What arrives on a connection and what it keeps in memory: uvicorn's httptools protocol with bounds of size.

httptools has no limit on a request's head, and uvicorn none on the requests queued behind the one being answered.
Errors are answered in turn: what was asked before the faulty request gets its answer first.
"""

import asyncio
import logging
import time
from enum import Enum, auto
from typing import Any, ClassVar, Final

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from auth0_sso.service.http_protocol.answers import HEAD_TOO_LARGE, MALFORMED, Refusal
from auth0_sso.service.http_protocol.bounds import Bounds
from auth0_sso.service.http_protocol.connections import ConnectionTable

_log = logging.getLogger(__name__)

# Fed to the parser at once. A piece ends at the first blank line after the minimum, so it holds few requests.
_MIN_PIECE: Final = 256
_MAX_PIECE: Final = 16 * 1024
_BLANK_LINE: Final = b"\r\n\r\n"


class Stage(Enum):
    """How much of the latest request has arrived."""

    HEAD = auto()
    BODY = auto()
    RECEIVED = auto()


class Flow(FlowControl):
    """Keeps reading paused while received bytes wait to be parsed, even if the application asks for more."""

    is_held = False

    def hold(self) -> None:
        """Pause reading until `release`."""
        self.is_held = True
        self.pause_reading()

    def release(self) -> None:
        """Read on."""
        self.is_held = False
        self.resume_reading()

    def resume_reading(self) -> None:
        """Read on, unless held."""
        if not self.is_held:
            super().resume_reading()


class ReceivingProtocol(HttpToolsProtocol):
    """A connection that keeps at most one head, one body below uvicorn's limits, and a few queued requests."""

    bounds: ClassVar[Bounds] = Bounds()
    clock = staticmethod(time.monotonic)

    flow: Flow

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.headers = []  # uvicorn's own is None until a request begins
        self._table = ConnectionTable.of(self.loop)
        self._running: RequestResponseCycle | None = None
        self._refusal: Refusal | None = None
        self._refused_at: float | None = None
        self._unparsed = b""
        self._stage = Stage.HEAD
        self._stage_since = self.clock()
        self._has_begun = False
        self._is_upgrade = False
        self._has_progressed = False
        self._bytes_without_progress = 0

    @property
    def _is_busy(self) -> bool:
        """Whether the application is working on a request whose answer can still be sent."""
        running = self._running
        return running is not None and not (running.response_complete or running.disconnected)

    def data_received(self, data: bytes) -> None:
        """Parse what the client sent, or discard it once the client is refused."""
        if self._refusal is None:
            self._feed(self._unparsed + data if self._unparsed else data)

    def _feed(self, data: bytes) -> None:
        """Parse piece by piece until a request has to queue; keep what is left."""
        start, length = 0, len(data)
        while start < length and not self.pipeline:
            end = self._piece_end(start, data)
            self._parse(data[start:end])
            if self._refusal is not None or self.transport.is_closing():
                return
            start = end
        if start < length:
            self._unparsed = data[start:]
            self.flow.hold()

    def _piece_end(self, start: int, data: bytes) -> int:
        # Not a byte beyond the bound: the parser would accept a head that ends there.
        end = min(len(data), start + min(_MAX_PIECE, self.bounds.head_bytes - self._bytes_without_progress))
        if end - start <= _MIN_PIECE:
            return end
        found = data.find(_BLANK_LINE, start + _MIN_PIECE, end)
        return end if found < 0 else found + len(_BLANK_LINE)

    def _parse(self, piece: bytes) -> None:
        stage = self._stage
        if stage is Stage.RECEIVED:
            self._begin()
        self._has_progressed = False
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            self._decline_upgrade(piece[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(HEAD_TOO_LARGE if len(self.headers) > self.bounds.header_count else MALFORMED)
        else:
            if self._stage is not Stage.RECEIVED:
                self._note_unfinished(stage, len(piece))

    def _begin(self) -> None:
        self._stage, self._stage_since = Stage.HEAD, self.clock()
        self._has_begun = False
        self._has_progressed = True
        self._bytes_without_progress = 0

    def _note_unfinished(self, stage_before: Stage, received: int) -> None:
        """Count what belongs to a head or frames a body; a piece in which a head or part of a body began is free."""
        if self._stage is Stage.BODY and stage_before is not Stage.BODY:
            self._stage_since = self.clock()
        self._bytes_without_progress = 0 if self._has_progressed else self._bytes_without_progress + received
        if self._bytes_without_progress >= self.bounds.head_bytes or len(self.headers) > self.bounds.header_count:
            self._refuse(HEAD_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Note that a head begins; empty lines before it are not part of it."""
        if self._stage is not Stage.HEAD:
            self._begin()
        self._has_begun = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Start or queue the request, unless it has too many headers or is to be parsed again."""
        if len(self.headers) > self.bounds.header_count:
            raise ValueError("too many headers")
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._is_upgrade = True
            return
        super().on_headers_complete()
        self._stage = Stage.BODY
        # For trailers: in the list that the application has they would pass for headers (RFC 9110 section 6.5.1).
        self.headers = []

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._has_progressed = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the whole request has arrived."""
        if self._is_upgrade:
            return
        super().on_message_complete()
        self._stage = Stage.RECEIVED
        if self._is_busy:
            self._table.work(self.transport)
        else:  # answered already
            self._stage_since = self.clock()

    def _decline_upgrade(self, rest: bytes) -> None:
        """Serve a request as if it had not asked for another protocol (RFC 9110 section 7.8).

        httptools skips the body of such a request, and would parse it as the next request: the author of the body
        could smuggle one past a proxy. So the head is parsed again without its Upgrade.
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

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Start the next queued request; with none left, parse on or send the refusal that waited for this answer.

        As in uvicorn, but without its timer for each request: idle connections are closed by `check`.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        if not self._is_busy:
            self._wait_for_request()
        elif self._unparsed and not self.pipeline:  # the body of the request just started may be among it
            self._parse_on()

    def _wait_for_request(self) -> None:
        if self._stage is Stage.RECEIVED:
            self._stage_since = self.clock()
        self._table.wait(self.transport)
        if self._refusal is not None:
            self._send_refusal(self._refusal)
        elif self._unparsed:
            self._parse_on()

    def _parse_on(self) -> None:
        rest, self._unparsed = self._unparsed, b""
        self.flow.release()
        self._feed(rest)

    def _refuse(self, refusal: Refusal) -> None:
        """Take nothing more from this client; answer what it asked before, then this, and close."""
        if self._stage is Stage.BODY and not self._abandon_body():
            self.transport.close()
            return
        self._refusal, self._unparsed = refusal, b""
        if not self._is_busy:
            self._send_refusal(refusal)

    def _abandon_body(self) -> bool:
        """Give up the request whose body is incomplete; return whether it can still be answered."""
        if self.pipeline:
            self.pipeline.popleft()  # the latest, which has not been started
            return True
        if self.cycle.response_started:
            return False
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        return True

    def _send_refusal(self, refusal: Refusal) -> None:
        _log.info("refused %d %s client=%s", refusal.status, refusal.code, self.client[0] if self.client else "-")
        self._refused_at = self.clock()
        self.flow.release()
        self.transport.write(refusal.to_bytes(self.server_state.default_headers))
        if self.transport.can_write_eof():
            # The client may be sending still: closing now would reset the connection, and the answer could be lost.
            self.transport.write_eof()
        else:  # TLS
            self.transport.close()
