"""A circuit breaker: after several failures in a row no call is made for a while, then a single trial call."""

from auth0_sso.clock import SYSTEM_CLOCK, Clock


class CircuitBreaker:
    """Opens after `failures` failures in a row, for `pause` seconds at a time, until a call succeeds."""

    def __init__(self, *, failures: int = 5, pause: float = 5, clock: Clock = SYSTEM_CLOCK) -> None:
        """Take the bounds, and the clock."""
        self._limit = failures
        self._pause = pause
        self._clock = clock
        self._failures = 0
        self._open_until = 0.0

    def retry_after(self) -> float:
        """Return 0 if a call may be made now, else the seconds until one may.

        After the pause only the first caller gets 0, for the trial call (half-open).
        """
        now = self._clock.monotonic()
        if self._failures < self._limit:
            return 0
        if now < self._open_until:
            return self._open_until - now
        self._open_until = now + self._pause
        return 0

    def record_success(self) -> None:
        """Record that a call succeeded."""
        self._failures = 0

    def record_failure(self) -> bool:
        """Record that a call failed; return whether this opened the breaker."""
        self._failures += 1
        if self._failures >= self._limit:
            self._open_until = self._clock.monotonic() + self._pause
        return self._failures == self._limit
