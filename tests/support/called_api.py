"""An API that asks for tokens, beside the tenant that issues them."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from auth0_sso import ClientCredentials

SECRET = "the-client-secret"
ORDERS = "https://orders.example.com"
AUDIENCE = "https://api.orders"

Make = Callable[..., ClientCredentials]


class TokenEndpointScript:
    """The tenant's token endpoint, in whatever thread it is asked; `gate` holds the answers back."""

    def __init__(self) -> None:
        self.answers: list[httpx.Response | Exception] = []
        self.requests: list[httpx.Request] = []
        self.gate: threading.Event | None = None
        self.asked = threading.Event()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.asked.set()
        while self.gate is not None and not self.gate.is_set():
            await asyncio.sleep(0.001)  # an asyncio.Event belongs to one loop, a test and this to two
        answer = self.answers.pop(0) if self.answers else issued(f"token-{len(self.requests)}")
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))


def issued(text: str, expires_in: int = 86_400) -> httpx.Response:
    return httpx.Response(200, json={"access_token": text, "expires_in": expires_in, "token_type": "Bearer"})


class Api(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """An API that notes the tokens it gets, and rejects some. A body is read as it comes."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.bodies: list[bytes] = []
        self.rejected: set[str] = set()
        self.redirect_to: str | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        return self._answer(request, b"".join(request.stream))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        return self._answer(request, b"".join([chunk async for chunk in request.stream]))

    def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        self.tokens.append(request.headers.get("Authorization", "none").removeprefix("Bearer "))
        self.bodies.append(body)
        if self.redirect_to is not None and request.url.host != httpx.URL(self.redirect_to).host:
            return httpx.Response(307, headers={"Location": self.redirect_to})
        return httpx.Response(401 if self.tokens[-1] in self.rejected else 200)


@contextmanager
def client_of(api: Api, auth: httpx.Auth) -> Iterator[httpx.Client]:
    with httpx.Client(transport=api, auth=auth, base_url=ORDERS) as client:
        yield client


def async_client_of(api: Api, auth: httpx.Auth) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=api, auth=auth, base_url=ORDERS)
