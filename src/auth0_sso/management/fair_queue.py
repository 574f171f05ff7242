"""A fair queue: which Management call is sent next when more are waiting than may be in flight.

Auth0's free plan allows two calls a second in total. So role look-ups, which decide about access, have priority,
except those of users who had no role the last time: a crowd of these must not delay anyone else. Calls of one
priority are scheduled round-robin by subject: a user who loops over an endpoint delays only their own calls.
"""

import asyncio
import random
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from auth0_sso.clock import Clock

_MIN_JITTER, _MAX_JITTER = 0.03, 0.06
"""Random seconds added to a pause, so that the processes of all replicas do not resume in the same moment."""


@dataclass(frozen=True, slots=True)
class Priority:
    """The subject whose share a call is counted to, and whether it goes before all others, or after them.

    Calls without a subject share one.
    """

    subject: str = ""
    high: bool = False
    low: bool = False


DEFAULT_PRIORITY: Final = Priority()


class PausedError(Exception):
    """The queue is paused for `seconds`, longer than the caller can wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"paused for {seconds:.1f} s")
        self.seconds = seconds


@dataclass(eq=False, frozen=True, slots=True)
class _Waiter:
    """A caller in the queue, and the monotonic time by which it needs a slot."""

    granted: asyncio.Future[None]
    until: float


class _RoundRobin:
    """Waiters in the order in which they get a slot: the first of each subject, then the second of each, ..."""

    def __init__(self) -> None:
        self._subjects: OrderedDict[str, OrderedDict[_Waiter, None]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._subjects)

    def __iter__(self) -> Iterator[tuple[str, _Waiter]]:
        return iter([(subject, waiter) for subject, waiters in self._subjects.items() for waiter in waiters])

    def add(self, subject: str, waiter: _Waiter) -> None:
        self._subjects.setdefault(subject, OrderedDict())[waiter] = None

    def remove(self, subject: str, waiter: _Waiter) -> None:
        waiters = self._subjects.get(subject)
        if waiters is not None:
            waiters.pop(waiter, None)
            if not waiters:
                del self._subjects[subject]

    def pop(self) -> _Waiter:
        subject, waiters = self._subjects.popitem(last=False)
        waiter, _ = waiters.popitem(last=False)
        if waiters:
            self._subjects[subject] = waiters
        return waiter


class FairQueue:
    """Grants a limited number of slots, and no slot while it is paused. For one event loop."""

    def __init__(self, slots: int, *, clock: Clock) -> None:
        """Take how many calls may be in flight at once, and the clock."""
        self._free = slots
        self._clock = clock
        self._high, self._normal, self._low = _RoundRobin(), _RoundRobin(), _RoundRobin()
        self._paused_until: float = clock.monotonic()
        self._waker: asyncio.Task[None] | None = None

    @property
    def pause_left(self) -> float:
        """The seconds until the pause ends; 0 without one."""
        return max(0.0, self._paused_until - self._clock.monotonic())

    def pause(self, seconds: float) -> None:
        """Grant no slot for some seconds; callers whose timeout ends before that get `PausedError` at once."""
        self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)
        for queue in (self._high, self._normal, self._low):
            for subject, waiter in queue:
                if waiter.until <= self._paused_until and not waiter.granted.done():
                    queue.remove(subject, waiter)
                    waiter.granted.set_exception(PausedError(self.pause_left))

    @asynccontextmanager
    async def slot(self, priority: Priority, *, until: float) -> AsyncIterator[None]:
        """Wait for a slot and hold it; raise `PausedError` if a pause does not end before `until` (monotonic)."""
        if self.pause_left and self._paused_until >= until:
            raise PausedError(self.pause_left)
        await self._wait(priority, _Waiter(asyncio.get_running_loop().create_future(), until))
        try:
            yield
        finally:
            self._release()

    async def _wait(self, priority: Priority, waiter: _Waiter) -> None:
        queue = self._high if priority.high else self._low if priority.low else self._normal
        queue.add(priority.subject, waiter)
        self._grant()
        try:
            await waiter.granted
        except asyncio.CancelledError:
            queue.remove(priority.subject, waiter)
            if not waiter.granted.cancelled() and waiter.granted.exception() is None:
                self._release()  # it was cancelled after the slot was granted, and before it ran again
            raise
        finally:
            self._stop_idle_waker()

    def _release(self) -> None:
        self._free += 1
        self._grant()

    def _grant(self) -> None:
        if self.pause_left:
            if self._waker is None and self._waiting():
                self._waker = asyncio.create_task(self._grant_after_pause())
            return
        while self._free and (queue := self._waiting()):
            waiter = queue.pop()
            if not waiter.granted.done():  # a cancelled caller leaves the queue only when its task runs again
                self._free -= 1
                waiter.granted.set_result(None)

    def _waiting(self) -> _RoundRobin:
        """Return those from whom the next slot is granted; empty if none wait."""
        return self._high or self._normal or self._low

    async def _grant_after_pause(self) -> None:
        while left := self.pause_left:
            await self._clock.sleep(left + random.uniform(_MIN_JITTER, _MAX_JITTER))  # noqa: S311 - jitter, not a secret
        self._waker = None
        self._grant()

    def _stop_idle_waker(self) -> None:
        if self._waker is not None and not self._waiting():
            self._waker.cancel()
            self._waker = None
