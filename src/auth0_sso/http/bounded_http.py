"""HTTP requests with a timeout for the whole response, and a limit on its bytes.

httpx's timeouts apply to each read, so a server that sends one byte a second never reaches them; and httpx inflates
gzip, so a small body can become a huge one. Hence one timeout for the whole request, raw bytes, and no compression.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from auth0_sso.http import lenient_json
from auth0_sso.http.client import httpx
from auth0_sso.tokens import strict_json

NO_RESPONSE: Final = frozenset(
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
"""The reasons of a request without any response; another attempt may succeed."""

# The first one that matches an error or one of its causes is the reason. An invalid certificate is also a TLS error.
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
    """There is no usable response; `reason` is one word for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class BoundedResponse:
    """An HTTP response. It has a status even if its body cannot be read: `fault` is then the reason."""

    status: int
    headers: httpx.Headers
    body: bytes
    fault: str | None = None

    def json(self, loads: Callable[[bytes], object] = strict_json.loads) -> object:
        """Return the JSON value of the body, parsed by `strict_json`; raise `FetchError` if it is not accepted."""
        self._require_body()
        try:
            return loads(self.body)
        except strict_json.StrictJsonError as error:
            raise FetchError(f"answer_{error.fault}") from None

    def lenient_json(self) -> object:
        """Return the JSON value of the body, parsed by `lenient_json`; raise `FetchError` if it is not JSON."""
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
    max_seconds: float,
    max_bytes: int,
) -> BoundedResponse:
    """Send a request and return its response, read within `max_seconds`.

    A body of more than `max_bytes` bytes, or a compressed one, is not read: the `fault` of the response is then
    `answer_too_large` or `answer_compressed`. Raises `FetchError` with a reason of `NO_RESPONSE` if there is no
    response. Redirects are not followed, and the client's default authentication is not used.
    """
    request.headers["Accept-Encoding"] = "identity"
    try:
        async with asyncio.timeout(max_seconds):
            response = await client.send(request, stream=True, auth=None, follow_redirects=False)
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
    """Iterate over an error and its causes; the addresses of one host fail as an exception group."""
    yield error
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _causes(each)
    cause = error.__cause__ or error.__context__
    if cause is not None:
        yield from _causes(cause)
