"""A circuit breaker: after failures in a row nothing is sent for a while, then one call tries for all."""

from auth0_sso.clock import SYSTEM_CLOCK, Clock


class CircuitBreaker:
    """Opens after `failures` failures in a row, for `pause` seconds at a time, until a call passes."""

    def __init__(self, *, failures: int = 5, pause: float = 5, clock: Clock = SYSTEM_CLOCK) -> None:
        """Take the bounds, and the clock."""
        self._limit = failures
        self._pause = pause
        self._clock = clock
        self._failures = 0
        self._open_until = 0.0

    def retry_after(self) -> float:
        """Return 0 when a call may be sent, else for how many seconds none may.

        When the pause is over the first who asks makes the trial; the others wait for what it finds.
        """
        now = self._clock.monotonic()
        if self._failures < self._limit:
            return 0
        if now < self._open_until:
            return self._open_until - now
        self._open_until = now + self._pause
        return 0

    def record_success(self) -> None:
        """Note that the other side answered."""
        self._failures = 0

    def record_failure(self) -> bool:
        """Note that it did not; tell whether this opened the breaker."""
        self._failures += 1
        if self._failures >= self._limit:
            self._open_until = self._clock.monotonic() + self._pause
        return self._failures == self._limit
