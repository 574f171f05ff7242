"""A token bucket: a few uses in a burst, then one for each period."""

from auth0_sso.clock import Clock


class TokenBucket:
    """Holds `capacity` tokens, and gets one back every `refill_seconds`.

    Its state is the time at which it would be full again, so it needs no task that refills it.
    """

    def __init__(self, *, capacity: int, refill_seconds: float, clock: Clock) -> None:
        """Take how many tokens it holds, the seconds until one comes back, and the clock."""
        self._capacity = capacity
        self._refill_seconds = refill_seconds
        self._clock = clock
        self._full_at: float = clock.monotonic()

    def take(self) -> bool:
        """Take a token; return False if there is none."""
        now = self._clock.monotonic()
        full_at = max(self._full_at, now) + self._refill_seconds
        if full_at - now > self._capacity * self._refill_seconds:
            return False
        self._full_at = full_at
        return True

    def put_back(self) -> None:
        """Return a token that was taken."""
        self._full_at -= self._refill_seconds
