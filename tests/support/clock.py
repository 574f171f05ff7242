"""A clock for code that pauses between attempts: its pauses are over at once, and noted."""

import asyncio

from auth0_sso.clock import MonotonicTime, WallTime
from auth0_sso.testing.clock import HandClock


class SkippingClock:
    """The times of a `HandClock`, which each pause moves forward; `pauses` has their lengths in seconds."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self.pauses: list[float] = []

    def wall(self) -> WallTime:
        return self._clock.wall()

    def monotonic(self) -> MonotonicTime:
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._clock.now += max(0.0, seconds)
        await asyncio.sleep(0)
