"""Pipelining: commands of many callers over one connection; those that come while a batch waits for its replies make
up the next batch.

redis-py's asyncio client takes a connection for each command that waits for its reply. A thousand requests at once
would open a thousand, or exceed its pool; and a command in a batch costs less than half the time of one alone.
"""

import asyncio
from typing import Any, Final, NamedTuple

from redis.exceptions import NoScriptError

from auth0_sso.store.commands import Argument, CommandError, Script
from auth0_sso.store.connections import CONNECTION_TIMEOUT, Client, close, drop_all, drop_idle, drop_stale
from auth0_sso.store.failures import LOST_CONNECTION, STORE_ERRORS, needs_new_connection, reason_of

_MAX_BATCH: Final = 256
_MAX_QUEUE: Final = 4096
_QUEUE_FULL: Final = TimeoutError("too many commands wait")  # one for all: it counts as one failure of the store
_TICKS: Final = 5
"""How many ticks a timeout has."""


_CLOSE_AFTER: Final = 2 * CONNECTION_TIMEOUT
"""How long the connections of a former address stay open, in seconds: longer than any command takes."""


class _Pending(NamedTuple):
    """A command that waits for its reply."""

    command: tuple[Argument, ...]
    reply: asyncio.Future[Any]


class PipeliningClient:
    """Sends the commands of many callers over a client's connections. A cancelled caller does not affect the others.

    A batch is sent once. When its connection breaks, each of its commands gets the error, also those that the server
    may have carried out. Then, and when the server turns out not to be the master, all connections are closed.

    When the server is silent for `timeout` seconds, all commands that wait fail. The batch itself goes on until the
    client's own timeout: it may be opening a connection. Silence counts only while the event loop is idle: a busy
    process must not take its own delay for the server's.
    """

    def __init__(self, client: Client, *, timeout: float) -> None:
        """Take the client whose connections are used, and how long its server may be silent, in seconds."""
        self._client = client
        self._tick = timeout / _TICKS
        self._silent_ticks = 0
        self._queue: list[_Pending] = []
        self._batch: list[_Pending] = []
        self._sender: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closing: dict[asyncio.Task[None], Client] = {}

    async def execute(self, *command: Argument) -> Any:  # noqa: ANN401 - Redis's reply, whose type depends on the command
        """Send a command and return its reply; raise `CommandError`, also where too many commands wait already."""
        try:
            return await self._enqueue(command)
        except STORE_ERRORS as error:
            raise CommandError(reason_of(error), error) from None

    async def execute_script(self, script: Script, *arguments: Argument) -> Any:  # noqa: ANN401 - what the script returns
        """Run a script with the number of its keys, the keys and the arguments; raise `CommandError`."""
        try:
            try:
                return await self._enqueue(("EVALSHA", script.digest, *arguments))
            except NoScriptError:  # the server is new, or was restarted
                return await self._enqueue(("EVAL", script.text, *arguments))
        except STORE_ERRORS as error:
            raise CommandError(reason_of(error), error) from None

    async def execute_blocking(self, *command: Argument) -> Any:  # noqa: ANN401 - Redis's reply, whose type depends on the command
        """Send a command that blocks its connection, on one of its own; raise `CommandError`."""
        client = self._client
        try:
            return await client.execute_command(*command)
        except STORE_ERRORS as error:
            if needs_new_connection(error):  # the other connections lead to the same server
                await drop_idle(client)
            raise CommandError(reason_of(error), error) from None

    async def replace(self, client: Client, *command: Argument, timeout: float) -> None:  # noqa: ASYNC109 - asyncio.timeout takes it
        """Send what comes from now on over the connections of another client.

        Raises `CommandError`, and closes that client, if `command` fails there within `timeout` seconds. The former
        client is closed once what was sent over its connections has its reply, or has timed out.
        """
        try:
            async with asyncio.timeout(timeout):
                await client.execute_command(*command)
        except STORE_ERRORS as error:
            await close(client)
            raise CommandError(reason_of(error), error) from None
        former, self._client = self._client, client
        task = asyncio.get_running_loop().create_task(_close_later(former))
        self._closing[task] = former
        task.add_done_callback(lambda done: self._closing.pop(done, None))

    async def aclose(self) -> None:
        """Fail the commands that wait, and close the client's connections."""
        for task, former in tuple(self._closing.items()):
            task.cancel()
            await close(former)
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        self._fail_pending(TimeoutError())
        await close(self._client)

    def _enqueue(self, command: tuple[Argument, ...]) -> asyncio.Future[Any]:
        if len(self._queue) >= _MAX_QUEUE:
            raise CommandError("queue_full", _QUEUE_FULL)
        loop = asyncio.get_running_loop()
        reply: asyncio.Future[Any] = loop.create_future()
        self._queue.append(_Pending(command, reply))
        if self._timer is None:
            self._silent_ticks = 0
            self._start_timer(loop)
        if self._sender is None:
            self._sender = loop.create_task(self._send())
        return reply

    async def _send(self) -> None:
        try:
            while self._queue:
                self._batch, self._queue = self._queue[:_MAX_BATCH], self._queue[_MAX_BATCH:]
                self._silent_ticks = 0
                replies = await self._exchange([pending.command for pending in self._batch])
                for pending, reply in zip(self._batch, replies, strict=True):
                    _settle(pending.reply, reply)
                if any(map(needs_new_connection, replies)):
                    await drop_all(self._client)
        finally:
            self._fail_pending(TimeoutError())  # there are none, unless this was cancelled
            self._sender = None

    async def _exchange(self, batch: list[tuple[Argument, ...]]) -> list[Any]:
        """Return the reply to each command, or its error."""
        client = self._client
        try:
            await drop_stale(client)
            if len(batch) == 1:
                return [await client.execute_command(*batch[0])]
            pipeline = client.pipeline(transaction=False)
            for command in batch:
                pipeline.execute_command(*command)
            return _with_one_loss(await pipeline.execute(raise_on_error=False))
        except Exception as error:  # noqa: BLE001 - any error is the reply to each waiting caller; one that escaped would leave them waiting
            return [error] * len(batch)

    def _start_timer(self, loop: asyncio.AbstractEventLoop) -> None:
        due = loop.time() + self._tick
        self._timer = loop.call_at(due, self._on_tick, loop, due)

    def _on_tick(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        """Count a tick of silence, unless it comes late: then the loop was busy, and could not read either."""
        if loop.time() - due < self._tick / 2:
            self._silent_ticks += 1
        if self._silent_ticks > _TICKS:  # the first was cut short by the start of the batch
            self._fail_pending(TimeoutError())
        else:
            self._start_timer(loop)

    def _fail_pending(self, error: Exception) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._queue = [*self._batch, *self._queue], []
        for pending in waiting:
            _settle(pending.reply, error)


async def _close_later(client: Client) -> None:
    await asyncio.sleep(_CLOSE_AFTER)
    await close(client)


def _with_one_loss(replies: list[Any]) -> list[Any]:
    """Give all whose connection was lost the same error, by which one loss is known as one failure."""
    lost = next((reply for reply in replies if isinstance(reply, LOST_CONNECTION)), None)
    return [lost if isinstance(reply, LOST_CONNECTION) else reply for reply in replies] if lost else replies


def _settle(future: asyncio.Future[Any], reply: object) -> None:
    if future.done():  # the caller was cancelled, or got a timeout
        return
    if isinstance(reply, BaseException):
        future.set_exception(reply)
    else:
        future.set_result(reply)
