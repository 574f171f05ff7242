"""The role cache that all replicas share in Redis, and changes of roles, which are published to all of them.

One hash for each user: a generation, and the encrypted roles in the tenant and in each organization. A change
replaces the hash by one with a new generation. A look-up that another replica started before the change is written
with the old generation, and ignored. Ages go by the clock of the Redis server, because those of the replicas may
differ. Changes are published to a stream (XADD) instead of a channel (PUBLISH): a subscriber whose connection breaks
could not read what was published to a channel in the meantime.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from secrets import token_hex
from typing import Final, NoReturn

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import StoreUnavailableError
from auth0_sso.roles.user_roles import UserRoles, UserRolesKey
from auth0_sso.store.commands import Script
from auth0_sso.store.sealed import SealedStore

_log = logging.getLogger(__name__)

_GENERATION: Final = "generation"
_GENERATION_SECONDS: Final = 120
"""How long a change is kept as a generation: longer than any look-up takes."""
_FORMAT: Final = "2"
"""Part of the name that user roles are encrypted for, so that other versions of this library do not read them."""
_MAX_STREAM_LENGTH: Final = 10_000
_BLOCK_MILLISECONDS: Final = 1000
_RETRY_SECONDS: Final = 0.5


def _lua(name: str) -> str:
    return resources.files("auth0_sso.roles").joinpath(f"{name}.lua").read_text("utf-8")


_READ: Final = Script(_lua("read_user_roles"), wrote=lambda _: False)
_WRITE: Final = Script(_lua("write_user_roles"))
_REPLACE: Final = Script(_lua("replace_user_roles"))


@dataclass(frozen=True, slots=True)
class Reading:
    """The state before a look-up: a user's generation, and the time of the Redis server in seconds."""

    generation: str
    at: float


class SharedRoles:
    """Reads and writes user roles. While the store is unavailable nothing is cached, and changes are kept."""

    def __init__(self, sealed: SealedStore, *, ttl: float) -> None:
        """Take the store, and the MAX seconds for which roles are cached."""
        self._sealed = sealed
        self._store = sealed.store
        self._ttl = ttl
        self._stream = sealed.name("role-changes")
        self._unpublished: set[str] = set()

    async def read(self, key: UserRolesKey) -> tuple[UserRoles | None, Reading | None]:
        """Return the user's roles if they have not expired, and the reading to write new ones with.

        Without a reading nothing may be written: the store is unavailable, or a change is not published yet.
        """
        if key[0] in self._unpublished:
            return None, None
        name = self._name(key)
        try:
            milliseconds, generation, sealed = await self._store.run(_READ, [name], [_GENERATION, _field(key)])
        except StoreUnavailableError:
            return None, None
        reading = Reading(generation.decode() if isinstance(generation, bytes) else "", milliseconds / 1000)
        return _user_roles(self._sealed.unseal(_sealed_name(name, key), sealed), reading), reading

    async def write(self, key: UserRolesKey, user_roles: UserRoles, reading: Reading, *, ttl: float) -> None:
        """Write user roles that were looked up after `reading`; they expire `ttl` seconds after it."""
        name = self._name(key)
        value = {
            "roles": sorted(user_roles.roles),
            "refusal": user_roles.refusal,
            "at": reading.at,
            "ttl": ttl,
            "generation": reading.generation,
        }
        expire = max(_GENERATION_SECONDS, int(self._ttl) + 1)
        arguments = (_field(key), self._sealed.seal(_sealed_name(name, key), value), expire)
        with suppress(StoreUnavailableError):
            await self._store.run(_WRITE, [name], arguments)

    async def publish(self, subject: str) -> None:
        """Publish to every replica that a user's roles have changed.

        If the store is unavailable, `subscribe` publishes the change later, and until then this process does not
        read the user's roles from the store.
        """
        self._unpublished.add(subject)
        try:
            await self._publish(subject)
        except StoreUnavailableError:
            _log.error("other replicas may use old roles of a changed user for up to %.0f s", self._ttl)

    async def _publish(self, subject: str) -> None:
        name = self._name((subject, None))
        await self._store.run(_REPLACE, [name], [_GENERATION, token_hex(8), _GENERATION_SECONDS], bypass_breaker=True)
        sealed = self._sealed.seal(self._stream, subject)
        await self._store.execute(
            "XADD", self._stream, "MAXLEN", "~", _MAX_STREAM_LENGTH, "*", "subject", sealed, bypass_breaker=True
        )
        self._unpublished.discard(subject)

    async def subscribe(
        self,
        invalidate: Callable[[str], None],
        invalidate_all: Callable[[], None],
        *,
        clock: Clock = SYSTEM_CLOCK,
    ) -> NoReturn:
        """Call `invalidate` with each published subject, and `invalidate_all` when one may have been missed."""
        last: bytes | None = None
        failing = False
        while True:
            try:
                await self._store.require_writes(self._stream)  # a demoted master is readable, and gets no changes
                if last is None:
                    last = await self._latest()
                    invalidate_all()
                for changed in tuple(self._unpublished):
                    await self._publish(changed)
                for identifier, sealed in await self._next(last):
                    last = identifier
                    self._apply(sealed, invalidate, invalidate_all)
                failing = False
            except StoreUnavailableError as error:
                level = logging.DEBUG if failing else logging.WARNING  # one warning for each outage
                _log.log(level, "changed roles cannot be read from the shared store: %s", error.reason)
                last, failing = None, True
                await clock.sleep(_RETRY_SECONDS)
            except Exception:  # noqa: BLE001 - an unexpected error must not end the subscription
                _log.exception("reading changed roles failed with an unexpected error")
                last = None
                await clock.sleep(_RETRY_SECONDS)

    async def _latest(self) -> bytes:
        entries = await self._store.execute_blocking("XREVRANGE", self._stream, "+", "-", "COUNT", 1)
        return bytes(entries[0][0]) if entries else b"0"

    async def _next(self, last: bytes) -> list[tuple[bytes, bytes | None]]:
        """Wait a second for changes; return each one's id and sealed subject, None for entries that are not ours."""
        answer = await self._store.execute_blocking(
            "XREAD", "BLOCK", _BLOCK_MILLISECONDS, "STREAMS", self._stream, last
        )
        return [(identifier, fields.get(b"subject")) for _, entries in answer or () for identifier, fields in entries]

    def _apply(
        self, sealed: bytes | None, invalidate: Callable[[str], None], invalidate_all: Callable[[], None]
    ) -> None:
        """Invalidate the user of a change; all users if a replica that has another secret published it."""
        subject = self._sealed.unseal(self._stream, sealed)
        if isinstance(subject, str):
            invalidate(subject)
        elif self._sealed.has_unknown_key(sealed):
            invalidate_all()

    def _name(self, key: UserRolesKey) -> str:
        return self._sealed.name("user-roles", key[0])


def _user_roles(value: object, reading: Reading) -> UserRoles | None:
    if not isinstance(value, dict) or value["generation"] != reading.generation:
        return None
    age = reading.at - value["at"]
    if not 0 <= age < value["ttl"]:  # a negative age: after a failover the new master's clock is behind
        return None
    return UserRoles(frozenset(value["roles"]), value["refusal"], age)


def _field(key: UserRolesKey) -> str:
    # Not "in ORGANIZATION", in which older versions keep the roles of the tenant and of the member together.
    return "in " if key[1] is None else f"member of {key[1]}"


def _sealed_name(name: str, key: UserRolesKey) -> str:
    return f"{name} {_field(key)} {_FORMAT}"
