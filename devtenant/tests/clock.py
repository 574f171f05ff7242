"""A clock that stands still until a test advances it."""

from dataclasses import dataclass


@dataclass
class ManualClock:
    """A wall time, in seconds since 1970."""

    now: float = 1_800_000_000.0

    def wall(self) -> float:
        return self.now
