"""An `httpx.Auth` with tokens of this service's own, for any API of the tenant (RFC 6749 section 4.4)."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Collection, Generator
from typing import Final

from auth0_sso.calling.background import background_loop
from auth0_sso.calling.confidential_client import ConfidentialClient
from auth0_sso.calling.origins import Origins, origin_of
from auth0_sso.calling.token_supply import TokenSupply
from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import ClientRefusedError
from auth0_sso.http.client import AsyncTransport, httpx
from auth0_sso.oauth.token import IssuedToken
from auth0_sso.oauth.token_endpoint import TokenRequest
from auth0_sso.settings import Settings

_NO_CLIENT: Final = "set AUTH0_MANAGEMENT_CLIENT_ID and its secret or private key, or pass a client"


class ClientCredentials(httpx.Auth):
    """Sends an access token of this service's own with each request of an `httpx.Client` or `httpx.AsyncClient`.

        orders = httpx.AsyncClient(base_url="https://orders.example.com", auth=ClientCredentials("https://orders"))

    One fetch serves any number of callers, event loops and threads. The token is renewed in the background before it
    expires, and used to its end while that fails. After a 401 the request is sent once more with another token, if
    its body can be sent again.

    A request raises `TokenUnavailableError` or `ClientQuotaError` while the tenant issues no token,
    `ClientRefusedError` where it refuses this service, and `ValueError` for an origin that may not have the token.
    """

    def __init__(
        self,
        audience: str,
        scope: str = "",
        *,
        organization: str = "",
        base_urls: Collection[str] = (),
        client: ConfidentialClient | None = None,
        settings: Settings | None = None,
        transport: AsyncTransport | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Take the API's identifier, the scopes (space-separated) and the id of an organization, if any.

        The token is sent to the origins of `base_urls` alone; without them, to the first origin that is asked. The
        client is that of `settings`, which are read from the environment when the first request is sent: its secret
        may be rotated in its file, and with RATE_LIMIT_STORAGE_URL all replicas share one token there. With `client`
        no settings are read, and no token is shared unless they are given too. `transport` is that of the requests
        to the tenant.
        """
        self._origins = Origins(base_urls)
        self._audience, self._scope, self._organization = audience, scope, organization
        self._client, self._settings = client, settings
        self._transport, self._clock = transport, clock
        self._lock = threading.Lock()
        self._supply: TokenSupply | None = None

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the token with a request of an `httpx.Client`."""
        self._origins.require(request.url)
        supply = self._running_supply()
        token = supply.fresh or supply.fetched().result()
        response = yield _with(request, token)
        if self._is_rejected(supply, token, request, response):
            other = supply.fetched().result()
            if other.text != token.text:
                supply.note((yield _with(request, other)).status_code, other, rejected=token)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the token with a request of an `httpx.AsyncClient`."""
        self._origins.require(request.url)
        supply = self._running_supply()
        token = supply.fresh
        if token is None:
            token = await asyncio.wrap_future(supply.fetched())
        response = yield _with(request, token)
        if self._is_rejected(supply, token, request, response):
            other = await asyncio.wrap_future(supply.fetched())
            if other.text != token.text:
                supply.note((yield _with(request, other)).status_code, other, rejected=token)

    def close(self) -> None:
        """Cancel a fetch in progress, and close the connection to the shared store; a request opens it again."""
        with self._lock:
            supply, self._supply = self._supply, None
        if supply is not None and supply.is_running:
            supply.closed().result()

    def _is_rejected(
        self, supply: TokenSupply, token: IssuedToken, request: httpx.Request, response: httpx.Response
    ) -> bool:
        """Note the status, and return whether the request is sent again."""
        if origin_of(response.request.url) != origin_of(request.url):
            return False  # a redirect, without our token, led there
        supply.note(response.status_code, token)
        return response.status_code == 401 and isinstance(request.stream, httpx.ByteStream)

    def _running_supply(self) -> TokenSupply:
        supply = self._supply
        if supply is not None and supply.is_running:
            return supply
        with self._lock:
            if self._supply is None or not self._supply.is_running:
                self._supply = self._new_supply()
            return self._supply

    def _new_supply(self) -> TokenSupply:
        settings = Settings.load() if self._client is None and self._settings is None else self._settings
        client = self._client if settings is None or self._client is not None else ConfidentialClient.of(settings)
        if client is None:
            missing = ClientRefusedError("client_not_configured")
            missing.log_detail = _NO_CLIENT
            raise missing
        request = TokenRequest(client.client_id, client.proofs, self._audience, self._scope, self._organization)
        return TokenSupply(
            background_loop(),
            client.issuer,
            request,
            settings,
            self._transport,
            self._clock,
            rereads=self._client is None,
        )


def _with(request: httpx.Request, token: IssuedToken) -> httpx.Request:
    request.headers["Authorization"] = f"Bearer {token.text}"
    return request
