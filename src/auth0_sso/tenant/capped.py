"""Reading an answer with bounds: a deadline for all of it, and a cap on its bytes.

httpx's timeouts are for each read, so a drip of one byte a second never meets them; and it inflates gzip, so a
small body can become a huge one. Hence one clock around the whole exchange, raw bytes, and no compression.
"""

import asyncio
from dataclasses import dataclass

import httpx

from auth0_sso.tokens import strict_json


class FetchError(Exception):
    """The exchange did not end in an answer that can be used; `reason` is one word for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, whole."""

    status: int
    headers: httpx.Headers
    body: bytes

    def json(self) -> object:
        """Return the body's JSON value; raise `FetchError` when it is none."""
        try:
            return strict_json.loads(self.body)
        except strict_json.StrictJsonError as error:
            raise FetchError(f"answer_{error.fault}") from None


async def exchange(
    client: httpx.AsyncClient,
    request: httpx.Request,
    *,
    deadline: float,
    max_bytes: int,
    auth: httpx.Auth | None = None,
) -> Answer:
    """Send a request and read its answer within `deadline` seconds and `max_bytes` bytes.

    Raises `FetchError` with reasons `timeout`, `unreachable`, `answer_too_large` or `answer_compressed`.
    Redirects are answers like any other.
    """
    request.headers["Accept-Encoding"] = "identity"
    try:
        async with asyncio.timeout(deadline):
            response = await client.send(request, stream=True, auth=auth, follow_redirects=False)
            try:
                return Answer(response.status_code, response.headers, await _body(response, max_bytes))
            finally:
                await response.aclose()
    except (TimeoutError, httpx.TimeoutException):
        raise FetchError("timeout") from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
        raise FetchError("unreachable") from None


async def _body(response: httpx.Response, max_bytes: int) -> bytes:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise FetchError("answer_compressed")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > max_bytes:
            raise FetchError("answer_too_large")
    return bytes(body)
