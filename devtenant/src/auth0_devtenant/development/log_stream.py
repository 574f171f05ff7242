"""The tenant's log events, sent to a URL as Auth0's log stream "Custom Webhook" sends them.

Auth0: "Create Custom Log Streams Using Webhooks". A request holds a JSON array of objects with `log_id` and `data`.
"""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx

from auth0_devtenant.state import Json, Tenant

_ATTEMPTS: Final = 4
"""One, and three retries, as at Auth0."""
_TIMEOUT: Final = 5.0
_MAX_WAITING: Final = 10_000
_MAX_EVENTS: Final = 100


class LogStream:
    """Sends log events from a thread of its own, in order; a request never waits for the receiver."""

    def __init__(self, url: str, *, token: str | None = None) -> None:
        """Send to `url`; `token` becomes the Authorization header, by which the receiver knows the tenant."""
        self._url = url
        self._headers = {} if token is None else {"Authorization": token}
        self._waiting: queue.Queue[Json | None] = queue.Queue(_MAX_WAITING)
        self.lost = 0
        """The number of events that were not delivered."""

    @contextmanager
    def listening_to(self, tenant: Tenant) -> Iterator[None]:
        """Send the events of a tenant until the block ends, then those that wait."""
        thread = threading.Thread(target=self._send_all, name="auth0-devtenant-log-stream", daemon=True)
        thread.start()
        tenant.log_listeners.append(self.add)
        try:
            yield
        finally:
            tenant.log_listeners.remove(self.add)
            self._waiting.put(None)
            thread.join(_TIMEOUT)

    def add(self, event: Json) -> None:
        """Send an event later; it is lost if too many wait."""
        try:
            self._waiting.put_nowait(event)
        except queue.Full:
            self.lost += 1

    def _send_all(self) -> None:
        # The receiver is on this machine: a proxy from the environment could not reach it.
        with httpx.Client(trust_env=False, timeout=_TIMEOUT) as client:
            while (events := self._next()) is not None:
                body = [{"log_id": event["log_id"], "data": event} for event in events]
                if not any(self._deliver(client, body) for _ in range(_ATTEMPTS)):
                    self.lost += len(events)

    def _next(self) -> list[Json] | None:
        """Wait for events and return all that wait; None at the end."""
        event = self._waiting.get()
        events: list[Json] = []
        while event is not None:
            events.append(event)
            if len(events) == _MAX_EVENTS or self._waiting.empty():
                return events
            event = self._waiting.get_nowait()
        if events:
            self._waiting.put(None)  # the end comes after them
            return events
        return None

    def _deliver(self, client: httpx.Client, body: list[Json]) -> bool:
        try:
            return client.post(self._url, json=body, headers=self._headers).is_success
        except httpx.HTTPError:
            return False
