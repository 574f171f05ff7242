"""One call of the Management API: rate limit, retries and circuit breaker, until a response or an error.

Auth0's free plan allows two calls a second. So after a 429 all callers wait together in a fair queue, and those whose
timeout ends before the wait does get the error at once. Only idempotent requests are retried after a failure, and the
circuit breaker stops all calls while the tenant is down.
"""

import asyncio
import logging
from collections.abc import Mapping
from math import ceil
from typing import Final

from pydantic import JsonValue

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import ManagementRateLimitedError, ManagementRefusedError, ManagementUnavailableError
from auth0_sso.events import IGNORE, Observer, TenantCallShed
from auth0_sso.http.bounded_http import BoundedResponse, FetchError
from auth0_sso.http.client import httpx
from auth0_sso.http.retry_after import retry_after
from auth0_sso.http.tenant_request import TenantCall
from auth0_sso.management.authorized_request import AuthorizedRequest
from auth0_sso.management.error_responses import error_of, unavailable
from auth0_sso.management.fair_queue import DEFAULT_PRIORITY, FairQueue, PausedError, Priority
from auth0_sso.management.retries import MIN_BACKOFF, RetryableError, retrying
from auth0_sso.management.token_source import ManagementTokenSource
from auth0_sso.oauth.health import ApiHealth
from auth0_sso.resilience.circuit_breaker import CircuitBreaker
from auth0_sso.resilience.outage import Outage

_log = logging.getLogger(__name__)

TIMEOUT: Final = 8.0
"""Seconds that one call may take, waits and retries included."""

_TIMED_OUT: Final = FetchError("timeout", f"no response within {TIMEOUT:.3g} s, waits and retries included")
_MAX_IN_FLIGHT: Final = 10  # all at once, a thousand calls would all time out
_MAX_CALLS: Final = 2000
"""Waiting and in flight. Role look-ups may use all, calls without priority half, those of low priority a quarter."""
_IDEMPOTENT: Final = frozenset({"GET", "PUT", "DELETE"})  # RFC 9110 section 9.2.2; Auth0's PATCH and POST are not


