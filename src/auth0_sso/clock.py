"""Wall time, which can be set, and monotonic time, which cannot: two types, so that they are not mixed."""

import asyncio
import time
from typing import TYPE_CHECKING, Final, NewType, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable

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

    # The functions themselves: methods around them take twice as long, and each request asks several times.
    wall = staticmethod(cast("Callable[[], WallTime]", time.time))
    monotonic = staticmethod(cast("Callable[[], MonotonicTime]", time.monotonic))

    async def sleep(self, seconds: float) -> None:
        """Sleep as `asyncio.sleep` does."""
        await asyncio.sleep(seconds)


SYSTEM_CLOCK: Final[Clock] = SystemClock()
