"""The shared Redis as the rest of the library sees it: commands with a timeout, behind a circuit breaker.

redis-py is optional, so it is imported with the first store.
"""

import asyncio
import re
from collections.abc import Awaitable, Sequence
from typing import Any, Final, TypeVar

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import StoreUnavailableError
from auth0_sso.events import IGNORE, Observer
from auth0_sso.store.address import StoreAddress, parse_address
from auth0_sso.store.availability import Availability, StoreHealth
from auth0_sso.store.commands import KEY_PREFIX, Argument, CommandError, Script
from auth0_sso.tracing.current import inner_spans

_OPEN_TIMEOUT: Final = 4.0
_WRITES: Final = frozenset({"SET", "XADD"})
"""The commands sent here that a server refuses whenever it takes no writes; a full one still takes DEL."""
_HASH_TAG: Final = re.compile(r"\{(.+?)\}")

_T = TypeVar("_T")


class RedisStore:
    """A Redis that all processes share, for any number of callers at once over one connection."""

    def __init__(
        self, url: str, *, timeout: float = 0.05, clock: Clock = SYSTEM_CLOCK, observe: Observer = IGNORE
    ) -> None:
        """Take the address as `parse_address` does, how long to wait for a reply in seconds, and the clock.

        Nothing is connected yet, so it succeeds while the store is down. Raises `ValueError` for another URL.
        """
        from auth0_sso.store.connections import open_client  # noqa: PLC0415 - redis-py is optional
        from auth0_sso.store.pipelining import PipeliningClient  # noqa: PLC0415 - redis-py is optional

        address = parse_address(url)
        self._client = PipeliningClient(open_client(address), timeout=timeout)
        self._server = _server_attributes(address)
        self._availability = Availability(clock, observe)

    async def open(self) -> None:
        """Connect before the first request, which would not wait for that; a store that is down is not an error."""
        try:
            async with asyncio.timeout(_OPEN_TIMEOUT):
                await self._client.execute_blocking(*_write_nothing(KEY_PREFIX))
        except CommandError as error:
            self._availability.set_down(error.reason)
        except TimeoutError:
            self._availability.set_down("timeout")

    async def move_to(self, url: str) -> None:
        """Use another address, such as one with a new password, if the store takes a write there.

        Raises `StoreUnavailableError` if it does not, and `ValueError` as at the start; the former address is used
        on then.
        """
        from auth0_sso.store.connections import open_client  # noqa: PLC0415 - redis-py is optional

        address = parse_address(url)
        try:
            await self._client.replace(open_client(address), *_write_nothing(KEY_PREFIX), timeout=_OPEN_TIMEOUT)
        except CommandError as error:
            raise StoreUnavailableError(error.reason) from None
        self._server = _server_attributes(address)

    @property
    def health(self) -> StoreHealth:
        """The state of the store, as the last commands found it; none is sent for this."""
        return self._availability.health

    async def run(
        self,
        script: Script,
        keys: Sequence[str],
        arguments: Sequence[Argument],
        *,
        bypass_breaker: bool = False,
    ) -> Any:  # noqa: ANN401 - what the script returns
        """Run a Lua script; `bypass_breaker` and errors as in `execute`."""
        if not bypass_breaker:
            await self._require_up()
        sent = self._client.execute_script(script, len(keys), *keys, *arguments)
        reply = await self._reply(keys[0], self._traced("EVALSHA", sent))
        if script.wrote(reply):
            self._availability.record_write()
        return reply

    async def execute(self, *command: Argument, bypass_breaker: bool = False) -> Any:  # noqa: ANN401 - Redis's reply
        """Send a command, whose second part is a key; with `bypass_breaker` also while the circuit breaker is open.

        Raises `StoreUnavailableError` where that fails or takes too long.
        """
        if not bypass_breaker:
            await self._require_up()
        reply = await self._reply(command[1], self._traced(str(command[0]), self._client.execute(*command)))
        if command[0] in _WRITES:
            self._availability.record_write()
        return reply

    async def execute_blocking(self, *command: Argument) -> Any:  # noqa: ANN401 - Redis's reply
        """Send a command that blocks until something happens; raises `StoreUnavailableError`.

        Its outcome does not count for the circuit breaker: a server that takes no writes replies to it as well.
        """
        try:
            reply = await self._client.execute_blocking(*command)
        except CommandError as error:
            _require_not_cancelled()
            raise StoreUnavailableError(error.reason) from None
        _require_not_cancelled()
        return reply

    async def require_writes(self, key: str) -> None:
        """Raise `StoreUnavailableError` unless the server that has a key takes writes; nothing is changed there."""
        await self._require_up()
        await self._reply(key, self._client.execute(*_write_nothing(key)))
        self._availability.record_write()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _require_up(self) -> None:
        """Raise `StoreUnavailableError` while the store is down; after each pause try a write first."""
        if not self._availability.is_down:
            return
        self._availability.require_closed()
        key = self._availability.failed_key
        await self._reply(key, self._client.execute(*_write_nothing(key)))
        self._availability.set_up()

    def _traced(self, operation: str, reply: Awaitable[_T]) -> Awaitable[_T]:
        spans = inner_spans()
        if spans is None:
            return reply
        return spans.database_call(reply, system="redis", operation=operation, attributes=self._server)

    async def _reply(self, key: Argument, reply: Awaitable[_T]) -> _T:
        """Wait for the reply to a command about a key."""
        try:
            return await reply
        except CommandError as error:
            raise self._availability.record_failure(key, error) from None


def _server_attributes(address: StoreAddress) -> dict[str, str | int]:
    """Return what spans say of the server; nothing where the address does not name the one that gets a command."""
    if address.kind != "server":
        return {}
    ((host, port),) = address.hosts
    return {"server.address": host, "server.port": port}


def _write_nothing(key: Argument) -> tuple[Argument, ...]:
    """Return a write that changes nothing and makes no key, for the node of a cluster that has `key`.

    Redis refuses it where it refuses writes: when it is full, cannot save, or is not the master.
    """
    name = key.decode() if isinstance(key, bytes) else str(key)
    tag = _HASH_TAG.search(name)
    return "SETRANGE", f"{KEY_PREFIX}:probe:{{{tag[1] if tag else name}}}", 0, ""


def _require_not_cancelled() -> None:
    """Raise the cancellation that redis-py took for its own timeout's."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
