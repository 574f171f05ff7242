"""`auth0-sso serve`: the API in one process, or in several that share a socket."""

import logging
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, Final

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from auth0_sso.service.app import create_app
from auth0_sso.service.drain import Drain, DrainLayer
from auth0_sso.service.http_protocol import BoundedHttpProtocol, backlog_for, open_file_limit
from auth0_sso.service.logs import configure_logs
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.service.stopping import SHUTDOWN_SECONDS, STOP_SIGNALS, Stop, handle
from auth0_sso.service.supervisor import Supervisor, Timing
from auth0_sso.service.worker_process import Parent

_log = logging.getLogger(__name__)

SERVER_OPTIONS: Final[dict[str, Any]] = {
    "access_log": False,  # the app writes its own, without query strings
    "date_header": True,
    "http": BoundedHttpProtocol,
    "lifespan": "on",
    "log_config": None,
    "loop": "asyncio",  # uvloop lets new connections wait for seconds under load: docs/decisions/0012
    "proxy_headers": False,  # whoever connects could forge the address in our log; TRUSTED_PROXIES names who may
    "server_header": False,
    # Longer than load balancers keep idle connections (a minute): who closes first must not be who is sent to.
    "timeout_keep_alive": 75,
    "workers": 1,  # without it uvicorn reads WEB_CONCURRENCY
    "timeout_graceful_shutdown": SHUTDOWN_SECONDS,
    "ws": "none",  # no route speaks it: an upgrade is answered as the plain request it also is
}


def run(settings: ServiceSettings, *, timing: Timing | None = None) -> int:
    """Serve until a signal comes; return the exit code.

    0 after a graceful shutdown, 1 for one that did not end in time and for a start that failed, 78 for settings that
    no worker can use.
    """
    configure_logs(settings.log_level)
    ServiceSettings.log_unknown_names()
    handle(STOP_SIGNALS, lambda *_: sys.exit(0))  # until something is served
    timing = Timing() if timing is None else timing
    server = _Server(settings, shutdown=timing.shutdown, failure=1)  # with workers too: what fails at once fails once
    return _run_workers(settings, timing, server.config) if settings.workers > 1 else server.run_to_the_end()


def serve_worker(listening: socket.socket, pipe: Connection, *, workers: int, shutdown: float) -> None:
    """Serve in a process of its own, by the settings of the environment, until the parent or a signal ends it."""
    parent = Parent(pipe)
    settings = ServiceSettings.load_or_exit(workers=workers)
    configure_logs(settings.log_level)
    server = _Server(settings, shutdown=shutdown, failure=STARTUP_FAILURE, parent=parent)
    sys.exit(server.run_to_the_end([listening]))


class _Server(uvicorn.Server):
    """uvicorn's server with the service, stopped by `Stop` and not by signals."""

    def __init__(
        self, settings: ServiceSettings, *, shutdown: float, failure: int, parent: Parent | None = None
    ) -> None:
        self._drain = Drain()
        app = DrainLayer(create_app(settings, drain=self._drain), self._drain)
        super().__init__(uvicorn.Config(app, host=settings.host, port=settings.port, **server_options(settings)))
        self._failure = failure
        self._parent = parent
        self._notice = settings.shutdown_notice_seconds
        self._stop = Stop(
            announce=self._drain.begin,
            close=self._close,
            signals=STOP_SIGNALS if parent is None else (signal.SIGTERM,),
            notice=self._notice,
            shutdown=shutdown,
        )

    def run_to_the_end(self, sockets: list[socket.socket] | None = None) -> int:
        """Serve until a stop has ended; return the exit code."""
        if self._parent is not None:
            self._parent.listen(self._stop, self._replaced)
        self._stop.watch()
        try:
            self.run(sockets)
        except SystemExit:  # how uvicorn tells that it could not start
            return self._failure
        return 0

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `Stop`."""
        yield

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve; what still runs in the process after that has a time limit."""
        code = self._failure
        try:
            await super().serve(sockets)
            code = 0
        finally:
            self._stop.finished(code)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the app and listen, and say so."""
        await super().startup(sockets)
        self._stop.serving()
        if self._parent is not None:
            self._parent.serving()

    async def on_tick(self, counter: int) -> bool:
        """Decide ten times a second whether to go on."""
        if self._drain.replaced:  # new connections are for the other workers, which share the socket
            for listening in self.servers:
                listening.close()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish the requests under way in what is left of the time, then close the app."""
        self.config.timeout_graceful_shutdown = self._stop.seconds_left()  # type: ignore[assignment]  # declared int; asyncio.wait_for takes it
        await super().shutdown(sockets)

    def _close(self) -> None:
        self.should_exit = True

    def _replaced(self) -> None:
        self._stop.begin(notice=self._notice, announce=self._drain.replace)


def server_options(settings: ServiceSettings) -> dict[str, Any]:
    """Return uvicorn's options for `serve` and `dev`, the number of connections among them."""
    return {
        **SERVER_OPTIONS,
        "backlog": backlog_for(open_file_limit()),
        "limit_concurrency": settings.max_connections,
    }


def _run_workers(settings: ServiceSettings, timing: Timing, config: uvicorn.Config) -> int:
    if not settings.has_shared_store:
        _log.warning(
            "%d workers without a shared store: each counts requests and remembers roles for itself, so limits are "
            "%d times as wide, and a role taken away may last %.0f s; set RATE_LIMIT_STORAGE_URL",
            settings.workers,
            settings.workers,
            settings.auth0_role_ttl_seconds,
        )
    try:
        listening = config.bind_socket()
    except SystemExit:  # the reason is in the log
        return 1
    target = partial(serve_worker, listening, workers=settings.workers, shutdown=timing.shutdown)
    return Supervisor(target, settings.workers, listening, timing=timing).run()
