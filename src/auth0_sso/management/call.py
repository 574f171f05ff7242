"""One call of the Management API, from the request to an answer or the error that says whose fault it is.

Auth0's free plan allows two calls a second. So after a refusal for too many, all callers wait together, in the order
of their turns, when the wait fits their deadlines, and hear of it at once when it does not. What failed is sent again
only where sending it twice does no harm, and a circuit breaker spares a tenant that is down.
"""

import asyncio
import logging
import random
from collections.abc import Mapping
from math import ceil

import httpx
from pydantic import JsonValue
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import (
    Auth0SsoError,
    ManagementRateLimitedError,
    ManagementRefusedError,
    ManagementUnavailableError,
)
from auth0_sso.http.bounded_http import BoundedResponse, FetchError, send_bounded
from auth0_sso.management.credentials import ManagementAuth
from auth0_sso.management.refusals import refusal_of
from auth0_sso.management.token_endpoint import unavailable
from auth0_sso.management.turns import ANYONE, PausedError, Turn, Turns
from auth0_sso.resilience.circuit_breaker import CircuitBreaker

_log = logging.getLogger(__name__)

DEADLINE = 8.0
"""Seconds that one call may take, waits and repetitions included."""

_ATTEMPT = 5.0  # seconds: a tenant that hangs is told from a queue of our own that is long
_MAX_ANSWER_BYTES = 4 * 1024 * 1024  # a page of 100 users with 16 KiB of user metadata each, and room
_MAX_IN_FLIGHT = 10  # the rest wait for their turns: all at once, a thousand calls would all be late
_MAX_WAIT = 3600
_MAX_ATTEMPTS = 3
"""Attempts where the tenant does not say how long to wait; where it does, the deadline bounds them."""

_MIN_BACKOFF, _MAX_BACKOFF = 0.25, 4.0
_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})  # RFC 9110 section 9.2.2; Auth0's PATCH and POST are not


class _TryAgainError(Exception):
    """An attempt failed in a way that may pass; `wait` is in seconds, None if Auth0 does not say."""

    def __init__(self, error: Auth0SsoError, wait: float | None = None) -> None:
        super().__init__(error.reason)
        self.error = error
        self.wait = wait


