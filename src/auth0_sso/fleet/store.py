"""The shared Redis as the rest of the service sees it: asked with a bounded wait, left alone while it is down.

Which Redis it is, the library `limits` reads from the URL: one server, a Sentinel's master, or a cluster.
"""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Any, Final, Literal, TypeVar

from limits.aio.storage import RedisStorage
from limits.errors import ConfigurationError
from limits.storage import storage_from_string
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisClusterException, RedisError

from auth0_sso.breaker import Breaker
from auth0_sso.errors import StoreUnavailableError
from auth0_sso.fleet.address import library_address
from auth0_sso.fleet.multiplexer import Multiplexer

_log = logging.getLogger(__name__)

KEY_PREFIX: Final = "auth0-sso"

# How long a connection may take to open or to answer, in seconds: longer than anybody waits for it, since opening
# one goes on behind the back of those who gave up.
_CONNECTION_TIMEOUT: Final = 2.0
_PAUSE: Final = 1.0
_FAILURES: Final = 3

_ERRORS: Final = (TimeoutError, OSError, RedisError, RedisClusterException)  # the last is no RedisError

_T = TypeVar("_T")


Word = str | bytes | int | float
"""A part of a command."""


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """Whether the store answers, as the last calls found; `last_error` is a word for why not."""

    state: Literal["up", "down"]
    last_error: str | None


class Script:
    """A Lua script, known to the server by its digest once it has run there."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = sha1(text.encode(), usedforsecurity=False).hexdigest()


class SharedStore:
    """One Redis, for any number of callers at once over one connection."""

    def __init__(self, url: str, *, timeout: float = 0.05, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the address as `open_storage` does, how long its silence is borne, and a clock, both in seconds.

        Nothing is connected yet, so a store that is down is no failed start. Raises `ValueError` for another URL.
        """
        self._storage = open_storage(url)
        self._client: Any = self._storage.bridge.get_connection()  # type: ignore[attr-defined]  # of each of limits' bridges but not of their base
        self._multiplexer = Multiplexer(self._client, patience=timeout)
        # Whatever calls this client from here on shares its connection.
        self._client.execute_command = self._multiplexer.execute_command
        self._breaker = Breaker(failures=_FAILURES, pause=_PAUSE, clock=clock)
        self._is_down = False
        self._last_error: str | None = None
        self._last_failure: Exception | None = None

    async def open(self) -> None:
        """Connect ahead of the first request, which would not wait for that; a store that is away is no error."""
        try:
            async with asyncio.timeout(2 * _CONNECTION_TIMEOUT):
                await self._multiplexer.execute_alone("PING")
        except _ERRORS as error:
            self._go_down(error)

    @property
    def health(self) -> StoreHealth:
        """The state of the store; asks nothing of it."""
        return StoreHealth("down" if self._is_down else "up", self._last_error)

    async def run(
        self, script: Script, keys: Sequence[str], arguments: Sequence[Word], *, insist: bool = False
    ) -> Any:  # noqa: ANN401 - what the script returns
        """Run a Lua script, with `insist` even while the store is left alone; raises as `execute` does."""
        if not insist:
            self._require_not_left_alone()
        return await self._asked(self._run(script, len(keys), *keys, *arguments))

    async def execute(self, *words: Word) -> Any:  # noqa: ANN401 - what Redis answers
        """Send one command; raise `StoreUnavailableError` where that fails or takes too long."""
        self._require_not_left_alone()
        return await self._asked(self._client.execute_command(*words))

    async def execute_blocking(self, *words: Word) -> Any:  # noqa: ANN401 - what Redis answers
        """Send a command that waits for something to happen; raises `StoreUnavailableError`."""
        try:
            answer = await self._multiplexer.execute_alone(*words)
        except _ERRORS as error:
            _require_not_cancelled()
            raise StoreUnavailableError(_reason(error)) from None
        _require_not_cancelled()
        if self._is_down:
            self._passed()
        return answer

    def _require_not_left_alone(self) -> None:
        if self._breaker.wait() > 0:
            raise StoreUnavailableError(self._last_error or "down")

    async def _asked(self, answer: Awaitable[_T]) -> _T:
        """Wait for an answer, and note whether it came."""
        try:
            answered = await answer
        except _ERRORS as error:
            raise self._failed(error) from None
        self._passed()
        return answered

    async def _run(self, script: Script, *words: Word) -> Any:  # noqa: ANN401 - as above
        try:
            return await self._client.execute_command("EVALSHA", script.digest, *words)
        except NoScriptError:  # the server is new, or was restarted
            return await self._client.execute_command("EVAL", script.text, *words)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._multiplexer.aclose()
        sentinel = getattr(self._storage.bridge, "sentinel", None)
        for client in [] if sentinel is None else sentinel.sentinels:
            await client.aclose()

    def _passed(self) -> None:
        self._breaker.passed()
        if self._is_down:
            self._is_down, self._last_error = False, None
            _log.warning("the shared store answers again")

    def _failed(self, error: Exception) -> StoreUnavailableError:
        self._last_error = _reason(error)
        # All whom one message was for get the same error, which is one failure: a hiccup under load is no outage.
        if error is not self._last_failure and self._breaker.failed():
            self._go_down(error)
        self._last_failure = error
        return StoreUnavailableError(self._last_error)

    def _go_down(self, error: Exception) -> None:
        self._last_error = _reason(error)
        if not self._is_down:
            self._is_down = True
            _log.error("the shared store is down: %s", self._last_error)


def open_storage(url: str) -> RedisStorage:
    """Return the library's store for an address as `library_address` takes it; raise `ValueError` for another."""
    address = library_address(url)
    options: dict[str, Any] = {
        "socket_timeout": _CONNECTION_TIMEOUT,
        "socket_connect_timeout": _CONNECTION_TIMEOUT,
        "retry": Retry(NoBackoff(), 1),  # a connection that went stale is opened anew once; more is the breaker's
    }
    if address.startswith("async+redis+sentinel:"):
        options["use_replicas"] = False  # they may be behind, and what was just counted would not be there
        options["sentinel_kwargs"] = dict(options) | {"retry": Retry(NoBackoff(), 0)}
        del options["sentinel_kwargs"]["use_replicas"]
    try:
        storage = storage_from_string(address, implementation="redispy", **options)
    except (ConfigurationError, ValueError, TypeError):
        raise ValueError("cannot be read as the address of a Redis") from None
    if not isinstance(storage, RedisStorage):
        raise TypeError("limits gave another store than the scheme names")
    return storage


def _require_not_cancelled() -> None:
    """Go on with a cancellation that redis-py took for its own timeout's."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _reason(error: Exception) -> str:
    """Return one word for an error; its text may name the store's address or user."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")).lower()
    return "timeout" if isinstance(error, TimeoutError) else name
