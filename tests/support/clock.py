"""Time that stands still until a test moves it."""

import asyncio
import heapq
from itertools import count


class HandClock:
    """Both clocks of the service, and its pauses: `await clock.advance(5)` ends every pause of up to 5 seconds."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now
        self._pauses: list[tuple[float, int, asyncio.Event]] = []
        self._order = count()
        self.pauses: list[float] = []

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        ended = asyncio.Event()
        heapq.heappush(self._pauses, (self.now + seconds, next(self._order), ended))
        await ended.wait()

    async def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while self._pauses and self._pauses[0][0] <= end:
            self.now, _, ended = heapq.heappop(self._pauses)
            ended.set()
            await self.settle()
        self.now = end
        await self.settle()

    async def hurry(self, seconds: float) -> None:
        """Be a pause that is over at once, its time gone by."""
        self.pauses.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    async def settle(self) -> None:
        """Let everything that can run, run."""
        for _ in range(50):
            await asyncio.sleep(0)
