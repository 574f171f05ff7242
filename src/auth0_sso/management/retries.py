"""When a Management call is retried: after Retry-After where Auth0 sends it, else with exponential backoff."""

import random
from typing import Final

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from auth0_sso.clock import Clock
from auth0_sso.errors import Auth0SsoError

MIN_BACKOFF: Final = 0.25
"""The shortest wait before a retry, in seconds."""

_MAX_BACKOFF: Final = 4.0
_MAX_ATTEMPTS: Final = 3
"""Attempts where Auth0 does not say how long to wait; where it does, the timeout of the call limits them."""


class RetryableError(Exception):
    """An attempt failed with `error` and may succeed later.

    `retry_after` is in seconds, None if Auth0 does not say.
    """

    def __init__(self, error: Auth0SsoError, retry_after: float | None = None) -> None:
        super().__init__(error.reason)
        self.error = error
        self.retry_after = retry_after


def retrying(clock: Clock, *, until: float) -> AsyncRetrying:
    """Return what repeats a call after each `RetryableError`, as long as the wait ends before the time `until`."""

    def give_up(state: RetryCallState) -> bool:
        retry_after = _retry_after_of(state)
        too_late = clock.monotonic() + max(state.upcoming_sleep, retry_after or 0) >= until
        return too_late or (state.attempt_number >= _MAX_ATTEMPTS and retry_after is None)

    async def sleep(seconds: float) -> None:
        if seconds:
            await clock.sleep(seconds)

    return AsyncRetrying(
        retry=retry_if_exception_type(RetryableError), wait=_backoff, stop=give_up, sleep=sleep, reraise=True
    )


def _backoff(state: RetryCallState) -> float:
    """Return the seconds before the next attempt; 0 after a Retry-After, because the queue pauses for that long."""
    if _retry_after_of(state):
        return 0
    maximum = min(_MAX_BACKOFF, MIN_BACKOFF * 2.0**state.attempt_number)
    return random.uniform(maximum / 2, maximum)  # noqa: S311 - jitter, not a secret


def _retry_after_of(state: RetryCallState) -> float | None:
    failure = state.outcome.exception() if state.outcome is not None else None
    return failure.retry_after if isinstance(failure, RetryableError) else None
