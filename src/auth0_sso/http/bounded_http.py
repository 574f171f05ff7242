"""Reading an answer with bounds: a deadline for all of it, and a cap on its bytes.

httpx's timeouts are for each read, so a drip of one byte a second never meets them; and it inflates gzip, so a
small body can become a huge one. Hence one clock around the whole exchange, raw bytes, and no compression.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import httpx

from auth0_sso.http import lenient_json
from auth0_sso.tokens import strict_json

UNANSWERED: Final = frozenset(
    {
        "timeout",
        "dns_failed",
        "certificate_invalid",
        "tls_failed",
        "connection_refused",
        "connection_lost",
        "protocol_error",
        "unreachable",
    }
)
"""The reasons of an exchange that brought no answer at all: it may succeed later."""

# The first that fits an error or one of its causes is the reason. A certificate that fails its check is a TLS error.
_CAUSES: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (socket.gaierror, "dns_failed"),
    (ssl.SSLCertVerificationError, "certificate_invalid"),
    (ssl.SSLError, "tls_failed"),
    (ConnectionRefusedError, "connection_refused"),
    (httpx.ConnectError, "unreachable"),
    (httpx.NetworkError, "connection_lost"),
    (httpx.RemoteProtocolError, "protocol_error"),
)


class FetchError(Exception):
    """The exchange did not end in an answer that can be used; `reason` is one word for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class BoundedResponse:
    """An HTTP answer. Its status stands even where its body cannot be read: `fault` is then the reason."""

    status: int
    headers: httpx.Headers
    body: bytes
    fault: str | None = None

    def json(self, loads: Callable[[bytes], object] = strict_json.loads) -> object:
        """Return the body's JSON value, read strictly; raise `FetchError` where it is not that."""
        self._require_body()
        try:
            return loads(self.body)
        except strict_json.StrictJsonError as error:
            raise FetchError(f"answer_{error.fault}") from None

    def lenient_json(self) -> object:
        """Return the body's JSON value, odd numbers and strings included; raise `FetchError` where it is not JSON."""
        self._require_body()
        try:
            return lenient_json.loads(self.body)
        except lenient_json.LenientJsonError as error:
            raise FetchError(f"answer_{error.fault}") from None

    def _require_body(self) -> None:
        if self.fault is not None:
            raise FetchError(self.fault)


async def send_bounded(
    client: httpx.AsyncClient,
    request: httpx.Request,
    *,
    deadline: float,
    max_bytes: int,
    auth: httpx.Auth | None = None,
) -> BoundedResponse:
    """Send a request and read its answer within `deadline` seconds.

    A body of more than `max_bytes` bytes, or a compressed one, is not read: `answer_too_large` or
    `answer_compressed` is then the answer's fault. Raises `FetchError` with a reason of `UNANSWERED` where no answer
    comes. Redirects are answers like any other.
    """
    request.headers["Accept-Encoding"] = "identity"
    try:
        async with asyncio.timeout(deadline):
            response = await client.send(request, stream=True, auth=auth, follow_redirects=False)
            try:
                body, fault = await _body(response, max_bytes)
            finally:
                await response.aclose()
    except (TimeoutError, httpx.TimeoutException):
        raise FetchError("timeout") from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise FetchError(_reason(error)) from None
    return BoundedResponse(response.status_code, response.headers, body, fault)


async def _body(response: httpx.Response, max_bytes: int) -> tuple[bytes, str | None]:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return b"", "answer_compressed"
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > max_bytes:
            return b"", "answer_too_large"
    return bytes(body), None


def _reason(error: Exception) -> str:
    causes = tuple(_causes(error))
    return next(
        (reason for kind, reason in _CAUSES if any(isinstance(cause, kind) for cause in causes)), "unreachable"
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Iterate over an error and what led to it; several addresses of a host fail as a group."""
    yield error
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _causes(each)
    cause = error.__cause__ or error.__context__
    if cause is not None:
        yield from _causes(cause)
