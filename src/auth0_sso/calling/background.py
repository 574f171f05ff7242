"""An event loop in a thread of its own, in which tokens are fetched for every loop and thread of the process.

An `httpx.Auth` is made once and used from anywhere: from several event loops one after the other, from threads, from
the loop that a test runner has closed since. One fetch for all of them needs a place that outlives each.
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class BackgroundLoop:
    """A running event loop; its thread ends with the process."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="auth0-sso-tokens", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether its thread is there: a process that was forked does not have its parent's threads."""
        return self._thread.is_alive()

    def submit(self, work: Coroutine[object, object, T]) -> Future[T]:
        """Run a coroutine there, and return its future."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)


_lock = threading.Lock()
_current: BackgroundLoop | None = None


def background_loop() -> BackgroundLoop:
    """Return the background loop of this process, which is started when it is first needed."""
    global _current  # noqa: PLW0603 - one thread for all tokens of the process
    with _lock:
        if _current is None or not _current.is_running:
            _current = BackgroundLoop()
        return _current
