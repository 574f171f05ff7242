"""The last JWK Set, stored for the next start of the process: its format, and where it may be stored."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

from auth0_sso.clock import WallTime


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """A JWK Set that was fetched `age` seconds ago and is fresh for `max_age` seconds from then."""

    document: object = field(repr=False)
    max_age: float
    age: float = 0

    def as_json(self, issuer: str, now: WallTime) -> dict[str, object]:
        """Return the JSON object to store."""
        return {"issuer": issuer, "savedAt": now, "maxAge": self.max_age, "jwks": self.document}

    @classmethod
    def from_json(cls, saved: object, issuer: str, now: WallTime) -> Self:
        """Read a stored JSON object; raise `ValueError` if it is malformed, of another issuer, or of the future."""
        if not isinstance(saved, dict) or saved.get("issuer") != issuer:
            raise ValueError("they are not keys of this issuer")
        saved_at, max_age = _seconds(saved, "savedAt"), _seconds(saved, "maxAge")
        if max_age < 0:
            raise ValueError("their age is missing")
        age = now - saved_at
        if age < 0:
            raise ValueError("they were saved in the future: check the clock")
        return cls(saved.get("jwks"), max_age, age)


def _seconds(saved: dict[str, object], name: str) -> float:
    value = saved.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("their age is missing")
    return value


class KeyStore(Protocol):
    """Stores the last JWK Set of one issuer beyond the life of the process. Its methods raise no errors."""

    async def load(self) -> StoredKeys | None:
        """Return the keys that were saved last, or None if there are none that can be used."""

    async def save(self, keys: StoredKeys) -> None:
        """Save keys that were fetched just now."""


class KeyStores:
    """Several stores as one: loads from the first that has keys, saves to all."""

    def __init__(self, stores: Sequence[KeyStore]) -> None:
        self._stores = tuple(stores)

    async def load(self) -> StoredKeys | None:
        """Return the keys of the first store that has some."""
        keys: StoredKeys | None = None
        for store in self._stores:
            keys = await store.load() if keys is None else keys
        return keys

    async def save(self, keys: StoredKeys) -> None:
        """Save keys to every store."""
        await asyncio.gather(*(store.save(keys) for store in self._stores))
