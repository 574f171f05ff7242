"""Responses to shed requests, written as soon as their headers are parsed: without an ASGI task.

A connection stays open, because a new one costs more than a request. It is closed where a request has a body, which
would have to be read, and where it would be closed anyway.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from auth0_sso.service.http_protocol.error_responses import OVERLOADED, ErrorResponse
from auth0_sso.service.http_protocol.load_shedding import LoadShedder
from auth0_sso.service.http_protocol.parsing import RECEIVED, SizeLimitedProtocol
from auth0_sso.web.middleware.cors import cors_headers

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

_Headers = list[tuple[bytes, bytes]]

_WITH_BODY: Final = frozenset({b"content-length", b"transfer-encoding", b"expect"})


class ShedResponses:
    """The response to a shed request, for each Origin: a browser hides one without CORS headers from its script."""

    def __init__(self, origins: Sequence[str] = ()) -> None:
        """Take the origins that may call."""
        self._cors = cors_headers(origins)
        self._default_headers: _Headers | None = None
        self._made: dict[bytes | None, bytes] = {}

    def response(self, default_headers: _Headers, origin: bytes | None) -> bytes:
        """Return the whole response; the server's default headers change once a second."""
        if default_headers is not self._default_headers:
            self._default_headers = default_headers
            self._made.clear()
        if origin not in self._cors:
            origin = b"" if self._cors else None
        made = self._made.get(origin)
        if made is None:
            headers = [*default_headers, *self._cors.get(origin, ())]
            made = self._made[origin] = OVERLOADED.to_bytes(headers, close=False)
        return made


class SheddingProtocol(SizeLimitedProtocol):
    """A connection whose requests get 503 when there are too many."""

    shedder: ClassVar[LoadShedder | None] = None
    shed_responses: ClassVar[ShedResponses] = ShedResponses()

    _is_shed = False
    _must_close = False

    def _shed(self) -> bool:
        """Respond with 503 to the request whose headers are complete, if there are too many others.

        Never to one that waits for the response to an earlier one, or for a client that does not read responses.
        """
        shedder = self.shedder
        if shedder is None or self.flow.write_paused or not self._is_first_in_line():
            return False
        if shedder.reason_to_shed(self.url, len(self.tasks)) is None:
            return False
        origin, self._must_close = None, self.drain.is_draining or not self.parser.should_keep_alive()
        for name, value in self.headers:
            if name == b"origin":
                origin = value
            elif name in _WITH_BODY and value != b"0":
                self._must_close = True
        if self._must_close:
            raise ValueError("overloaded")  # the parser stops, and `_parser_error` is sent
        self._is_shed = True
        response = self.shed_responses.response(self.server_state.default_headers, origin)
        self.transport.write(response if self.parser.get_method() != b"HEAD" else _head_of(response))
        return True

    def _is_first_in_line(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn declares it without None
        return cycle is None or cycle.response_complete

    def _parser_error(self) -> ErrorResponse:
        return OVERLOADED if self._must_close else super()._parser_error()

    def on_message_complete(self) -> None:
        """Note that the request is complete; a shed one has its response."""
        if self._is_shed:
            self._is_shed = False
            self._stage, self._stage_since = RECEIVED, self.clock()
        else:
            super().on_message_complete()


def _head_of(response: bytes) -> bytes:
    return response.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
