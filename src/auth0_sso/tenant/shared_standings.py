"""Standings that all replicas share, and the news of changed ones.

One key for each user: a generation, and a sealed standing for each organization. A change replaces the whole key by
one with a new generation, so that a look-up that was under way elsewhere, and read the world before the change, finds
its answer marked with an older one, which nobody believes. The news goes through a stream, not by publishing: a
reader whose connection breaks would never learn what was published meanwhile.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from secrets import token_hex
from typing import Final, NoReturn

from auth0_sso.errors import StoreUnavailableError
from auth0_sso.fleet.sealed import SealedStore
from auth0_sso.fleet.store import Script
from auth0_sso.tenant.standing import Standing, StandingKey

_log = logging.getLogger(__name__)

_GENERATION: Final = "generation"
_GENERATION_SECONDS: Final = 120
"""How long a change is remembered by its generation: longer than any look-up is under way."""
_WRITE: Final = Script(
    "redis.call('hset', KEYS[1], ARGV[1], ARGV[2]) redis.call('expire', KEYS[1], ARGV[3])",
)
_REPLACE: Final = Script(
    "redis.call('del', KEYS[1]) redis.call('hset', KEYS[1], ARGV[1], ARGV[2]) redis.call('expire', KEYS[1], ARGV[3])"
)
_NEWS_KEPT: Final = 10_000
_NEWS_WAIT: Final = 1000  # milliseconds
_PAUSE: Final = 0.5


class SharedStandings:
    """Reads and writes standings for `ttl` seconds. While the store is away it knows nothing, and says so once."""

    def __init__(self, sealed: SealedStore, *, ttl: float, wall: Callable[[], float] = time.time) -> None:
        """Take where standings are kept, how long they hold, in seconds, and a clock that counts from 1970."""
        self._sealed = sealed
        self._store = sealed.store
        self._ttl = ttl
        self._wall = wall
        self._news = sealed.name("role-changes")
        self._unannounced: set[str] = set()

    async def read(self, key: StandingKey) -> tuple[Standing | None, str | None]:
        """Return a standing that still holds, if there is one, and the generation to write another with.

        Without a generation nothing is to be written: the store is away, or has not heard of a change yet.
        """
        place = self._place(key)
        if key[0] in self._unannounced:
            return None, None
        try:
            generation, sealed = await self._store.execute("HMGET", place, _GENERATION, _field(key))
        except StoreUnavailableError:
            return None, None
        current = generation.decode() if isinstance(generation, bytes) else ""
        return self._standing(self._sealed.unseal(_seat(place, key), sealed), current), current

    async def write(self, key: StandingKey, standing: Standing, generation: str, *, ttl: float) -> None:
        """Keep a standing that was looked up since `generation` was read."""
        place = self._place(key)
        value = {
            "roles": sorted(standing.roles),
            "refusal": standing.refusal,
            "until": self._wall() + ttl,
            "since": self._wall(),
            "generation": generation,
        }
        life = max(_GENERATION_SECONDS, int(self._ttl) + 1)
        words = (_field(key), self._sealed.seal(_seat(place, key), value), life)
        with suppress(StoreUnavailableError):
            await self._store.run(_WRITE, [place], words)

    async def announce(self, subject: str) -> None:
        """Tell every replica, before this returns, that a user's standing has changed.

        While that cannot be, what the store says of the user is not believed here, and telling is tried again.
        """
        self._unannounced.add(subject)
        try:
            await self._tell(subject)
        except StoreUnavailableError:
            _log.error("other replicas learn of a changed role later, in %.0f s at the latest", self._ttl)

    async def _tell(self, subject: str) -> None:
        place = self._place((subject, None))
        await self._store.run(_REPLACE, [place], [_GENERATION, token_hex(8), _GENERATION_SECONDS], insist=True)
        news = self._sealed.seal(self._news, subject)
        await self._store.execute("XADD", self._news, "MAXLEN", "~", _NEWS_KEPT, "*", "subject", news, insist=True)
        self._unannounced.discard(subject)

    async def follow(
        self,
        forget: Callable[[str], None],
        forget_all: Callable[[], None],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> NoReturn:
        """Hand each subject of the news to `forget`, for ever; call `forget_all` where some may have been missed."""
        last: bytes | None = None
        trouble = False
        while True:
            try:
                await self._store.require_writes(self._news)  # a demoted master has no news, and answers readers
                if last is None:
                    last = await self._latest()
                    forget_all()
                for changed in tuple(self._unannounced):
                    await self._tell(changed)
                for identifier, subject in await self._next(last):
                    last = identifier
                    if subject is not None:
                        forget(subject)
                trouble = False
            except StoreUnavailableError as error:
                level = logging.DEBUG if trouble else logging.WARNING  # once for each outage
                _log.log(level, "news of changed roles cannot be read: %s", error.reason)
                last, trouble = None, True
                await sleep(_PAUSE)
            except Exception:  # noqa: BLE001 - whatever the store said, the next may be good: the reader must live
                _log.exception("reading the news of changed roles failed in a way nobody thought of")
                last = None
                await sleep(_PAUSE)

    async def _latest(self) -> bytes:
        entries = await self._store.execute_blocking("XREVRANGE", self._news, "+", "-", "COUNT", 1)
        return bytes(entries[0][0]) if entries else b"0"

    async def _next(self, last: bytes) -> list[tuple[bytes, str | None]]:
        """Wait a while for news; return each one's identifier and subject, None for what we did not write."""
        answer = await self._store.execute_blocking("XREAD", "BLOCK", _NEWS_WAIT, "STREAMS", self._news, last)
        return [(identifier, self._subject(fields)) for _, entries in answer or () for identifier, fields in entries]

    def _subject(self, fields: dict[bytes, bytes]) -> str | None:
        subject = self._sealed.unseal(self._news, fields.get(b"subject"))
        return subject if isinstance(subject, str) else None

    def _standing(self, value: object, generation: str) -> Standing | None:
        if not isinstance(value, dict) or value["generation"] != generation or value["until"] <= self._wall():
            return None
        age = max(0.0, self._wall() - value["since"])
        return Standing(frozenset(value["roles"]), value["refusal"], age)

    def _place(self, key: StandingKey) -> str:
        return self._sealed.name("standing", key[0])


def _field(key: StandingKey) -> str:
    return f"in {key[1] or ''}"


def _seat(place: str, key: StandingKey) -> str:
    return f"{place} {_field(key)}"
