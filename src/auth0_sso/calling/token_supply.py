"""The token of one `ClientCredentials`, fetched and renewed in the background loop."""

import asyncio
from concurrent.futures import Future
from contextlib import AsyncExitStack
from typing import Final

from auth0_sso.calling.background import BackgroundLoop
from auth0_sso.calling.secret_rotation import SecretRotation
from auth0_sso.clock import Clock
from auth0_sso.http.client import AsyncTransport, open_client
from auth0_sso.oauth.proofs import sealing_secrets
from auth0_sso.oauth.shared_token import SharedToken
from auth0_sso.oauth.token import IssuedToken
from auth0_sso.oauth.token_endpoint import TokenRequest, read_nothing
from auth0_sso.oauth.token_source import AccessTokenSource
from auth0_sso.settings import Settings
from auth0_sso.store.sealed import SealedStore

_REREAD_INTERVAL: Final = 5.0
"""How often the files of secrets are looked at while a token is needed, in seconds."""


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
        *,
        rereads: bool,
    ) -> None:
        """Take the loop, the tenant's URL, what to ask it for, and the settings of a shared store, if any.

        With `rereads` the credentials are those of the settings, and are read again before a token is fetched.
        """
        self._background = background
        self._issuer = issuer
        self._request = request
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._rereads = rereads
        self._rotation: SecretRotation | None = None
        self._reread_at = 0.0
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
        await self._reread()
        self._token = token = await source.current()
        return token

    async def _reread(self) -> None:
        """Read the secrets again, unless that was done a moment ago."""
        if self._rotation is not None and self._clock.monotonic() >= self._reread_at:
            self._reread_at = self._clock.monotonic() + _REREAD_INTERVAL
            await self._rotation.reread()

    async def _open(self) -> AccessTokenSource:
        client = await self._stack.enter_async_context(open_client(self._transport))
        sealed = await self._open_store()
        rotation = self._rotation = self._new_rotation(sealed)
        self._source = AccessTokenSource(
            client,
            self._issuer,
            self._request,
            shared=None if sealed is None else self._shared(sealed),
            reread=read_nothing if rotation is None else rotation.reread,
            clock=self._clock,
        )
        self._stack.push_async_callback(self._source.aclose)
        if rotation is not None:
            rotation.on_new_proofs(self._source.retry_now)
            self._stack.push_async_callback(rotation.aclose)
        return self._source

    def _new_rotation(self, sealed: SealedStore | None) -> SecretRotation | None:
        if self._settings is None or not self._rereads:
            return None
        if sealed is None:
            return SecretRotation(self._settings, self._request.proofs)
        return SecretRotation(self._settings, self._request.proofs, store=sealed.store, keyring=sealed.keyring)

    def _shared(self, sealed: SealedStore) -> SharedToken:
        request = self._request
        parts = (request.client_id, request.audience, request.scope, request.organization)
        return SharedToken(sealed, *parts, kind="client-token", clock=self._clock)

    async def _open_store(self) -> SealedStore | None:
        """Return the shared store, sealed with the client's own secret or key."""
        if self._settings is None or not self._settings.has_shared_store:
            return None
        from auth0_sso.store.keyring import Keyring  # noqa: PLC0415 - beside redis, which is optional
        from auth0_sso.store.store import RedisStore  # noqa: PLC0415 - needs redis, which is optional

        settings, request = self._settings, self._request
        store = RedisStore(
            settings.rate_limit_storage_url.get_secret_value(),
            timeout=settings.rate_limit_store_timeout_seconds,
            clock=self._clock,
        )
        self._stack.push_async_callback(store.aclose)
        await store.open()
        secrets = sealing_secrets(request.proofs.listed)
        return SealedStore(store, Keyring(f"{self._issuer} {request.client_id}", *secrets, clock=self._clock))

    async def _aclose(self) -> None:
        self._source = None
        await self._stack.aclose()
