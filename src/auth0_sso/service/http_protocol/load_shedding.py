"""Load shedding: requests that could not be served in time get 503 as soon as their headers are parsed.

Requests in flight are limited in number, whatever they wait for: that bounds the memory. And a request is shed if
those that wait to be started would keep the event loop busy for too long: that bounds the latency. A request that
waits for Auth0 or Redis has been started, and does not count for the second limit.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from time import perf_counter
from typing import Final

from auth0_sso.events import IGNORE, Observer, RequestShed, ShedReason

_log = logging.getLogger(__name__)

DEFAULT_MAX_CONCURRENT_REQUESTS: Final = 2_000
DEFAULT_MAX_QUEUE_DELAY: Final = 0.5

_NEVER_SHED: Final = 50
"""So many requests may always wait: a process that stood still for a moment is not overloaded."""
_AVERAGED: Final = 500
"""The number of requests over which the time of one is averaged."""
_LOG_INTERVAL: Final = 1.0


class LoadShedder:
    """Decides for each request of an event loop whether it is served.

    In each pass the event loop first starts the requests that arrived before it, and then reads new ones. So the time
    from the first start to the first new request, divided by the number of requests started, is the time of one.
    """

    def __init__(
        self,
        max_concurrent_requests: int = DEFAULT_MAX_CONCURRENT_REQUESTS,
        max_queue_delay: float = DEFAULT_MAX_QUEUE_DELAY,
        *,
        exempt: Collection[bytes] = (),
        observer: Observer = IGNORE,
        timer: Callable[[], float] = perf_counter,
    ) -> None:
        """Take the limits, the delay in seconds; paths that are always served; and an observer of what is shed."""
        self._max_concurrent = max_concurrent_requests
        self._max_delay = max_queue_delay
        self._exempt = frozenset(exempt)
        self._observe = observer
        self._timer = timer
        self._waiting = self._started = 0
        self._is_scheduled = False
        self._started_at: float | None = None
        self._seconds_each = 0.0
        self._shed_since_log = 0
        self._quiet_until = float("-inf")

    def reason_to_shed(self, url: bytes, in_flight: int) -> ShedReason | None:
        """Return why a request that has arrived is not served; None for one that is started in the next pass."""
        if not self._is_scheduled:
            self._end_measurement()
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._begin_pass)
        reason: ShedReason
        if in_flight >= self._max_concurrent:
            reason = "concurrency"
        elif self._waiting >= _NEVER_SHED and self._waiting * self._seconds_each > self._max_delay:
            reason = "queue_delay"
        else:
            self._waiting += 1
            return None
        if url.partition(b"?")[0] in self._exempt:
            return None
        self._record(reason)
        return reason

    def _begin_pass(self) -> None:
        self._is_scheduled = False
        self._started, self._waiting = self._waiting, 0
        self._started_at = self._timer()
        asyncio.get_running_loop().call_soon(self._end_measurement)  # where no new request arrives in this pass

    def _end_measurement(self) -> None:
        if self._started_at is None:
            return
        if self._started:
            each = (self._timer() - self._started_at) / self._started
            self._seconds_each += (each - self._seconds_each) * min(1, self._started / _AVERAGED)
        self._started_at = None

    def _record(self, reason: ShedReason) -> None:
        self._observe(RequestShed(reason))
        self._shed_since_log += 1
        now = self._timer()
        if now >= self._quiet_until:
            _log.warning("overloaded: %d requests got 503 (%s)", self._shed_since_log, reason)
            self._shed_since_log, self._quiet_until = 0, now + _LOG_INTERVAL
