"""When something that failed may be tried again: each failure in a row doubles the wait."""

from auth0_sso.clock import Clock


class Backoff:
    """Waits between `first` and `longest` seconds; none before the first failure, nor after a success."""

    def __init__(self, first: float, longest: float, *, clock: Clock) -> None:
        """Take the shortest and the longest wait, in seconds, and the clock."""
        self._first = first
        self._longest = longest
        self._clock = clock
        self.reset()

    @property
    def ready(self) -> bool:
        """Whether it may be tried now."""
        return self.failures == 0 or self._clock.monotonic() >= self._retry_at

    def failed(self) -> float:
        """Note a failure; return the seconds to wait."""
        wait = min(self._longest, self._first * 2.0 ** min(self.failures, 60))
        self.failures += 1
        self._retry_at = self._clock.monotonic() + wait
        return wait

    def reset(self) -> None:
        """Note a success."""
        self.failures = 0
        self._retry_at = 0.0
