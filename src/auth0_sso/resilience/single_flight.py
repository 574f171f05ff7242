"""One call under way for each key, however many wait for its answer."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class SingleFlight(Generic[K, T]):
    """Joins concurrent calls for the same key.

    The call runs in a task of its own: a waiter that is cancelled leaves it flying for the others.
    """

    def __init__(self) -> None:
        self._flights: dict[K, asyncio.Task[T]] = {}
        self._tasks: set[asyncio.Task[T]] = set()  # forgotten ones too: they are still to be closed

    def flying(self, key: K) -> bool:
        """Tell whether a call for `key` is under way."""
        return key in self._flights

    def keys(self) -> tuple[K, ...]:
        """Return the keys of the calls under way."""
        return tuple(self._flights)

    async def run(self, key: K, call: Callable[[], Awaitable[T]]) -> T:
        """Return the answer of the call under way for `key`, else of a new one; raise what it raises."""
        return await asyncio.shield(self.start(key, call))

    def start(self, key: K, call: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
        """Return the task under way for `key`, else start one and do not wait for it."""
        task = self._flights.get(key)
        if task is None:
            task = asyncio.ensure_future(_awaited(call))
            self._flights[key] = task
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._land(key, done))
        return task

    def invalidate(self, key: K) -> None:
        """Let the next caller start anew: what is under way may have read the world before it changed."""
        self._flights.pop(key, None)

    async def aclose(self) -> None:
        """Cancel what is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _land(self, key: K, task: asyncio.Task[T]) -> None:
        self._tasks.discard(task)
        if self._flights.get(key) is task:
            del self._flights[key]
        if not task.cancelled():
            task.exception()  # asyncio warns of an error nobody took; every waiter may have left


async def _awaited(call: Callable[[], Awaitable[T]]) -> T:
    return await call()
