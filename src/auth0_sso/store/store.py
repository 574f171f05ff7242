"""The shared Redis as the rest of the service sees it: called with a timeout, and behind a circuit breaker.

Down means that it takes no writes, whether it does not answer, is full, cannot save, or is no longer the master. One
that answers reads is then no better, so only a write ends an outage.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Any, Final, Literal, TypeVar

from redis.exceptions import NoScriptError

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import StoreUnavailableError
from auth0_sso.resilience.circuit_breaker import CircuitBreaker
from auth0_sso.store.connections import CONNECTION_TIMEOUT, open_storage
from auth0_sso.store.failures import STORE_ERRORS, reason_of
from auth0_sso.store.pipelining import PipeliningClient

_log = logging.getLogger(__name__)

KEY_PREFIX: Final = "auth0-sso"

_PAUSE: Final = 1.0
_FAILURES: Final = 3
_WRITES: Final = frozenset({"SET", "XADD"})
"""The commands sent here that a server refuses whenever it takes no writes; a full one still takes DEL."""
_HASH_TAG: Final = re.compile(r"\{(.+?)\}")

_T = TypeVar("_T")


Word = str | bytes | int | float
"""A part of a command."""


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """Whether the store takes writes, as the last calls found; `last_error` is a word for why not."""

    state: Literal["up", "down"]
    last_error: str | None


class Script:
    """A Lua script, known to the server by its digest once it has run there."""

    def __init__(self, text: str, *, wrote: Callable[[Any], bool] = lambda _: True) -> None:
        """Take the script, and what tells from its answer whether it wrote something: by default it always does."""
        self.text = text
        self.digest = sha1(text.encode(), usedforsecurity=False).hexdigest()
        self.wrote = wrote


class SharedStore:
    """One Redis, for any number of callers at once over one connection."""

    def __init__(self, url: str, *, timeout: float = 0.05, clock: Clock = SYSTEM_CLOCK) -> None:
        """Take the address as `open_storage` does, how long to wait for an answer in seconds, and the clock.

        Nothing is connected yet, so a store that is down is no failed start. Raises `ValueError` for another URL.
        """
        self._storage = open_storage(url)
        client = self._storage.bridge.get_connection()  # type: ignore[attr-defined]  # limits declares it in its bridges, not in their base
        self._pipelining = PipeliningClient(client, timeout=timeout)
        self._breaker = CircuitBreaker(failures=_FAILURES, pause=_PAUSE, clock=clock)
        self._is_down = False
        self._failed_key: Word = KEY_PREFIX
        self._last_error: str | None = None
        self._last_failure: Exception | None = None

    async def open(self) -> None:
        """Connect ahead of the first request, which would not wait for that; a store that is away is no error."""
        try:
            async with asyncio.timeout(2 * CONNECTION_TIMEOUT):
                await self._pipelining.execute_alone(*_no_change(KEY_PREFIX))
        except STORE_ERRORS as error:
            self._go_down(error)

    @property
    def health(self) -> StoreHealth:
        """The state of the store; asks nothing of it."""
        return StoreHealth("down", self._last_error) if self._is_down else StoreHealth("up", None)

    async def run(
        self, script: Script, keys: Sequence[str], arguments: Sequence[Word], *, insist: bool = False
    ) -> Any:  # noqa: ANN401 - what the script returns
        """Run a Lua script, with `insist` even while the store is left alone; raises as `execute` does."""
        if not insist:
            await self._require_up()
        answer = await self._asked(keys[0], self._run(script, len(keys), *keys, *arguments))
        if script.wrote(answer):
            self._wrote()
        return answer

    async def execute(self, *words: Word, insist: bool = False) -> Any:  # noqa: ANN401 - what Redis answers
        """Send a command, whose first word after its name is a key; with `insist` as `run` does.

        Raises `StoreUnavailableError` where that fails or takes too long.
        """
        if not insist:
            await self._require_up()
        answer = await self._asked(words[1], self._pipelining.execute_command(*words))
        if words[0] in _WRITES:
            self._wrote()
        return answer

    async def execute_blocking(self, *words: Word) -> Any:  # noqa: ANN401 - what Redis answers
        """Send a command that waits for something to happen; raises `StoreUnavailableError`.

        What it finds says nothing of the store's health: a server that takes no writes answers it as well.
        """
        try:
            answer = await self._pipelining.execute_alone(*words)
        except STORE_ERRORS as error:
            _require_not_cancelled()
            raise StoreUnavailableError(reason_of(error)) from None
        _require_not_cancelled()
        return answer

    async def require_writes(self, key: str) -> None:
        """Raise `StoreUnavailableError` unless the server that has a key takes writes; nothing is changed there."""
        await self._require_up()
        await self._asked(key, self._pipelining.execute_command(*_no_change(key)))
        self._wrote()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pipelining.aclose()
        sentinel = getattr(self._storage.bridge, "sentinel", None)
        for client in [] if sentinel is None else sentinel.sentinels:
            await client.aclose()

    async def _require_up(self) -> None:
        """Refuse while the store is down; once a pause is over, find out first whether it still is."""
        if not self._is_down:
            return
        if self._breaker.retry_after() > 0:
            raise StoreUnavailableError(self._last_error or "down")
        # The same node of a cluster as before: others may be fine.
        await self._asked(self._failed_key, self._pipelining.execute_command(*_no_change(self._failed_key)))
        self._come_up()

    async def _asked(self, key: Word, answer: Awaitable[_T]) -> _T:
        """Wait for an answer about a key; note where none came."""
        try:
            return await answer
        except STORE_ERRORS as error:
            raise self._failed(key, error) from None

    async def _run(self, script: Script, *words: Word) -> Any:  # noqa: ANN401 - what the script returns
        try:
            return await self._pipelining.execute_command("EVALSHA", script.digest, *words)
        except NoScriptError:  # the server is new, or was restarted
            return await self._pipelining.execute_command("EVAL", script.text, *words)

    def _wrote(self) -> None:
        if not self._is_down:  # else it was sent before, or to another node: `_require_up` finds out
            self._breaker.record_success()

    def _failed(self, key: Word, error: Exception) -> StoreUnavailableError:
        self._last_error = reason_of(error)
        # All whose message got lost have the same error, which is one failure: a hiccup under load is no outage.
        if error is not self._last_failure and self._breaker.record_failure():
            self._failed_key = key
            self._go_down(error)
        self._last_failure = error
        return StoreUnavailableError(self._last_error)

    def _go_down(self, error: Exception) -> None:
        self._last_error = reason_of(error)
        if not self._is_down:
            self._is_down = True
            _log.error("the shared store is down: %s", self._last_error)

    def _come_up(self) -> None:
        self._breaker.record_success()
        if self._is_down:
            self._is_down, self._last_error = False, None
            _log.warning("the shared store takes writes again")


def _no_change(key: Word) -> tuple[Word, ...]:
    """Return a write that changes nothing and makes no key, for the node of a cluster that has `key`.

    Redis refuses it where it refuses writes: when it is full, cannot save, or is no master.
    """
    name = key.decode() if isinstance(key, bytes) else str(key)
    tag = _HASH_TAG.search(name)
    return "SETRANGE", f"{KEY_PREFIX}:probe:{{{tag[1] if tag else name}}}", 0, ""


def _require_not_cancelled() -> None:
    """Go on with a cancellation that redis-py took for its own timeout's."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
