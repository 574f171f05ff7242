"""HTTP requests with a timeout for the whole response, and a limit on its bytes.

httpx's timeouts apply to each read, so a server that sends one byte a second never reaches them; and httpx inflates
gzip, so a small body can become a huge one. Hence one timeout for the whole request, raw bytes, and no compression.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from auth0_sso.http import lenient_json
from auth0_sso.http.auth0_request_id import request_id_of
from auth0_sso.http.client import httpx
from auth0_sso.tokens import strict_json
from auth0_sso.tracing.current import current_spans

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

_MAX_URL: Final = 300
_SENT: Final = "auth0_sso.sent"
"""How often a request was sent, in its extensions: a retry sends the same one."""

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


_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "connection_refused": "the connection was refused: nothing listens there, or a firewall rejects it",
        "unreachable": "the connection failed: no route to this address, or a proxy does not let it pass",
        "connection_lost": "the connection was lost before the response was complete",
        "protocol_error": "what answers does not speak HTTP, or ended its response early",
    }
)


class FetchError(Exception):
    """There is no usable response; `reason` is one word for it, and `cause` says it in words where more is known."""

    def __init__(self, reason: str, cause: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cause = cause


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
    spans = current_spans()
    if spans is None:
        return await _send(client, request, max_seconds=max_seconds, max_bytes=max_bytes)
    resend_count = request.extensions.get(_SENT, 0)
    request.extensions[_SENT] = resend_count + 1
    with spans.tenant_request(
        request.method, *_origin_and_path(request.url), request.headers, resend_count=resend_count
    ) as span:
        response = await _send(client, request, max_seconds=max_seconds, max_bytes=max_bytes)
        span.answered(response.status, request_id_of(response.headers))
        return response


async def _send(
    client: httpx.AsyncClient, request: httpx.Request, *, max_seconds: float, max_bytes: int
) -> BoundedResponse:
    try:
        async with asyncio.timeout(max_seconds):
            response = await client.send(request, stream=True, auth=None, follow_redirects=False)
            try:
                body, fault = await _body(response, max_bytes)
            finally:
                await response.aclose()
    except (TimeoutError, httpx.TimeoutException):
        raise FetchError("timeout", f"no complete response within {max_seconds:.3g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise FetchError(_reason(error), _cause(error, request.url.host)) from None
    return BoundedResponse(response.status_code, response.headers, body, fault)


def url_for_log(url: httpx.URL | str) -> str:
    """Return a URL without credentials, query and fragment, and of limited length."""
    text = str(httpx.URL(url).copy_with(userinfo=b"", query=None, fragment=None))
    return text if len(text) <= _MAX_URL else f"{text[:_MAX_URL]}..."


def _origin_and_path(url: httpx.URL) -> tuple[str, str]:
    """Return scheme, host and port of a URL, and its path as it is sent, with the query."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}", url.raw_path.decode("ascii")


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
    return _decisive(error)[1]


def _cause(error: Exception, host: str) -> str:
    """Return in words why there is no response. What the other side sent is not repeated."""
    cause, reason = _decisive(error)
    match cause:
        case socket.gaierror():
            return f"the DNS name {host} cannot be resolved: {cause.strerror or cause}"
        case ssl.SSLCertVerificationError():
            return f"the TLS certificate is not accepted: {cause.verify_message or cause.reason}"
        case ssl.SSLError():
            return f"the TLS handshake failed: {cause.reason or 'no reason given'}"
        case _:
            return _WORDS[reason]


def _decisive(error: Exception) -> tuple[BaseException, str]:
    """Return the error that says most, of this one and its causes, and the reason it is."""
    causes = tuple(_causes(error))
    found = ((cause, reason) for kind, reason in _CAUSES for cause in causes if isinstance(cause, kind))
    return next(found, (error, "unreachable"))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Iterate over an error and its causes; the addresses of one host fail as an exception group."""
    yield error
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _causes(each)
    cause = error.__cause__ or error.__context__
    if cause is not None:
        yield from _causes(cause)
