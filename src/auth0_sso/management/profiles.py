"""The users' own profiles, cached for a few seconds: a loop of requests makes few Management calls."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final
from weakref import WeakValueDictionary

from cachetools import TTLCache
from pydantic import JsonValue

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import Auth0SsoError, ManagementUnavailableError
from auth0_sso.events import IGNORE, Observer, TenantCallShed
from auth0_sso.management import metadata
from auth0_sso.management.client import ManagementClient
from auth0_sso.management.models import User
from auth0_sso.resilience.single_flight import SingleFlight, TooManyWaitingError

NoteBefore = Callable[[Mapping[str, JsonValue]], None]
"""Takes a user's metadata as it was before a change."""

TTL: Final = 5.0
"""Seconds for which a profile is cached."""

_MAX_BYTES: Final = 8 * 1024 * 1024
_BYTES_WITHOUT_METADATA: Final = 2048
_MAX_WAITING: Final = 500
"""How many requests may wait for profiles."""


class Profiles:
    """A cache of users. A change made with `update_metadata`, or followed by `invalidate`, is visible at once."""

    def __init__(
        self,
        management: ManagementClient,
        *,
        ttl: float = TTL,
        clock: Clock = SYSTEM_CLOCK,
        observe: Observer = IGNORE,
    ) -> None:
        """Take the Management client, the seconds for which users are cached, the clock and an observer."""
        self._management = management
        self._observe = observe
        self._cache: TTLCache[str, User] = TTLCache(_MAX_BYTES, ttl, timer=clock.monotonic, getsizeof=_size_of)
        self._flight: SingleFlight[str, User] = SingleFlight(max_waiting=_MAX_WAITING)
        self._writing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._invalidations = 0

    async def get(self, user_id: str) -> User:
        """Return a user, at most `ttl` seconds old; raise what `ManagementClient.get_user` raises."""
        cached = self._cache.get(user_id)
        if cached is not None:
            return cached
        try:
            return await self._flight.run(user_id, lambda: self._look_up(user_id))
        except TooManyWaitingError:
            self._observe(TenantCallShed("management", "queue_full"))
            raise ManagementUnavailableError("queue_full", retry_after=1) from None

    async def update_metadata(
        self, user_id: str, change: Mapping[str, JsonValue], *, note_before: NoteBefore | None = None
    ) -> User:
        """Merge into the user's metadata, first level only, and return the user; null deletes a key, `{}` all keys.

        `note_before` is called with the metadata before the change, if that could be read.

        Raises `MetadataError` if the metadata would be too large, and what `ManagementClient` raises. Changes of one
        user are serialized (in this process), so that the size of each includes those before it.
        """
        lock = self._writing.setdefault(user_id, asyncio.Lock())
        async with lock:
            await self._require_room(user_id, change, note_before)
            try:
                return await self._management.on_behalf_of(user_id).update_user_metadata(user_id, change)
            finally:
                self.invalidate(user_id)

    def invalidate(self, user_id: str) -> None:
        """Drop a user from the cache: it has changed."""
        self._invalidations += 1
        self._cache.pop(user_id, None)
        self._flight.invalidate(user_id)

    async def aclose(self) -> None:
        """Cancel look-ups in progress."""
        await self._flight.aclose()

    async def _look_up(self, user_id: str) -> User:
        invalidations = self._invalidations
        user = await self._management.on_behalf_of(user_id).get_user(user_id)
        if invalidations == self._invalidations and _size_of(user) <= _MAX_BYTES:  # else it may predate a change
            self._cache[user_id] = user
        return user

    async def _require_room(
        self, user_id: str, change: Mapping[str, JsonValue], note_before: NoteBefore | None
    ) -> None:
        if metadata.only_deletes(change):
            if note_before is not None:
                with suppress(Auth0SsoError):  # the change needs no room, so what is stored need not be known
                    _note(await self._management.on_behalf_of(user_id).get_user(user_id), note_before)
            return
        user = await self._management.on_behalf_of(user_id).get_user(user_id)
        if note_before is not None:
            _note(user, note_before)
        if "user_metadata" in user.unreadable:
            raise metadata.MetadataError("cannot be added to what is stored, which cannot be read: delete keys first")
        metadata.require_room(user.user_metadata, change)


def _note(user: User, note_before: NoteBefore) -> None:
    if "user_metadata" not in user.unreadable:
        note_before(user.user_metadata)


def _size_of(user: User) -> int:
    return _BYTES_WITHOUT_METADATA + metadata.size_of(user.user_metadata) + metadata.size_of(user.app_metadata)
