"""Whether the shared store is up: a circuit breaker over its commands.

Down means that it takes no writes, whether it does not reply, is full, cannot save, or is no longer the master. A
store that still replies to reads is no better, so only a write ends an outage.
"""

import logging
from dataclasses import dataclass
from typing import Final, Literal

from auth0_sso.clock import Clock
from auth0_sso.errors import StoreUnavailableError
from auth0_sso.events import IGNORE, Observer
from auth0_sso.resilience.circuit_breaker import CircuitBreaker
from auth0_sso.resilience.outage import Outage
from auth0_sso.store.commands import KEY_PREFIX, Argument, CommandError

_log = logging.getLogger(__name__)

_PAUSE: Final = 1.0
_FAILURES: Final = 3


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """Whether the store takes writes, as the last commands found; `last_error` is one word for why not."""

    state: Literal["up", "down"]
    last_error: str | None


class Availability:
    """Records failures and writes, and says whether commands may be sent."""

    def __init__(self, clock: Clock, observe: Observer = IGNORE) -> None:
        self._outage = Outage("shared store", observe)
        self._breaker = CircuitBreaker(failures=_FAILURES, pause=_PAUSE, clock=clock)
        self._last_error: str | None = None
        self._last_cause: Exception | None = None
        self.is_down = False
        self.failed_key: Argument = KEY_PREFIX
        """The key of the command that opened the circuit breaker: other nodes of a cluster may be up."""

    @property
    def health(self) -> StoreHealth:
        """Return the state of the store, without asking it."""
        return StoreHealth("down", self._last_error) if self.is_down else StoreHealth("up", None)

    def require_closed(self) -> None:
        """Raise `StoreUnavailableError` while the circuit breaker is open; the first call after a pause passes."""
        if self._breaker.retry_after() > 0:
            raise StoreUnavailableError(self._last_error or "down")

    def record_failure(self, key: Argument, error: CommandError) -> StoreUnavailableError:
        """Count a failed command, and return the error to raise for it."""
        self._last_error = error.reason
        # Commands that failed for one cause are one failure: one lost connection under load is not an outage.
        if error.cause is not self._last_cause and self._breaker.record_failure():
            self.failed_key = key
            self.set_down(error.reason)
        self._last_cause = error.cause
        return StoreUnavailableError(error.reason)

    def record_write(self) -> None:
        """Note that the store took a write; an outage is ended by `set_up` alone."""
        if not self.is_down:  # else it was sent before, or to another node
            self._breaker.record_success()

    def set_down(self, reason: str) -> None:
        """Begin an outage, and log it once."""
        self._last_error = reason
        if not self.is_down:
            self.is_down = True
            self._outage.declare(reason)
            _log.error("the shared store is down: %s", reason)

    def set_up(self) -> None:
        """End an outage, and log it once."""
        self._breaker.record_success()
        if self.is_down:
            self.is_down, self._last_error = False, None
            self._outage.resolve()
            _log.warning("the shared store takes writes again")
