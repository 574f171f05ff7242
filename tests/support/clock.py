"""Time that stands still until a test moves it."""

import asyncio
import heapq
from itertools import count

from auth0_sso.clock import MonotonicTime, WallTime

STARTED = 1_800_000_000.0
UPTIME = 4_000.0


class HandClock:
    """A `Clock` whose pauses end as it is moved: `await clock.advance(5)` ends every pause of up to 5 seconds.

    Its wall time and its monotonic time are far apart, so that code which takes one for the other fails.
    """

    def __init__(self, now: float = STARTED, *, uptime: float = UPTIME) -> None:
        self._wall = now
        self._monotonic = uptime
        self._pauses: list[tuple[float, int, asyncio.Event]] = []
        self._order = count()
        self.pauses: list[float] = []
        self.skipping = SkippingClock(self)

    @property
    def now(self) -> WallTime:
        """The wall time. Moved forward it moves the monotonic time too; set back, as by an operator, it does not."""
        return WallTime(self._wall)

    @now.setter
    def now(self, wall: float) -> None:
        self._monotonic += max(0.0, wall - self._wall)
        self._wall = wall

    def wall(self) -> WallTime:
        return self.now

    def monotonic(self) -> MonotonicTime:
        return MonotonicTime(self._monotonic)

    async def sleep(self, seconds: float) -> None:
        ended = asyncio.Event()
        heapq.heappush(self._pauses, (self._monotonic + seconds, next(self._order), ended))
        await ended.wait()

    async def advance(self, seconds: float) -> None:
        end = self._monotonic + seconds
        while self._pauses and self._pauses[0][0] <= end:
            at, _, ended = heapq.heappop(self._pauses)
            self._move(at - self._monotonic)
            ended.set()
            await self.settle()
        self._move(end - self._monotonic)
        await self.settle()

    def _move(self, seconds: float) -> None:
        self._monotonic += seconds
        self._wall += seconds

    async def settle(self) -> None:
        """Let everything that can run, run."""
        for _ in range(50):
            await asyncio.sleep(0)


class SkippingClock:
    """The times of a `HandClock`, with pauses that are over at once, their time gone by."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock

    def wall(self) -> WallTime:
        return self._clock.wall()

    def monotonic(self) -> MonotonicTime:
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        self._clock.pauses.append(seconds)
        self._clock.now += max(0.0, seconds)
        await asyncio.sleep(0)
