"""Exponential backoff: each failure in a row doubles the wait before the next attempt."""

from auth0_sso.clock import Clock


class Backoff:
    """Waits between `minimum` and `maximum` seconds after a failure; none before the first, or after a success."""

    def __init__(self, minimum: float, maximum: float, *, clock: Clock) -> None:
        """Take the shortest and the longest wait, in seconds, and the clock."""
        self._minimum = minimum
        self._maximum = maximum
        self._clock = clock
        self.reset()

    @property
    def ready(self) -> bool:
        """Whether the next attempt may be made now."""
        return self.failures == 0 or self._clock.monotonic() >= self._retry_at

    def failed(self) -> float:
        """Record a failure; return the seconds to wait."""
        wait = min(self._maximum, self._minimum * 2.0 ** min(self.failures, 60))
        self.failures += 1
        self._retry_at = self._clock.monotonic() + wait
        return wait

    def reset(self) -> None:
        """Record a success."""
        self.failures = 0
        self._retry_at = 0.0
