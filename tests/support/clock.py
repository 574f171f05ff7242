"""The clock of `auth0_sso.testing`, at a fixed time and with no pause too short to wait for."""

import asyncio

from auth0_sso.clock import MonotonicTime, WallTime
from auth0_sso.testing import clock

STARTED = 1_800_000_000.0
UPTIME = clock.UPTIME


class HandClock(clock.HandClock):
    """A `Clock` whose pauses end as it is moved: `await clock.advance(5)` ends every pause of up to 5 seconds."""

    def __init__(self, now: float = STARTED, *, uptime: float = UPTIME) -> None:
        super().__init__(now, uptime=uptime, short_pause=-1)
        self.pauses: list[float] = []
        self.skipping = SkippingClock(self)


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
