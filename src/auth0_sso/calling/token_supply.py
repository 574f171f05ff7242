"""The token of one `ClientCredentials`, fetched and renewed in the background loop."""

import asyncio
from concurrent.futures import Future
from contextlib import AsyncExitStack

from auth0_sso.calling.background import BackgroundLoop
from auth0_sso.clock import Clock
from auth0_sso.http.client import AsyncTransport, open_client
from auth0_sso.oauth.proofs import sealing_secrets
from auth0_sso.oauth.shared_token import SharedToken
from auth0_sso.oauth.token import IssuedToken
from auth0_sso.oauth.token_endpoint import TokenRequest
from auth0_sso.oauth.token_source import AccessTokenSource
from auth0_sso.settings import Settings


class TokenSupply:
    """An `AccessTokenSource` that any thread may ask. It is made and used in the background loop alone."""

    def __init__(
        self,
        background: BackgroundLoop,
        issuer: str,
        request: TokenRequest,
        settings: Settings | None,
        transport: AsyncTransport | None,
        clock: Clock,
    ) -> None:
        """Take the loop, the tenant's URL, what to ask it for, and the settings of a shared store, if any."""
        self._background = background
        self._issuer = issuer
        self._request = request
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._source: AccessTokenSource | None = None
        self._token: IssuedToken | None = None
        self._accepted: IssuedToken | None = None

    @property
    def is_running(self) -> bool:
        """Whether its loop runs."""
        return self._background.is_running

    @property
    def fresh(self) -> IssuedToken | None:
        """The token, unless it is due for renewal or was rejected."""
        token = self._token
        return token if token is not None and self._clock.monotonic() < token.renew_at else None

    def fetched(self) -> Future[IssuedToken]:
        """Return the token of `AccessTokenSource.current`, to come."""
        return self._background.submit(self._current())

    def closed(self) -> Future[None]:
        """Close what is open, which the result waits for."""
        return self._background.submit(self._aclose())

    def note(self, status: int, token: IssuedToken, *, rejected: IssuedToken | None = None) -> None:
        """Record the status of a response to a request with this token: each 401, and of the others the first."""
        if status == 401:
            if self._token is token:
                self._token = None
        elif self._accepted is token and rejected is None:
            return
        else:
            self._accepted = token
        self._background.loop.call_soon_threadsafe(self._record, status, token, rejected)

    def _record(self, status: int, token: IssuedToken, rejected: IssuedToken | None) -> None:
        if self._source is not None:
            self._source.record_status(status, token, rejected=rejected)

    async def _current(self) -> IssuedToken:
        async with self._opening:
            source = self._source or await self._open()
        self._token = token = await source.current()
        return token

    async def _open(self) -> AccessTokenSource:
        client = await self._stack.enter_async_context(open_client(self._transport))
        shared = await self._shared()
        self._source = AccessTokenSource(client, self._issuer, self._request, shared=shared, clock=self._clock)
        self._stack.push_async_callback(self._source.aclose)
        return self._source

    async def _shared(self) -> SharedToken | None:
        """Return the place in the shared store, sealed with the client's own secret or key."""
        if self._settings is None or not self._settings.has_shared_store:
            return None
        from auth0_sso.store.keyring import Keyring  # noqa: PLC0415 - beside redis, which is optional
        from auth0_sso.store.sealed import SealedStore  # noqa: PLC0415 - needs redis, which is optional
        from auth0_sso.store.store import RedisStore  # noqa: PLC0415 - needs redis, which is optional

        settings, request = self._settings, self._request
        store = RedisStore(
            settings.rate_limit_storage_url.get_secret_value(),
            timeout=settings.rate_limit_store_timeout_seconds,
            clock=self._clock,
        )
        self._stack.push_async_callback(store.aclose)
        await store.open()
        keyring = Keyring(
            f"{self._issuer} {request.client_id}", *sealing_secrets(request.proofs.listed), clock=self._clock
        )
        parts = (request.client_id, request.audience, request.scope, request.organization)
        return SharedToken(SealedStore(store, keyring), *parts, kind="client-token", clock=self._clock)

    async def _aclose(self) -> None:
        self._source = None
        await self._stack.aclose()