class ManagementCaller:
    """Sends calls with our own token, at most ten at once, with one fair queue and one circuit breaker for all."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        tokens: ManagementTokenSource,
        *,
        clock: Clock = SYSTEM_CLOCK,
        observe: Observer = IGNORE,
        outage: Outage | None = None,
        issuer: str = "",
    ) -> None:
        """Take the HTTP client, the tenant's URL with its trailing slash, the access tokens, and the clock.

        `outage` begins when the circuit breaker opens, and ends with a response; the access tokens may share it.
        `issuer` names the tenant to the observer, where there are several.
        """
        self._observe = observe
        self._issuer = issuer
        self._outage = Outage("management", observe) if outage is None else outage
        self._client = client
        self._api = f"{base_url}api/v2"
        self._tokens = tokens
        self._clock = clock
        self._queue = FairQueue(_MAX_IN_FLIGHT, clock=clock)
        self._breaker = CircuitBreaker(clock=clock)
        self._last_failure = "unavailable"
        self._is_failing = False
        self._calls = 0

    @property
    def health(self) -> ApiHealth:
        """How the Management API is."""
        if self._is_failing:
            return ApiHealth("unavailable", self._last_failure)
        return self._tokens.health

    async def call(
        self,
        method: str,
        path: str,
        *,
        priority: Priority = DEFAULT_PRIORITY,
        scopes: tuple[str, ...] = (),
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, JsonValue] | None = None,
    ) -> BoundedResponse:
        """Return the response to a successful call; raise the errors that `ManagementClient` lists.

        Auth0 asks for one of `scopes`: a call is not sent if our token is known to lack them all.
        """
        request = AuthorizedRequest(
            self._client,
            self._client.build_request(method, self._api + path, params=query, json=body),
            self._tokens,
            TenantCall(self._observe, "management", _operation(path), self._issuer),
        )
        until = self._clock.monotonic() + TIMEOUT
        self._require_room(priority)
        self._calls += 1
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._require_scope(scopes)
                return await retrying(self._clock, until=until)(self._attempt, request, priority, until)
        except RetryableError as last:
            raise last.error from None
        except TimeoutError:
            raise self._timed_out() from None
        finally:
            self._calls -= 1

    def _require_room(self, priority: Priority) -> None:
        limit = _MAX_CALLS if priority.high else _MAX_CALLS // (4 if priority.low else 2)
        if self._calls >= limit:
            self._observe(TenantCallShed("management", "queue_full"))
            raise ManagementUnavailableError("queue_full", retry_after=max(1, ceil(self._queue.pause_left)))

    def _timed_out(self) -> ManagementUnavailableError:
        pause = self._queue.pause_left
        return _rate_limited(pause) if pause else unavailable(_TIMED_OUT, url=self._api)

    async def _require_scope(self, scopes: tuple[str, ...]) -> None:
        if scopes and not await self._tokens.grants_any(scopes):
            _log.error("our Management API client lacks a scope: grant it one of %s", ", ".join(scopes))
            raise ManagementRefusedError("scope_missing", scopes=scopes)

    async def _attempt(self, request: AuthorizedRequest, priority: Priority, until: float) -> BoundedResponse:
        try:
            async with self._queue.slot(priority, until=until):
                return await self._send(request)
        except PausedError as paused:
            self._observe(TenantCallShed("management", "rate_limited"))
            raise _rate_limited(paused.seconds) from None
        except FetchError as error:
            raise self._failed(request, unavailable(error, url=self._api)) from None

    async def _send(self, request: AuthorizedRequest) -> BoundedResponse:
        """Return a successful response. Its rate limit headers are read before the slot goes to the next call."""
        self._require_closed_breaker()
        response = await request.send()
        if response.status == 401:
            response = await request.send()  # with another token
        if response.status >= 300:
            raise self._error_for(request, response)
        self._pause_if_limit_is_reached(response)
        self._record_success()
        return response

    def _require_closed_breaker(self) -> None:
        open_for = self._breaker.retry_after()
        if open_for > 0:
            self._observe(TenantCallShed("management", "circuit_open"))
            raise ManagementUnavailableError(self._last_failure, retry_after=ceil(open_for))

    def _failed(self, request: AuthorizedRequest, error: ManagementUnavailableError) -> Exception:
        self._last_failure = error.reason
        opened = self._breaker.record_failure()
        if opened:
            self._outage.declare(error.reason)
        if opened or not self._is_failing:
            words = "failed several times in a row: circuit breaker open" if opened else "failed"
            _log.warning("the Management API %s: %s (%s)", words, error.reason, error.log_detail)
        self._is_failing = True
        return RetryableError(error) if request.method in _IDEMPOTENT else error

    def _record_success(self) -> None:
        self._breaker.record_success()
        self._is_failing = False
        self._outage.resolve()

    def _pause_if_limit_is_reached(self, response: BoundedResponse) -> None:
        """Pause all callers when Auth0 says that the next call would exceed its rate limit."""
        if response.headers.get("X-RateLimit-Remaining") == "0":
            wait = retry_after(response.headers, self._clock.wall())
            if wait:
                self._queue.pause(wait)

    def _error_for(self, request: AuthorizedRequest, response: BoundedResponse) -> Exception:
        error = error_of(response)
        if isinstance(error, ManagementRateLimitedError):
            wait = retry_after(response.headers, self._clock.wall())
            if wait:
                self._queue.pause(max(wait, MIN_BACKOFF))
                error.retry_after = max(1, ceil(wait))
            return RetryableError(error, wait)
        if isinstance(error, ManagementUnavailableError):
            return self._failed(request, error)
        self._record_success()
        return error


def _rate_limited(wait: float) -> ManagementRateLimitedError:
    return ManagementRateLimitedError(retry_after=max(1, ceil(wait)))


def _operation(path: str) -> str:
    """Return a path without ids: in those that are called here, every second segment is one."""
    segments = path.split("/")
    segments[2::2] = ["{id}"] * len(segments[2::2])
    return "/".join(segments)
