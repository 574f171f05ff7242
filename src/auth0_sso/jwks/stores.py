"""The last good JWK Set beyond the life of the process: what is kept of it, and where that may be."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol, Self

from auth0_sso.clock import SYSTEM_CLOCK, Clock, WallTime
from auth0_sso.errors import StoreUnavailableError
from auth0_sso.store.sealed import SealedStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """A JWK Set as it was fetched `age` seconds ago, to be kept for `max_age` seconds from then."""

    document: object = field(repr=False)
    max_age: float
    age: float = 0

    def written(self, issuer: str, now: WallTime) -> dict[str, object]:
        """Return the JSON object to keep, at `now` in seconds since 1970."""
        return {"issuer": issuer, "savedAt": now, "maxAge": self.max_age, "jwks": self.document}

    @classmethod
    def read(cls, saved: object, issuer: str, now: WallTime) -> Self:
        """Read what was written for an issuer; raise `ValueError` where it is not to be believed."""
        if not isinstance(saved, dict) or saved.get("issuer") != issuer:
            raise ValueError("it holds another issuer's keys")
        saved_at, max_age = saved.get("savedAt"), saved.get("maxAge")
        if not isinstance(saved_at, (int, float)) or not isinstance(max_age, (int, float)) or max_age < 0:
            raise ValueError("it does not say how old it is")
        age = now - saved_at
        if age < 0:
            raise ValueError("it is of the future: check the clock")
        return cls(saved.get("jwks"), max_age, age)


class KeyStore(Protocol):
    """Keeps one issuer's last good JWK Set beyond the life of the process. Neither call raises."""

    async def load(self) -> StoredKeys | None:
        """Return what was saved last, or None where there is nothing to be believed."""

    async def save(self, keys: StoredKeys) -> None:
        """Keep a set that was fetched just now."""


class SharedKeys:
    """A `KeyStore` in the store that all replicas share, sealed: who could write there could else sign tokens."""

    def __init__(self, sealed: SealedStore, issuer: str, *, keep: float, clock: Clock = SYSTEM_CLOCK) -> None:
        """Take where they are kept and for how long, in seconds, whose they are, and a clock from 1970."""
        self._sealed = sealed
        self._issuer = issuer
        self._keep = keep
        self._clock = clock
        self._place = sealed.name("signing-keys", issuer)

    async def load(self) -> StoredKeys | None:
        """Return what a replica saved last, or None, logged, where that is not to be believed."""
        try:
            found = self._sealed.unseal(self._place, await self._sealed.store.execute("GET", self._place))
            return None if found is None else StoredKeys.read(found, self._issuer, self._clock.wall())
        except StoreUnavailableError:
            return None
        except ValueError as error:
            _log.warning("the shared signing keys are not used: %s", error)
            return None

    async def save(self, keys: StoredKeys) -> None:
        """Replace the set; while the store is away nothing changes."""
        saved = self._sealed.seal(self._place, keys.written(self._issuer, self._clock.wall()))
        life = max(1, int(keys.max_age + self._keep))
        with suppress(StoreUnavailableError):
            await self._sealed.store.execute("SET", self._place, saved, "EX", life)


class KeyStores:
    """Several stores as one: read from the first that has keys, write to all."""

    def __init__(self, stores: Sequence[KeyStore]) -> None:
        self._stores = tuple(stores)

    async def load(self) -> StoredKeys | None:
        """Return the keys of the first store that has some."""
        stored: StoredKeys | None = None
        for store in self._stores:
            stored = await store.load() if stored is None else stored
        return stored

    async def save(self, keys: StoredKeys) -> None:
        """Save to each."""
        await asyncio.gather(*(store.save(keys) for store in self._stores))
