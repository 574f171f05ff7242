"""How often strangers may make us fetch: a small number at once, and then one for each period."""

from auth0_sso.clock import Clock


class FetchBudget:
    """A token bucket of `capacity` fetches, of which one comes back every `period` seconds.

    It is kept as the time at which it would be full again, so that nothing has to run beside it.
    """

    def __init__(self, *, capacity: int, period: float, clock: Clock) -> None:
        """Take how many fetches it holds, the seconds one takes to come back, and the clock."""
        self._capacity = capacity
        self._period = period
        self._clock = clock
        self._full_at: float = clock.monotonic()

    def take(self) -> bool:
        """Take a fetch; False when none is left."""
        full_at = max(self._full_at, self._clock.monotonic()) + self._period
        if full_at - self._clock.monotonic() > self._capacity * self._period:
            return False
        self._full_at = full_at
        return True

    def give_back(self) -> None:
        """Return a fetch that was taken."""
        self._full_at -= self._period
