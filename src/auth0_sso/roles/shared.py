"""User roles that all replicas share, and the changes of them, published to every replica.

One key for each user: a generation, and the sealed roles in each organization. A change replaces the whole key by
one with a new generation, so that a look-up that was under way elsewhere, and read the world before the change, finds
its answer marked with an older one, which is ignored. How old they are goes by the clock of the store's
server alone: those of the replicas may differ. The news goes through a stream, not by publishing: a
reader whose connection breaks would never learn what was published meanwhile.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from secrets import token_hex
from typing import Final, NoReturn

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import StoreUnavailableError
from auth0_sso.roles.user_roles import UserRoles, UserRolesKey
from auth0_sso.store.sealed import SealedStore
from auth0_sso.store.store import Script

_log = logging.getLogger(__name__)

_GENERATION: Final = "generation"
_GENERATION_SECONDS: Final = 120
"""How long a change is remembered by its generation: longer than any look-up is under way."""
_FORMAT: Final = "2"
"""Part of what user roles are sealed for, so that other versions of this service do not read it."""
_READ: Final = Script(
    "local time = redis.call('time') "
    "return {time[1] * 1000 + math.floor(time[2] / 1000), unpack(redis.call('hmget', KEYS[1], ARGV[1], ARGV[2]))}",
    wrote=lambda _: False,
)
_WRITE: Final = Script(
    "redis.call('hset', KEYS[1], ARGV[1], ARGV[2]) redis.call('expire', KEYS[1], ARGV[3])",
)
_REPLACE: Final = Script(
    "redis.call('del', KEYS[1]) redis.call('hset', KEYS[1], ARGV[1], ARGV[2]) redis.call('expire', KEYS[1], ARGV[3])"
)
_MAX_STREAM_LENGTH: Final = 10_000
_READ_BLOCK: Final = 1000  # milliseconds
_PAUSE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read before a look-up: a user's generation, and the time by the store's server, in seconds."""

    generation: str
    at: float


class SharedRoles:
    """Reads and writes standings for `ttl` seconds. While the store is away it knows nothing, and says so once."""

    def __init__(self, sealed: SealedStore, *, ttl: float) -> None:
        """Take where standings are kept, and how long they hold at most, in seconds."""
        self._sealed = sealed
        self._store = sealed.store
        self._ttl = ttl
        self._stream = sealed.name("role-changes")
        self._unpublished: set[str] = set()

    async def read(self, key: UserRolesKey) -> tuple[UserRoles | None, Reading | None]:
        """Return the user's roles if they have not expired, and the reading to write another with.

        Without a reading nothing is to be written: the store is away, or has not heard of a change yet.
        """
        place = self._place(key)
        if key[0] in self._unpublished:
            return None, None
        try:
            milliseconds, generation, sealed = await self._store.run(_READ, [place], [_GENERATION, _field(key)])
        except StoreUnavailableError:
            return None, None
        reading = Reading(generation.decode() if isinstance(generation, bytes) else "", milliseconds / 1000)
        return _user_roles(self._sealed.unseal(_seat(place, key), sealed), reading), reading

    async def write(self, key: UserRolesKey, user_roles: UserRoles, reading: Reading, *, ttl: float) -> None:
        """Store user roles that were looked up since `reading`, for `ttl` seconds from then."""
        place = self._place(key)
        value = {
            "roles": sorted(user_roles.roles),
            "refusal": user_roles.refusal,
            "at": reading.at,
            "ttl": ttl,
            "generation": reading.generation,
        }
        life = max(_GENERATION_SECONDS, int(self._ttl) + 1)
        words = (_field(key), self._sealed.seal(_seat(place, key), value), life)
        with suppress(StoreUnavailableError):
            await self._store.run(_WRITE, [place], words)

    async def publish(self, subject: str) -> None:
        """Tell every replica, before this returns, that a user's roles have changed.

        While that cannot be, what the store says of the user is not believed here, and telling is tried again.
        """
        self._unpublished.add(subject)
        try:
            await self._publish(subject)
        except StoreUnavailableError:
            _log.error("other replicas learn of a changed role later, in %.0f s at the latest", self._ttl)

    async def _publish(self, subject: str) -> None:
        place = self._place((subject, None))
        await self._store.run(_REPLACE, [place], [_GENERATION, token_hex(8), _GENERATION_SECONDS], insist=True)
        news = self._sealed.seal(self._stream, subject)
        await self._store.execute(
            "XADD", self._stream, "MAXLEN", "~", _MAX_STREAM_LENGTH, "*", "subject", news, insist=True
        )
        self._unpublished.discard(subject)

    async def subscribe(
        self,
        invalidate: Callable[[str], None],
        invalidate_all: Callable[[], None],
        *,
        clock: Clock = SYSTEM_CLOCK,
    ) -> NoReturn:
        """Call `invalidate` with each subject published; call `invalidate_all` where one may have been missed."""
        last: bytes | None = None
        trouble = False
        while True:
            try:
                await self._store.require_writes(self._stream)  # a demoted master has no news, and answers readers
                if last is None:
                    last = await self._latest()
                    invalidate_all()
                for changed in tuple(self._unpublished):
                    await self._publish(changed)
                for identifier, subject in await self._next(last):
                    last = identifier
                    if subject is not None:
                        invalidate(subject)
                trouble = False
            except StoreUnavailableError as error:
                level = logging.DEBUG if trouble else logging.WARNING  # once for each outage
                _log.log(level, "changed roles cannot be read from the shared store: %s", error.reason)
                last, trouble = None, True
                await clock.sleep(_PAUSE)
            except Exception:  # noqa: BLE001 - an unforeseen error must not end the reader: the next message may be good
                _log.exception("reading changed roles failed with an unexpected error")
                last = None
                await clock.sleep(_PAUSE)

    async def _latest(self) -> bytes:
        entries = await self._store.execute_blocking("XREVRANGE", self._stream, "+", "-", "COUNT", 1)
        return bytes(entries[0][0]) if entries else b"0"

    async def _next(self, last: bytes) -> list[tuple[bytes, str | None]]:
        """Wait a while for news; return each one's identifier and subject, None for what we did not write."""
        answer = await self._store.execute_blocking("XREAD", "BLOCK", _READ_BLOCK, "STREAMS", self._stream, last)
        return [(identifier, self._subject(fields)) for _, entries in answer or () for identifier, fields in entries]

    def _subject(self, fields: dict[bytes, bytes]) -> str | None:
        subject = self._sealed.unseal(self._stream, fields.get(b"subject"))
        return subject if isinstance(subject, str) else None

    def _place(self, key: UserRolesKey) -> str:
        return self._sealed.name("user-roles", key[0])


def _user_roles(value: object, reading: Reading) -> UserRoles | None:
    if not isinstance(value, dict) or value["generation"] != reading.generation:
        return None
    age = reading.at - value["at"]
    if not 0 <= age < value["ttl"]:  # a negative age: another server has become the master, and its clock is behind
        return None
    return UserRoles(frozenset(value["roles"]), value["refusal"], age)


def _field(key: UserRolesKey) -> str:
    # Not "in ORGANIZATION", where older versions keep the tenant's roles and the member's in one.
    return "in " if key[1] is None else f"member of {key[1]}"


def _seat(place: str, key: UserRolesKey) -> str:
    return f"{place} {_field(key)} {_FORMAT}"
