"""Many commands over one connection: what is asked while an answer is awaited goes out together in the next message.

redis-py's asyncio client takes a connection for each command under way. A thousand requests at once would open a
thousand, or be refused by its pool; and each command would cost more than twice the time it does in company.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

from redis.asyncio import Redis, RedisCluster

from auth0_sso.store.connections import drop_all, drop_idle, drop_stale
from auth0_sso.store.failures import LOST_CONNECTION, needs_new_connection

_MAX_TOGETHER: Final = 256
_TURNS: Final = 8

Command = Callable[..., Awaitable[Any]]
"""redis-py's `execute_command`: the command's words in, its answer out."""


class _Asked(NamedTuple):
    words: tuple[Any, ...]
    options: dict[str, Any]
    answer: asyncio.Future[Any]


class PipeliningClient:
    """Sends the commands of many callers over a client's connections. A caller who stops waiting disturbs no other.

    A message is sent once. When its connection breaks, each command of it gets the error, also those that the server
    may have carried out. After that, and when the server turns out not to be the master, all connections are dropped.

    When the server says nothing for `timeout` seconds all who wait get a `TimeoutError`. The message itself is left
    under way, for as long as the client's own timeouts let it: it may be opening a connection. And the time counts
    only while the event loop has nothing unread: a process busy with requests must not take its own delay for the
    server's.
    """

    def __init__(self, client: Redis | RedisCluster, *, timeout: float) -> None:
        """Take the client whose connections are used, and how long its server may be silent, in seconds."""
        self._client = client
        self._timeout = timeout
        self._alone: Command = client.execute_command
        self._asked: list[_Asked] = []
        self._sent: list[_Asked] = []
        self._sender: asyncio.Task[None] | None = None
        self._silent_since = 0.0
        self._watch: asyncio.Handle | None = None

    async def execute_command(self, *words: Any, **options: Any) -> Any:  # noqa: ANN401 - redis-py's signature
        """Send one command and return its answer; raise what redis-py raises."""
        loop = asyncio.get_running_loop()
        asked = _Asked(words, options, loop.create_future())
        self._asked.append(asked)
        if self._watch is None:
            self._silent_since = loop.time()
            self._watch = loop.call_later(self._timeout, self._look, loop)
        if self._sender is None:
            self._sender = loop.create_task(self._send(loop))
        return await asked.answer

    async def execute_alone(self, *words: Any) -> Any:  # noqa: ANN401 - redis-py's signature
        """Send a command that makes its connection wait, on one of its own."""
        try:
            return await self._alone(*words)
        except Exception as error:
            if needs_new_connection(error):  # the other connections lead to the same server
                await drop_idle(self._client)
            raise

    async def aclose(self) -> None:
        """Give up what is under way, and close the client's connections."""
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        self._give_up(TimeoutError())
        await self._client.aclose()

    async def _send(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            while self._asked:
                self._sent, self._asked = self._asked[:_MAX_TOGETHER], self._asked[_MAX_TOGETHER:]
                self._silent_since = loop.time()
                answers = await self._answers(self._sent)
                for asked, answer in zip(self._sent, answers, strict=True):
                    _settle(asked.answer, answer)
                if any(map(needs_new_connection, answers)):
                    await drop_all(self._client)
        finally:
            self._give_up(TimeoutError())  # nobody is left, unless this was cancelled
            self._sender = None

    async def _answers(self, batch: list[_Asked]) -> list[Any]:
        """Return the answer to each command, or the error it met."""
        try:
            await drop_stale(self._client)
            if len(batch) == 1:
                return [await self._alone(*batch[0].words, **batch[0].options)]
            pipeline = self._client.pipeline(transaction=False)
            for asked in batch:
                pipeline.execute_command(*asked.words, **asked.options)
            return _with_one_loss(await pipeline.execute(raise_on_error=False))
        except Exception as error:  # noqa: BLE001 - any error is the answer to each waiting caller; one that escaped would leave them waiting
            return [error] * len(batch)

    def _look(self, loop: asyncio.AbstractEventLoop, turns: int = _TURNS) -> None:
        """Give up when the server is silent for too long; first let the loop read what may have come meanwhile."""
        left = self._silent_since + self._timeout - loop.time()
        if left > 0:
            self._watch = loop.call_later(left, self._look, loop)
        elif turns:
            self._watch = loop.call_soon(self._look, loop, turns - 1)
        else:
            self._give_up(TimeoutError())

    def _give_up(self, error: Exception) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        waiting, self._asked = [*self._sent, *self._asked], []
        for asked in waiting:
            _settle(asked.answer, error)


def _with_one_loss(answers: list[Any]) -> list[Any]:
    """Give all whose connection was lost the same error, by which one loss is known as one failure."""
    lost = next((answer for answer in answers if isinstance(answer, LOST_CONNECTION)), None)
    return [lost if isinstance(answer, LOST_CONNECTION) else answer for answer in answers] if lost else answers


def _settle(future: asyncio.Future[Any], answer: object) -> None:
    if future.done():  # who asked has left, or was told that it takes too long
        return
    if isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)
