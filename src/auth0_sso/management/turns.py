"""Whose Management call is sent next, when more are waiting than may be under way.

Auth0's free plan allows two calls a second, for everybody together. So role look-ups, on which access depends, go
first, and the others take turns by the subject they are for: one user's loop delays that user's own calls.
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
"""Seconds added to a pause, at random, so that the processes of a fleet do not all end it in the same moment."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The user a call is for, and whether it goes before other calls. Calls without a subject share one."""

    subject: str = ""
    first: bool = False


ANYONE: Final = Turn()


class PausedError(Exception):
    """No turn comes in time: there is a pause of `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"paused for {seconds:.1f} s")
        self.seconds = seconds


@dataclass(eq=False, frozen=True, slots=True)
class _Place:
    """A caller in a queue, and the time by which it must have its turn."""

    granted: asyncio.Future[None]
    until: float


class _Queue:
    """Places in the order in which they are served: of each subject the first, then of each the second, and so on."""

    def __init__(self) -> None:
        self._subjects: OrderedDict[str, OrderedDict[_Place, None]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._subjects)

    def __iter__(self) -> Iterator[tuple[str, _Place]]:
        return iter([(subject, place) for subject, places in self._subjects.items() for place in places])

    def join(self, subject: str, place: _Place) -> None:
        self._subjects.setdefault(subject, OrderedDict())[place] = None

    def leave(self, subject: str, place: _Place) -> None:
        places = self._subjects.get(subject)
        if places is not None:
            places.pop(place, None)
            if not places:
                del self._subjects[subject]

    def pop(self) -> _Place:
        subject, places = self._subjects.popitem(last=False)
        place, _ = places.popitem(last=False)
        if places:
            self._subjects[subject] = places
        return place


class Turns:
    """Gives out a number of slots, none of them during a pause. Not for several event loops."""

    def __init__(
        self,
        slots: int,
        *,
        clock: Clock,
    ) -> None:
        """Take how many may be under way at once, and the clock."""
        self._free = slots
        self._clock = clock
        self._first, self._others = _Queue(), _Queue()
        self._paused_until: float = clock.monotonic()
        self._waker: asyncio.Task[None] | None = None

    @property
    def pause_left(self) -> float:
        """For how many seconds no turn is given."""
        return max(0.0, self._paused_until - self._clock.monotonic())

    def pause(self, seconds: float) -> None:
        """Give no turn for some seconds; callers for whom that is too long get the error at once."""
        self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)
        for queue in (self._first, self._others):
            for subject, place in queue:
                if place.until <= self._paused_until and not place.granted.done():
                    queue.leave(subject, place)
                    place.granted.set_exception(PausedError(self.pause_left))

    @asynccontextmanager
    async def take(self, turn: Turn, *, until: float) -> AsyncIterator[None]:
        """Wait for a slot and hold it; raise `PausedError` where a pause lasts until the time `until` or longer."""
        if self.pause_left and self._paused_until >= until:
            raise PausedError(self.pause_left)
        await self._granted(turn, _Place(asyncio.get_running_loop().create_future(), until))
        try:
            yield
        finally:
            self._give_back()

    async def _granted(self, turn: Turn, place: _Place) -> None:
        queue = self._first if turn.first else self._others
        queue.join(turn.subject, place)
        self._serve()
        try:
            await place.granted
        except asyncio.CancelledError:
            queue.leave(turn.subject, place)
            if not place.granted.cancelled() and place.granted.exception() is None:
                self._give_back()  # cancelled in the moment of its turn
            raise
        finally:
            self._stop_waker_nobody_waits_for()

    def _give_back(self) -> None:
        self._free += 1
        self._serve()

    def _serve(self) -> None:
        if self.pause_left:
            if self._waker is None and (self._first or self._others):
                self._waker = asyncio.create_task(self._serve_after_pause())
            return
        while self._free and (queue := self._first or self._others):
            place = queue.pop()
            if not place.granted.done():  # a cancelled caller leaves the queue only when its task runs again
                self._free -= 1
                place.granted.set_result(None)

    async def _serve_after_pause(self) -> None:
        while left := self.pause_left:
            await self._clock.sleep(left + random.uniform(_MIN_JITTER, _MAX_JITTER))  # noqa: S311 - keeps no secret
        self._waker = None
        self._serve()

    def _stop_waker_nobody_waits_for(self) -> None:
        if self._waker is not None and not self._first and not self._others:
            self._waker.cancel()
            self._waker = None
