"""Wall time, which can be set, and monotonic time, which cannot: two types, so that they are not mixed."""

import asyncio
import time
from typing import Final, NewType, Protocol

WallTime = NewType("WallTime", float)
"""Seconds since 1970 (RFC 7519: NumericDate). It differs between machines, and may be set back."""

MonotonicTime = NewType("MonotonicTime", float)
"""Seconds since an unknown start, in this process alone; never goes back. For durations and deadlines."""


class Clock(Protocol):
    """Where times come from: the system's, or one that a test moves by hand."""

    def wall(self) -> WallTime:
        """Return the wall time."""

    def monotonic(self) -> MonotonicTime:
        """Return the monotonic time."""

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds of monotonic time."""


class SystemClock:
    """The clock of the machine."""

    # The module is asked at each call: tests of an app replace its functions, as freezegun does.
    def wall(self) -> WallTime:
        """Return `time.time()`."""
        return WallTime(time.time())

    def monotonic(self) -> MonotonicTime:
        """Return `time.monotonic()`."""
        return MonotonicTime(time.monotonic())

    async def sleep(self, seconds: float) -> None:
        """Sleep as `asyncio.sleep` does."""
        await asyncio.sleep(seconds)


SYSTEM_CLOCK: Final[Clock] = SystemClock()
