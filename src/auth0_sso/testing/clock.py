"""A clock that stands still until a test advances it."""

import asyncio
import heapq
import time
from itertools import count
from typing import Final

from auth0_sso.clock import MonotonicTime, WallTime

STARTED: Final = WallTime(float(int(time.time())))
"""When the clocks of this process start, and its tokens are issued: the second in which this module was imported."""

UPTIME: Final = 4_000.0

SHORT_PAUSE: Final = 10.0
"""Pauses up to this long are over at once, in seconds: longer than those between attempts at the Management API."""


class HandClock:
    """A `Clock` that a test moves by hand: `await clock.advance(60)`, or `clock.now += 60` where nothing sleeps.

    Its wall time and its monotonic time are far apart, so that code which takes one for the other fails. A sleep of
    up to `short_pause` seconds returns at once and moves the clock; a longer one returns when `advance` gets there.
    """

    def __init__(self, now: float = STARTED, *, uptime: float = UPTIME, short_pause: float = SHORT_PAUSE) -> None:
        """Take the wall time and the monotonic time to start at, and which pauses are short, all in seconds."""
        self._wall = now
        self._monotonic = uptime
        self._short_pause = short_pause
        self._pauses: list[tuple[float, int, asyncio.Event]] = []
        self._order = count()

    @property
    def now(self) -> WallTime:
        """The wall time. Moved forward it moves the monotonic time too; set back, as by an operator, it does not."""
        return WallTime(self._wall)

    @now.setter
    def now(self, wall: float) -> None:
        self._monotonic += max(0.0, wall - self._wall)
        self._wall = wall

    def step(self, seconds: float) -> None:
        """Set the wall time alone forward or back, as NTP does after a wrong clock."""
        self._wall += seconds

    def wall(self) -> WallTime:
        """Return the wall time."""
        return self.now

    def monotonic(self) -> MonotonicTime:
        """Return the monotonic time."""
        return MonotonicTime(self._monotonic)

    async def sleep(self, seconds: float) -> None:
        """Return at once after a short pause, else when the clock was advanced that far."""
        if seconds <= self._short_pause:
            self._move(max(0.0, seconds))
            await asyncio.sleep(0)
            return
        ended = asyncio.Event()
        heapq.heappush(self._pauses, (self._monotonic + seconds, next(self._order), ended))
        await ended.wait()

    async def advance(self, seconds: float) -> None:
        """Move the clock, end the sleeps that are over by then, one by one, and let what they held up run.

        Of a synchronous test client: `api.advance(seconds)`.
        """
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
        """Let every task that can run, run."""
        for _ in range(50):
            await asyncio.sleep(0)
