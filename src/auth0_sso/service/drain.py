"""Connection draining before a graceful shutdown, so that no request is lost.

A load balancer that notices a shutdown by a refused connection has already lost a request. So `/readyz` returns 503
while all requests are still served, and each response closes its connection. Only then is the server closed.
"""

import logging

from auth0_sso.errors import ShuttingDownError

_log = logging.getLogger(__name__)


class Drain:
    """The draining state of this process: in service, shutting down, or replaced by another worker.

    While `is_draining`, `BoundedHttpProtocol` sends each response with `Connection: close`.
    """

    def __init__(self) -> None:
        self.shutting_down = False
        self.replaced = False
        self.is_draining = False

    def start_shutdown(self) -> None:
        """Drain connections and fail the readiness check."""
        if not self.shutting_down:
            self.is_draining = self.shutting_down = True
            _log.info("graceful shutdown: not ready, draining connections")

    def start_replacement(self) -> None:
        """Drain connections and stay ready: a rolling restart has started another worker."""
        if not self.replaced:
            self.is_draining = self.replaced = True
            _log.info("rolling restart: draining connections, a new worker takes over")

    def require_ready(self) -> None:
        """Raise `ShuttingDownError` after the start of a shutdown."""
        if self.shutting_down:
            raise ShuttingDownError
