"""`auth0-sso serve`: the API in one process, or in several worker processes at one address."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, Final

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from auth0_sso.errors import ConfigurationError
from auth0_sso.events import Event
from auth0_sso.service.acceptor import Acceptor
from auth0_sso.service.app import PROBES, create_app
from auth0_sso.service.drain import Drain
from auth0_sso.service.http_protocol import BoundedHttpProtocol, backlog_for, open_file_limit
from auth0_sso.service.http_protocol.load_shedding import LoadShedder
from auth0_sso.service.http_protocol.shedding import ShedResponses
from auth0_sso.service.listening_sockets import bind_sockets
from auth0_sso.service.logs import configure_logs
from auth0_sso.service.metrics_listener import bind_metrics
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.service.shutdown import SHUTDOWN_SIGNALS, SHUTDOWN_TIMEOUT, GracefulShutdown, set_signal_handler
from auth0_sso.service.start_line import start_line
from auth0_sso.service.supervisor import Supervisor, Timing
from auth0_sso.service.worker_process import SupervisorPipe
from auth0_sso.tracing import FLUSH_TIMEOUT
from auth0_sso.web.services.components import Metrics

_log = logging.getLogger(__name__)

SERVER_OPTIONS: Final[dict[str, Any]] = {
    "access_log": False,  # the app writes its own, without query strings
    "date_header": True,
    "http": BoundedHttpProtocol,
    "lifespan": "on",
    "log_config": None,
    "loop": "auto",  # uvloop if it is installed, and `Acceptor` accepts: docs/decisions/0012
    "proxy_headers": False,  # any client could forge its address in our log; TRUSTED_PROXIES is used instead
    "server_header": False,
    # Longer than load balancers keep idle connections (60 s), so that they never send to one that was just closed.
    "timeout_keep_alive": 75,
    "workers": 1,  # without it uvicorn reads WEB_CONCURRENCY
    "timeout_graceful_shutdown": SHUTDOWN_TIMEOUT,
    "ws": "none",  # no route is a WebSocket: a request with Upgrade is served as a plain HTTP/1.1 request
}


_KEYS_TIMEOUT: Final = 2000
_KEYS_INTERVAL: Final = 20
"""In milliseconds."""


def run(settings: ServiceSettings, *, timing: Timing | None = None) -> int:
    """Serve until a signal; return the exit code.

    0 after a graceful shutdown, 1 after one that timed out or a start that failed, 78 for settings that no worker can
    use.
    """
    configure_logs(settings.log_level, settings.log_format)
    ServiceSettings.log_unknown_names()
    _log.info("%s", start_line(settings))
    set_signal_handler(SHUTDOWN_SIGNALS, lambda *_: sys.exit(0))  # until the server starts
    timing = Timing() if timing is None else timing
    # Created with workers too, so that an app that cannot be built fails here, once.
    server = _Server(settings, timeout=timing.shutdown_timeout, failure=1)
    try:
        sockets = bind_sockets(settings.host, settings.port, workers=settings.workers)
    except OSError as error:
        _log.error("cannot listen on %s port %d: %s", settings.host, settings.port, error.strerror)
        return 1
    host, port, *_ = sockets[0][0].getsockname()
    _log.info("listening on http://%s:%d", f"[{host}]" if ":" in host else host, port)
    return _run_workers(settings, timing, sockets) if settings.workers > 1 else server.run_until_shutdown(sockets[0])


def serve_worker(
    sockets: Sequence[Sequence[socket.socket]],
    number: int,
    pipe: Connection,
    *,
    timeout: float,
    memory: Any = None,  # noqa: ANN401 - a WorkerMemory, whose module needs prometheus_client
) -> None:
    """Serve in a worker process, with settings from the environment, until the supervisor or a signal stops it.

    `sockets` are those of each worker; this one has the given number. It counts its metrics in `memory`.
    """
    supervisor = SupervisorPipe(pipe)
    settings = ServiceSettings.load_or_exit(workers=len(sockets))
    configure_logs(settings.log_level, settings.log_format)
    own = list(sockets[number])
    others = [listening for each in sockets for listening in each if listening not in own]
    server = _Server(
        settings,
        timeout=timeout,
        failure=STARTUP_FAILURE,
        supervisor=supervisor,
        others=others,
        metrics=None if memory is None else memory.open(),
    )
    sys.exit(server.run_until_shutdown(own))


class _Server(uvicorn.Server):
    """uvicorn's server with the service; `GracefulShutdown` handles the signals."""

    def __init__(
        self,
        settings: ServiceSettings,
        *,
        timeout: float,
        failure: int,
        supervisor: SupervisorPipe | None = None,
        others: Sequence[socket.socket] = (),
        metrics: Metrics | None = None,
    ) -> None:
        self._metrics = metrics
        self._drain = Drain()

        class Protocol(BoundedHttpProtocol):
            drain = self._drain
            shedder = LoadShedder(
                settings.max_concurrent_requests,
                settings.max_queue_delay_seconds,
                exempt=[path.encode() for path in PROBES],
                observer=self._observe,
            )
            shed_responses = ShedResponses(settings.cors_allowed_origins)

        self._app = app = create_app(settings, drain=self._drain, metrics=metrics)
        super().__init__(uvicorn.Config(app, **server_options(settings) | {"http": Protocol}))
        self._protocol = Protocol
        self._others = others
        self._failure = failure
        self._supervisor = supervisor
        self._drain_seconds = settings.shutdown_notice_seconds
        self._seconds_to_close = FLUSH_TIMEOUT if settings.tracing_enabled else 0.0
        self._shutdown = GracefulShutdown(
            on_start=self._drain.start_shutdown,
            close_server=self._close,
            signals=SHUTDOWN_SIGNALS if supervisor is None else (signal.SIGTERM,),
            drain_seconds=self._drain_seconds,
            timeout=timeout,
        )

    def run_until_shutdown(self, own: list[socket.socket]) -> int:
        """Serve until the shutdown is complete; return the exit code."""
        if self._supervisor is not None:
            self._supervisor.listen(self._shutdown, self._on_drain)
        self._shutdown.install()
        try:
            self.run(own)
        except SystemExit:  # raised by uvicorn when it cannot start
            return self._failure
        return 0

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle no signals: `GracefulShutdown` does."""
        yield

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve; whatever still runs in the process afterwards has a timeout."""
        self._shutdown.receive_signals()  # again: uvloop has taken them
        code = self._failure
        try:
            await super().serve(sockets)
            code = 0
        finally:
            self._shutdown.server_finished(code)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the app, listen, and report it to the supervisor."""
        await super().startup([])
        if self._supervisor is not None and not self.should_exit:
            await self._wait_for_keys()
        make_protocol = partial(self._protocol, self.config, self.server_state, self.lifespan.state)
        self._acceptor = Acceptor(make_protocol, sockets or (), others=self._others, backlog=self.config.backlog)
        self._acceptor.start()
        self.servers = [self._acceptor]  # type: ignore[list-item]  # uvicorn only closes it
        self._shutdown.server_started()
        if self._supervisor is not None:
            self._supervisor.report_serving()

    async def _wait_for_keys(self) -> None:
        """Wait for the first fetch of the signing keys, for a short time: the worker that is replaced has them."""
        services = self._app.state.auth0_sso
        for _ in range(_KEYS_TIMEOUT // _KEYS_INTERVAL):
            if all(health.failures or health.state != "missing" for health in services.keys_health.values()):
                return
            await asyncio.sleep(_KEYS_INTERVAL / 1000)

    async def on_tick(self, counter: int) -> bool:
        """Return whether to exit; uvicorn calls this ten times a second."""
        if self._drain.replaced:  # the new worker, which has the same sockets, accepts new connections
            self._acceptor.close()
        self._acceptor.take_over()
        if self._metrics is not None:
            self._metrics.refresh()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish the requests in progress within the remaining time, then close the app."""
        left = self._shutdown.seconds_left()
        if left is not None:
            left = max(0.0, left - self._seconds_to_close)
        self.config.timeout_graceful_shutdown = left  # type: ignore[assignment]  # declared int; asyncio.wait_for takes it
        await super().shutdown(sockets)
        if self._metrics is not None:
            self._metrics.refresh()

    def _close(self) -> None:
        self.should_exit = True

    def _observe(self, event: Event) -> None:
        self._app.state.auth0_sso.observe(event)

    def _on_drain(self) -> None:
        self._shutdown.start(drain_seconds=self._drain_seconds, on_start=self._drain.start_replacement)


