"""One access token of a client for one API, shared by all processes through Redis.

Auth0 counts and bills machine tokens, which are valid for a day. Four replicas of four workers that each fetch one at
every restart cost sixteen times what is needed. The shared token is stored encrypted (`store.sealed`).
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import StoreUnavailableError
from auth0_sso.oauth.token import IssuedToken
from auth0_sso.store.sealed import SealedStore

_LOCK_MILLISECONDS: Final = 6000
_POLL_INTERVAL: Final = 0.05
_MAX_POLLS: Final = 80  # four seconds: less than the timeout of a call

Fetch = Callable[[], Awaitable[IssuedToken]]


class SharedToken:
    """Gives every process the same token, which the first one that needs it fetches."""

    def __init__(
        self,
        sealed: SealedStore,
        *parts: str,
        kind: str = "management-token",
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Take the store that keeps the token, what tells it from other tokens of that kind, and the clock."""
        self._sealed = sealed
        self._store = sealed.store
        self._clock = clock
        self._key = sealed.name(kind, *parts)
        self._lock = sealed.name(f"{kind}-lock", *parts)

    async def get(self, fetch: Fetch, *, rejected: str | None = None) -> IssuedToken:
        """Return the shared token; fetch one if there is none, if it is due for renewal, or if it is `rejected`.

        One process at a time fetches while the others poll for its token, for at most four seconds. While the store
        is unavailable each process fetches a token of its own. Raises what `fetch` raises.
        """
        try:
            for _ in range(_MAX_POLLS):
                token = self._read(await self._store.execute("GET", self._key))
                if token is not None and token.text != rejected and self._clock.monotonic() < token.renew_at:
                    return token
                if await self._store.execute("SET", self._lock, "1", "NX", "PX", _LOCK_MILLISECONDS):
                    return await self._fetch_and_share(fetch)
                await self._clock.sleep(_POLL_INTERVAL)
        except StoreUnavailableError:
            pass
        return await fetch()

    async def _fetch_and_share(self, fetch: Fetch) -> IssuedToken:
        try:
            token = await fetch()
            await self._write(token)
        finally:
            await self._execute("DEL", self._lock)
        return token

    async def _write(self, token: IssuedToken) -> None:
        lifetime = int(token.expires_at - self._clock.monotonic())
        if lifetime <= 0:
            return
        value = {
            "text": token.text,
            "renewAt": token.renew_at + self._wall_offset(),
            "expiresAt": token.expires_at + self._wall_offset(),
            "scopes": None if token.scopes is None else sorted(token.scopes),
        }
        await self._execute("SET", self._key, self._sealed.seal(self._key, value), "EX", lifetime)

    async def _execute(self, *command: str | bytes | float) -> None:
        """Run a command whose failure does not matter: the token was fetched."""
        with suppress(StoreUnavailableError):
            await self._store.execute(*command)

    def _read(self, sealed: object) -> IssuedToken | None:
        value = self._sealed.unseal(self._key, sealed)
        if not isinstance(value, dict):
            return None
        scopes, offset = value["scopes"], self._wall_offset()
        return IssuedToken(
            value["text"],
            value["renewAt"] - offset,
            value["expiresAt"] - offset,
            None if scopes is None else frozenset(scopes),
        )

    def _wall_offset(self) -> float:
        """Return what turns a monotonic time of this process into wall time, which all processes share."""
        return self._clock.wall() - self._clock.monotonic()
