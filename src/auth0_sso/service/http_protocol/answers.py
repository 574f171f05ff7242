"""Answers given before an application sees a request: problems (RFC 9457) without a request id."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

_RETRY_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer after which the connection is closed."""

    status: int
    code: str
    title: str
    detail: str
    retry_after: int | None = None

    def to_bytes(self, headers: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
        """Return the whole HTTP/1.1 response; `headers` are the server's own, such as Date."""
        problem = {"type": "about:blank", "title": self.title, "status": self.status, "code": self.code}
        problem["detail"] = self.detail
        if self.retry_after is not None:
            problem["retryAfter"] = self.retry_after
        body = json.dumps(problem, separators=(",", ":")).encode()
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}".encode()]
        lines += [name + b": " + value for name, value in headers]
        lines += [b"content-type: application/problem+json", b"content-length: %d" % len(body)]
        lines += [b"cache-control: no-store", b"x-content-type-options: nosniff", b"connection: close"]
        if self.retry_after is not None:
            lines.append(b"retry-after: %d" % self.retry_after)
        return b"\r\n".join([*lines, b"", body])


MALFORMED: Final = Refusal(400, "malformed_http", "Bad request", "This is not a well-formed HTTP/1.1 request.")
TIMED_OUT: Final = Refusal(
    408, "request_timeout", "Request timeout", "The request did not arrive completely in the time this service waits."
)
HEAD_TOO_LARGE: Final = Refusal(
    431,
    "head_too_large",
    "Request header fields too large",
    "The request line and the headers are larger, or more in number, than this service takes.",
)
TOO_MANY_CONNECTIONS: Final = Refusal(
    503,
    "too_many_connections",
    "Service unavailable",
    "This service has as many connections as it can serve.",
    retry_after=_RETRY_SECONDS,
)

REFUSALS: Final = (MALFORMED, TIMED_OUT, HEAD_TOO_LARGE, TOO_MANY_CONNECTIONS)