def server_options(settings: ServiceSettings) -> dict[str, Any]:
    """Return uvicorn's options for `serve` and `dev`, including the limit of connections."""
    return {
        **SERVER_OPTIONS,
        "backlog": backlog_for(open_file_limit()),
        "limit_concurrency": settings.max_connections,
    }


def _run_workers(settings: ServiceSettings, timing: Timing, sockets: list[list[socket.socket]]) -> int:
    if not settings.has_shared_store:
        _log.warning(
            "%d workers without a shared store: each has its own rate limits and role cache, so callers get up to %d "
            "times the limit, a removed role may last %.0f s, and a log-out reaches one of them; set "
            "RATE_LIMIT_STORAGE_URL",
            settings.workers,
            settings.workers,
            settings.auth0_role_ttl_seconds,
        )
    elif not settings.has_management:
        _log.warning(
            "%d workers without Management API credentials, with which they share revoked access tokens: a log-out "
            "reaches one of them",
            settings.workers,
        )
    target = partial(serve_worker, sockets, timeout=timing.shutdown_timeout)
    listening = [each for own in sockets for each in own]
    metrics, metrics_sockets = None, list[socket.socket]()
    if settings.metrics_enabled:
        from auth0_sso.service.worker_metrics import SupervisorMetrics  # noqa: PLC0415 - needs prometheus_client, which is optional

        metrics = SupervisorMetrics()
        if settings.metrics_port is not None:
            try:
                metrics_sockets = bind_metrics(settings.metrics_host or settings.host, settings.metrics_port)
            except ConfigurationError as error:
                _log.error("%s", error.detail)
                return 1
    supervisor = Supervisor(
        target, settings.workers, listening, timing=timing, metrics=metrics, metrics_sockets=metrics_sockets
    )
    return supervisor.run()
