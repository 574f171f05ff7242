"""A replay cache that all processes share, in one atomic command: `SET ... NX EX`."""

from math import ceil
from typing import Final

from auth0_sso.store.commands import KEY_PREFIX
from auth0_sso.store.store import RedisStore

_PREFIX: Final = f"{KEY_PREFIX}:proof:"


class RedisReplays:
    """Remembers names in the shared store, which expire there."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    async def add(self, name: bytes, lifetime: float) -> bool:
        """Remember a name for `lifetime` seconds, rounded up; return False if it is known already.

        Raises `StoreUnavailableError`.
        """
        seconds = max(1, ceil(lifetime))
        reply = await self._store.execute("SET", f"{_PREFIX}{name.hex()}", b"", "NX", "EX", seconds)
        return reply is not None
