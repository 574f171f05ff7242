"""The HTTP client library: httpx, or httpx2 in an environment without httpx.

httpx2 continues httpx under the same names. docs/decisions/0029-httpx-is-the-default-httpx2-serves-too.md says how an
app chooses. All other modules take it from here.
"""

from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    import httpx
else:
    try:
        import httpx
    except ModuleNotFoundError:
        import httpx2 as httpx

__all__ = ["AsyncTransport", "httpx", "open_client"]

_TIMEOUT = httpx.Timeout(5, connect=2)


class AsyncTransport(Protocol):
    """A transport of the library in use, such as `httpx.AsyncHTTPTransport` or `httpx.MockTransport`."""

    async def handle_async_request(self, request: Any, /) -> Any:  # noqa: ANN401 - the types of httpx, or of httpx2
        """Send a request, and return the response."""


def open_client(transport: AsyncTransport | None = None) -> httpx.AsyncClient:
    """Return a client to be closed by `async with`; without a transport it has one of its own."""
    return httpx.AsyncClient(transport=cast("httpx.AsyncBaseTransport | None", transport), timeout=_TIMEOUT)
