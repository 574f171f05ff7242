"""What users read and change of themselves: remembered for a moment, so that a loop of requests is few calls."""

import asyncio
from collections.abc import Mapping
from typing import Final
from weakref import WeakValueDictionary

from cachetools import TTLCache
from pydantic import JsonValue

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.management import metadata
from auth0_sso.management.client import ManagementClient
from auth0_sso.management.models import User
from auth0_sso.resilience.single_flight import SingleFlight

TTL: Final = 5.0
"""Seconds for which a profile is remembered."""

_MAX_BYTES: Final = 8 * 1024 * 1024
_BYTES_WITHOUT_METADATA: Final = 2048


class Profiles:
    """Profiles by the Management API. A change made through this object, or followed by `forget`, is seen at once."""

    def __init__(self, management: ManagementClient, *, ttl: float = TTL, clock: Clock = SYSTEM_CLOCK) -> None:
        """Take the client that is asked, how long answers are remembered in seconds, and the clock."""
        self._management = management
        self._known: TTLCache[str, User] = TTLCache(_MAX_BYTES, ttl, timer=clock.monotonic, getsizeof=_size_of)
        self._flight: SingleFlight[str, User] = SingleFlight()
        self._writing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._invalidations = 0

    async def get(self, user_id: str) -> User:
        """Return a user, at most a few seconds old; raise what `ManagementClient.get_user` raises."""
        known = self._known.get(user_id)
        return await self._flight.run(user_id, lambda: self._look_up(user_id)) if known is None else known

    async def update_metadata(self, user_id: str, change: Mapping[str, JsonValue]) -> User:
        """Merge into the user's metadata, first level only, and return the user; null deletes a key, `{}` all.

        Raises `MetadataError` where the metadata would be too large, and what `ManagementClient` raises. Changes of
        one user wait for each other, so that each is measured together with those before it.
        """
        lock = self._writing.setdefault(user_id, asyncio.Lock())
        async with lock:
            await self._require_room(user_id, change)
            try:
                return await self._management.on_behalf_of(user_id).update_user_metadata(user_id, change)
            finally:
                self.invalidate(user_id)

    def invalidate(self, user_id: str) -> None:
        """Ask anew at the next look: the user has changed."""
        self._invalidations += 1
        self._known.pop(user_id, None)
        self._flight.invalidate(user_id)

    async def aclose(self) -> None:
        """Give up look-ups that are under way."""
        await self._flight.aclose()

    async def _look_up(self, user_id: str) -> User:
        forgotten = self._invalidations
        user = await self._management.on_behalf_of(user_id).get_user(user_id)
        if forgotten == self._invalidations and _size_of(user) <= _MAX_BYTES:  # else it may be older than a change
            self._known[user_id] = user
        return user

    async def _require_room(self, user_id: str, change: Mapping[str, JsonValue]) -> None:
        if metadata.only_deletes(change):
            return
        user = await self._management.on_behalf_of(user_id).get_user(user_id)
        if "user_metadata" in user.unreadable:
            raise metadata.MetadataError("cannot be added to what is stored, which cannot be read: delete keys first")
        metadata.require_room(user.user_metadata, change)


def _size_of(user: User) -> int:
    return _BYTES_WITHOUT_METADATA + metadata.size_of(user.user_metadata) + metadata.size_of(user.app_metadata)
