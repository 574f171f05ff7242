"""Our own access token for the Management API, and the one that all processes share.

Auth0 counts and bills machine tokens, and they are good for a day: four replicas of four workers that each fetch one,
at every restart, cost sixteen times what is needed. A shared one lies sealed in the store (`store.sealed`).
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from auth0_sso.clock import SYSTEM_CLOCK, Clock, MonotonicTime
from auth0_sso.errors import StoreUnavailableError
from auth0_sso.store.sealed import SealedStore

_MAX_MARGIN: Final = 300.0
"""A token is renewed this many seconds before its end, or a tenth of its life before when that is less."""

_LOCK_MILLISECONDS: Final = 6000
_PAUSE: Final = 0.05
_MAX_LOOKS: Final = 80  # four seconds: less than a caller of the Management API waits


@dataclass(frozen=True, slots=True)
class ManagementToken:
    """A token's text, when to renew it and when it ends, in seconds by this process's clock."""

    text: str = field(repr=False)
    renew_at: float
    expires_at: float
    scopes: frozenset[str] | None
    """What it allows, where the token endpoint said so."""

    @classmethod
    def living(cls, text: str, life: float, scopes: frozenset[str] | None, now: MonotonicTime) -> "ManagementToken":
        """Return a token that was issued at `now` for `life` seconds."""
        return cls(text, now + life - min(_MAX_MARGIN, life / 10), now + life, scopes)

    def allows_any(self, scopes: tuple[str, ...]) -> bool:
        """Tell whether it may be good for one of `scopes`."""
        return self.scopes is None or not self.scopes.isdisjoint(scopes)


Fetch = Callable[[], Awaitable[ManagementToken]]


class SharedToken:
    """Gives every process the same token, fetched by the first that needs it."""

    def __init__(
        self,
        sealed: SealedStore,
        *,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Take where it is kept, the process's clock and one that counts from 1970, in seconds, and a pause."""
        self._sealed = sealed
        self._store = sealed.store
        self._clock = clock
        self._place = sealed.name("management-token")
        self._lock = sealed.name("management-token-lock")

    async def renewed(self, fetch: Fetch, *, refused: str | None = None) -> ManagementToken:
        """Return the shared token, unless it is to be renewed or the tenant `refused` that text; else fetch one.

        One process at a time fetches, the others wait for it a while. Without the store each fetches for itself.
        Raises what `fetch` raises.
        """
        try:
            for _ in range(_MAX_LOOKS):
                token = self._read(await self._store.execute("GET", self._place))
                if token is not None and token.text != refused and self._clock.monotonic() < token.renew_at:
                    return token
                if await self._store.execute("SET", self._lock, "1", "NX", "PX", _LOCK_MILLISECONDS):
                    return await self._fetch(fetch)
                await self._clock.sleep(_PAUSE)
        except StoreUnavailableError:
            pass
        return await fetch()

    async def _fetch(self, fetch: Fetch) -> ManagementToken:
        try:
            token = await fetch()
            await self._write(token)
        finally:
            await self._quietly("DEL", self._lock)
        return token

    async def _write(self, token: ManagementToken) -> None:
        ahead = self._clock.wall() - self._clock.monotonic()
        value = {
            "text": token.text,
            "renewAt": token.renew_at + ahead,
            "expiresAt": token.expires_at + ahead,
            "scopes": None if token.scopes is None else sorted(token.scopes),
        }
        life = int(token.expires_at - self._clock.monotonic())
        if life > 0:
            await self._quietly("SET", self._place, self._sealed.seal(self._place, value), "EX", life)

    async def _quietly(self, *words: str | bytes | float) -> None:
        with suppress(StoreUnavailableError):
            await self._store.execute(*words)

    def _read(self, sealed: object) -> ManagementToken | None:
        value = self._sealed.unseal(self._place, sealed)
        if not isinstance(value, dict):
            return None
        scopes, ahead = value["scopes"], self._clock.wall() - self._clock.monotonic()
        return ManagementToken(
            value["text"],
            value["renewAt"] - ahead,
            value["expiresAt"] - ahead,
            None if scopes is None else frozenset(scopes),
        )
