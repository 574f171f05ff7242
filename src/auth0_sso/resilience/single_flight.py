"""Single flight: concurrent calls for the same key share one call and its result."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class TooManyWaitingError(Exception):
    """So many callers wait for calls in progress that no further one may."""


class SingleFlight(Generic[K, T]):
    """Joins concurrent calls for the same key. No result is cached.

    The call runs in a task of its own, so that cancelling one waiter does not cancel it for the others.
    """

    def __init__(self, *, max_waiting: int | None = None) -> None:
        """Take how many callers of `run` may wait at once, for all keys together; None for no limit."""
        self._max_waiting = max_waiting
        self._waiting = 0
        self._flights: dict[K, asyncio.Task[T]] = {}
        self._tasks: set[asyncio.Task[T]] = set()  # invalidated ones too, which are still to be closed

    @property
    def in_flight(self) -> tuple[K, ...]:
        """The keys of the calls in progress."""
        return tuple(self._flights)

    def is_in_flight(self, key: K) -> bool:
        """Return whether a call for `key` is in progress."""
        return key in self._flights

    async def run(self, key: K, call: Callable[[], Awaitable[T]]) -> T:
        """Return the result of the call in progress for `key`, else of a new one; raise what it raises.

        Raises `TooManyWaitingError` at once if `max_waiting` callers wait already.
        """
        if self._max_waiting is not None and self._waiting >= self._max_waiting:
            raise TooManyWaitingError
        self._waiting += 1
        try:
            return await asyncio.shield(self.start(key, call))
        finally:
            self._waiting -= 1

    def start(self, key: K, call: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
        """Return the task in progress for `key`, or start one, without waiting for it."""
        task = self._flights.get(key)
        if task is None:
            task = asyncio.ensure_future(_awaited(call))
            self._flights[key] = task
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._remove(key, done))
        return task

    def invalidate(self, key: K) -> None:
        """Let the next caller start a new call: the one in progress may predate a change."""
        self._flights.pop(key, None)

    async def aclose(self) -> None:
        """Cancel all calls in progress."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _remove(self, key: K, task: asyncio.Task[T]) -> None:
        self._tasks.discard(task)
        if self._flights.get(key) is task:
            del self._flights[key]
        if not task.cancelled():
            task.exception()  # else asyncio logs an exception that was never retrieved: all waiters may be cancelled


async def _awaited(call: Callable[[], Awaitable[T]]) -> T:
    return await call()
