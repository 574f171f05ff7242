"""Error responses sent before the application sees a request: problem details (RFC 9457) without a request id."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

_RETRY_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """A problem details response."""

    status: int
    code: str
    title: str
    detail: str
    retry_after: int | None = None

    def to_bytes(self, headers: Iterable[tuple[bytes, bytes]] = (), *, close: bool = True) -> bytes:
        """Return the whole HTTP/1.1 response; `headers` are the server's default headers, such as Date.

        With `close` it says that the connection is closed.
        """
        problem = {"type": "about:blank", "title": self.title, "status": self.status, "code": self.code}
        problem["detail"] = self.detail
        if self.retry_after is not None:
            problem["retryAfter"] = self.retry_after
        body = json.dumps(problem, separators=(",", ":")).encode()
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}".encode()]
        lines += [name + b": " + value for name, value in headers]
        lines += [b"content-type: application/problem+json", b"content-length: %d" % len(body)]
        lines += [b"cache-control: no-store", b"x-content-type-options: nosniff"]
        if close:
            lines.append(b"connection: close")
        if self.retry_after is not None:
            lines.append(b"retry-after: %d" % self.retry_after)
        return b"\r\n".join([*lines, b"", body])


MALFORMED_HTTP: Final = ErrorResponse(
    400, "malformed_http", "Bad request", "The request is not well-formed HTTP/1.1."
)
REQUEST_TIMEOUT: Final = ErrorResponse(
    408, "request_timeout", "Request timeout", "The request was not received completely within the time limit."
)
HEAD_TOO_LARGE: Final = ErrorResponse(
    431,
    "head_too_large",
    "Request header fields too large",
    "The request line and headers are too large, or there are too many headers.",
)
TOO_MANY_CONNECTIONS: Final = ErrorResponse(
    503,
    "too_many_connections",
    "Service unavailable",
    "All connections of this service are in use.",
    retry_after=_RETRY_SECONDS,
)
OVERLOADED: Final = ErrorResponse(
    503,
    "overloaded",
    "Service unavailable",
    "This process has too many requests. Wait as long as Retry-After says, then try again.",
    retry_after=2,
)

ERROR_RESPONSES: Final = (MALFORMED_HTTP, REQUEST_TIMEOUT, HEAD_TOO_LARGE, TOO_MANY_CONNECTIONS, OVERLOADED)
