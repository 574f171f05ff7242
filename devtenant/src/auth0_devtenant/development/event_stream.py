"""Changes of users and members, sent to a URL as Auth0's event stream "Webhook" sends them.

Auth0: "Create an Event Stream", "Events". A request holds one CloudEvent (specversion 1.0) as JSON.
"""

import queue
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_urlsafe
from typing import Final
from urllib.parse import urlsplit

import httpx

from auth0_devtenant.state import Json, Tenant

_ATTEMPTS: Final = 3  # unverified
_TIMEOUT: Final = 5.0


class EventStream:
    """Sends events from a thread of its own, in order; a request never waits for the receiver."""

    def __init__(self, url: str, *, token: str) -> None:
        """Send to `url` with `token` as the bearer token."""
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._waiting: queue.SimpleQueue[Json | None] = queue.SimpleQueue()
        self._id = f"est_{token_urlsafe(16)}"
        self.lost = 0
        """The number of events that were not delivered."""

    @contextmanager
    def listening_to(self, tenant: Tenant) -> Iterator[None]:
        """Send the events of a tenant until the block ends, then those that wait."""
        name = urlsplit(tenant.options.issuer).hostname

        def add(kind: str, content: Json) -> None:
            self._waiting.put(
                {
                    "specversion": "1.0",
                    "type": kind,
                    "source": f"urn:auth0:{name}",
                    "id": f"evt_{token_urlsafe(16)}",
                    "time": tenant.timestamp(),
                    "data": {"object": content},
                    "a0tenant": name,
                    "a0stream": self._id,
                }
            )

        thread = threading.Thread(target=self._send_all, name="auth0-devtenant-event-stream", daemon=True)
        thread.start()
        tenant.event_listeners.append(add)
        try:
            yield
        finally:
            tenant.event_listeners.remove(add)
            self._waiting.put(None)
            thread.join(_TIMEOUT)

    def _send_all(self) -> None:
        # The receiver is on this machine: a proxy from the environment could not reach it.
        with httpx.Client(trust_env=False, timeout=_TIMEOUT, verify=ssl.create_default_context()) as client:
            while (event := self._waiting.get()) is not None:
                if not any(self._deliver(client, event) for _ in range(_ATTEMPTS)):
                    self.lost += 1

    def _deliver(self, client: httpx.Client, event: Json) -> bool:
        try:
            return client.post(self._url, json=event, headers=self._headers).is_success
        except httpx.HTTPError:
            return False
