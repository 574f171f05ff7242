"""How often strangers may make us fetch: a small number at once, and then one for each period."""

from collections.abc import Callable


class FetchBudget:
    """A token bucket of `capacity` fetches, of which one comes back every `period` seconds.

    It is kept as the time at which it would be full again, so that nothing has to run beside it.
    """

    def __init__(self, *, capacity: int, period: float, clock: Callable[[], float]) -> None:
        """Take how many fetches it holds, the seconds one takes to come back, and a clock that never goes back."""
        self._capacity = capacity
        self._period = period
        self._clock = clock
        self._full_at = clock()

    def take(self) -> bool:
        """Take a fetch; False when none is left."""
        full_at = max(self._full_at, self._clock()) + self._period
        if full_at - self._clock() > self._capacity * self._period:
            return False
        self._full_at = full_at
        return True

    def give_back(self) -> None:
        """Return a fetch that was taken."""
        self._full_at -= self._period
