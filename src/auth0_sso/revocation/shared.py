"""The deny list of a fleet: a stream in the shared store that each process reads from its start, and follows.

A process that starts reads what is still alive; one that lost the store goes on with what it has, and reads what it
missed. If the store has lost the stream, the processes put their entries back.
"""

import logging
from collections.abc import Iterator
from typing import Final, NoReturn

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import StoreUnavailableError
from auth0_sso.revocation.deny_list import DenyList, Revocation
from auth0_sso.store.sealed import SealedStore

_log = logging.getLogger(__name__)

_BLOCK_MILLISECONDS: Final = 1000
_PAGE: Final = 1000
_RETRY_SECONDS: Final = 1.0
_START: Final = b"0"


class SharedRevocations:
    """Publishes revocations to all processes, and adds theirs to this one's deny list."""

    def __init__(
        self, sealed: SealedStore, deny_list: DenyList, *, lifetime: float, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        """Take the store, the list, the longest life of an access token in seconds, and the clock."""
        self._sealed = sealed
        self._store = sealed.store
        self._deny_list = deny_list
        self._lifetime = lifetime
        self._clock = clock
        self._stream = sealed.name("revocations")
        self._unpublished: list[Revocation] = []
        self.position = _START
        """The id of the last entry that was read."""

    async def revoke(self, revocation: Revocation) -> bool:
        """Refuse tokens here from now on, and in the other processes as soon as they read it, within a second.

        Returns False for what is known already. If the store is unavailable, `follow` publishes it later.
        """
        if not self._deny_list.add(revocation):
            return False
        try:
            await self._publish(revocation)
        except StoreUnavailableError:
            self._unpublished.append(revocation)
            _log.error("other replicas accept revoked tokens until the shared store takes writes again")
        return True

    async def follow(self) -> NoReturn:
        """Read the stream, for ever."""
        failing = False
        while True:
            try:
                await self._store.require_writes(
                    self._stream
                )  # a demoted master is readable, and gets no revocations
                await self._put_back_what_is_lost()
                await self._publish_waiting()
                await self._read()
                failing = False
            except StoreUnavailableError as error:
                level = logging.DEBUG if failing else logging.WARNING  # one warning for each outage
                _log.log(level, "revocations cannot be read from the shared store: %s", error.reason)
                failing = True
                await self._clock.sleep(_RETRY_SECONDS)
            except Exception:  # noqa: BLE001 - an unexpected error must not end this
                _log.exception("reading revocations failed with an unexpected error")
                await self._clock.sleep(_RETRY_SECONDS)

    async def _read(self) -> None:
        """Wait a second for entries, and add them."""
        answer = await self._store.execute_blocking(
            "XREAD", "COUNT", _PAGE, "BLOCK", _BLOCK_MILLISECONDS, "STREAMS", self._stream, self.position
        )
        for _, entries in answer or ():
            for identifier, fields in entries:
                for revocation in self._unsealed(fields):
                    self._deny_list.add(revocation)
                self.position = bytes(identifier)

    async def _put_back_what_is_lost(self) -> None:
        """After a restart of the store without its data: what one process puts back twice is known to the others."""
        if self.position != _START and not await self._store.execute("EXISTS", self._stream):
            self._unpublished.extend(each for each in self._deny_list if each not in self._unpublished)

    async def _publish_waiting(self) -> None:
        while self._unpublished:
            await self._publish(self._unpublished[0])
            del self._unpublished[0]

    async def _publish(self, revocation: Revocation) -> None:
        value = [revocation.issuer, revocation.before, revocation.subject, revocation.session_id]
        oldest = max(0, int((self._clock.wall() - self._lifetime) * 1000))
        await self._store.execute(
            "XADD",
            self._stream,
            "MINID",
            "~",
            oldest,
            "*",
            "revocation",
            self._sealed.seal(self._stream, value),
            bypass_breaker=True,
        )

    def _unsealed(self, fields: dict[bytes, bytes]) -> Iterator[Revocation]:
        match self._sealed.unseal(self._stream, fields.get(b"revocation")):
            case [str(issuer), int() | float() as before, None | str() as subject, None | str() as session_id]:
                yield Revocation(issuer, before, subject, session_id)