class ManagementCaller:
    """Sends calls with our own token, at most ten at once and by turns; all share one pause and one breaker."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        auth: ManagementAuth,
        *,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Take the tenant's address with its trailing slash, what authenticates us there, and the clock."""
        self._client = client
        self._api = f"{base_url}api/v2"
        self._auth = auth
        self._clock = clock
        self._turns = Turns(_MAX_IN_FLIGHT, clock=clock)
        self._breaker = CircuitBreaker(clock=clock)
        self._last_failure = "unavailable"

    async def call(
        self,
        method: str,
        path: str,
        *,
        turn: Turn = ANYONE,
        scopes: tuple[str, ...] = (),
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, JsonValue] | None = None,
    ) -> BoundedResponse:
        """Return the answer of a successful call, or raise the error that says whose fault it is.

        `turn` names the user the call is for. Auth0 asks for one of `scopes`: if our token is known to have none of
        them, nothing is sent.
        """
        request = self._client.build_request(method, self._api + path, params=query, json=body)
        started = self._clock.monotonic()
        until = started + DEADLINE

        def give_up(state: RetryCallState) -> bool:
            told = _told(state)
            late = self._clock.monotonic() + max(state.upcoming_sleep, told or 0) >= until
            return late or (state.attempt_number >= _MAX_ATTEMPTS and told is None)

        retrying = AsyncRetrying(
            retry=retry_if_exception_type(_TryAgainError),
            wait=_rest,
            stop=give_up,
            sleep=self._stay_away,
            reraise=True,
        )
        try:
            async with asyncio.timeout(DEADLINE):
                await self._require_scope(scopes)
                return await retrying(self._attempt, request, turn, until)
        except _TryAgainError as last:
            raise last.error from None
        except TimeoutError:
            raise self._late() from None

    def _late(self) -> ManagementUnavailableError:
        paused = self._turns.pause_left
        return _rate_limited(paused) if paused else unavailable(FetchError("timeout"))

    async def _stay_away(self, seconds: float) -> None:
        if seconds:
            await self._clock.sleep(seconds)

    async def _require_scope(self, scopes: tuple[str, ...]) -> None:
        if scopes and not await self._auth.grants_any(scopes):
            _log.error("our Management API client lacks a scope: grant it one of %s", ", ".join(scopes))
            raise ManagementRefusedError("scope_missing", scopes=scopes)

    async def _attempt(self, request: httpx.Request, turn: Turn, until: float) -> BoundedResponse:
        try:
            async with self._turns.take(turn, until=until):
                return await self._accepted_answer(request)
        except PausedError as paused:
            raise _rate_limited(paused.seconds) from None
        except FetchError as error:
            raise self._not_answered(request, unavailable(error)) from None

    async def _accepted_answer(self, request: httpx.Request) -> BoundedResponse:
        """Return an answer of success. What it says of our rate limit is noted before the next call is sent."""
        self._require_closed_breaker()
        answer = await self._send(request)
        if answer.status == 401:  # the auth has dropped that token: once more, with another
            answer = await self._send(request)
        self._note_budget(answer)
        if answer.status < 300:
            self._breaker.record_success()
            return answer
        raise self._refused(request, answer)

    def _require_closed_breaker(self) -> None:
        broken = self._breaker.retry_after()
        if broken > 0:
            raise ManagementUnavailableError(self._last_failure, retry_after=ceil(broken))

    async def _send(self, request: httpx.Request) -> BoundedResponse:
        return await send_bounded(
            self._client, request, deadline=_ATTEMPT, max_bytes=_MAX_ANSWER_BYTES, auth=self._auth
        )

    def _not_answered(self, request: httpx.Request, error: ManagementUnavailableError) -> Exception:
        self._last_failure = error.reason
        if self._breaker.record_failure():
            _log.warning("the Management API fails again and again (%s): the circuit breaker opens", error.reason)
        return _TryAgainError(error) if request.method in _REPEATABLE else error

    def _note_budget(self, answer: BoundedResponse) -> None:
        """Let all callers pause when the tenant says that the next call would be one too many."""
        if answer.headers.get("X-RateLimit-Remaining") == "0" and answer.status < 300:
            wait = self._told_wait(answer.headers)
            if wait:
                self._turns.pause(wait)

    def _refused(self, request: httpx.Request, answer: BoundedResponse) -> Exception:
        error = refusal_of(answer)
        if isinstance(error, ManagementRateLimitedError):
            wait = self._told_wait(answer.headers)
            if wait:
                self._turns.pause(max(wait, _MIN_BACKOFF))
                error.retry_after = max(1, ceil(wait))
            return _TryAgainError(error, wait)
        if isinstance(error, ManagementUnavailableError):
            return self._not_answered(request, error)
        self._breaker.record_success()
        return error

    def _told_wait(self, headers: httpx.Headers) -> float | None:
        """Return the seconds to wait: Retry-After, else until X-RateLimit-Reset (seconds since 1970)."""
        for name, now in (("Retry-After", 0.0), ("X-RateLimit-Reset", self._clock.wall())):
            value = headers.get(name, "")
            if value.isascii() and value.isdecimal() and len(value) <= 12:
                return min(max(0.0, int(value) - now), _MAX_WAIT)
        return None


def _rest(state: RetryCallState) -> float:
    """Return the seconds before the next attempt: none where it said how long, as all wait in a queue."""
    if _told(state):
        return 0
    longest = min(_MAX_BACKOFF, _MIN_BACKOFF * 2.0**state.attempt_number)
    return random.uniform(longest / 2, longest)  # noqa: S311 - spreads callers, keeps no secret


def _told(state: RetryCallState) -> float | None:
    failure = state.outcome.exception() if state.outcome is not None else None
    return failure.wait if isinstance(failure, _TryAgainError) else None


def _rate_limited(wait: float) -> ManagementRateLimitedError:
    return ManagementRateLimitedError(retry_after=max(1, ceil(wait)))
