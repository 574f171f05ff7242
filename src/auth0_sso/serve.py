"""`auth0-sso serve`: the API in one process or in several that share a socket, up to the last answer of each."""

import logging
import signal
import sys
import time
from types import FrameType
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from auth0_sso.http_protocol import BoundedHttpProtocol, backlog_for, open_file_limit
from auth0_sso.settings import Settings
from auth0_sso.web.app import create_app
from auth0_sso.web.drain import Drain, DrainLayer
from auth0_sso.web.logs import configure_logs

_log = logging.getLogger(__name__)

SHUTDOWN_SECONDS: Final = 20
"""How long a stop may take, its notice included; what is not answered by then is cut off."""

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
    "timeout_graceful_shutdown": SHUTDOWN_SECONDS,
    "ws": "none",  # no route speaks it: an upgrade is answered as the plain request it also is
}


def run(settings: Settings) -> int:
    """Serve until a signal comes; return the exit code, 0 after a stop in good order and 1 for a failed start."""
    configure_logs(settings.log_level)
    for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises the signal again once it has stopped
        signal.signal(number, _exit_in_good_order)
    app = _served(settings)  # in the parent of workers too, so that what fails at once fails once
    if settings.workers > 1:
        return _run_workers(settings)
    server = uvicorn.Server(uvicorn.Config(app, **_options(settings)))
    try:
        server.run()
    except SystemExit as stop:
        return _code(stop)
    return 0 if server.started else 1


def served_app() -> ASGIApp:
    """Return the app of one worker, by the settings of the environment; uvicorn calls this in each process."""
    settings = Settings.load_or_exit()
    configure_logs(settings.log_level)
    return _served(settings)


def _served(settings: Settings) -> ASGIApp:
    drain = Drain()
    return DrainLayer(create_app(settings, drain=drain), drain, notice=settings.shutdown_notice_seconds)


def server_options(settings: Settings) -> dict[str, Any]:
    """Return uvicorn's options for `serve` and `dev`, the number of connections among them."""
    return {
        **SERVER_OPTIONS,
        "backlog": backlog_for(open_file_limit()),
        "limit_concurrency": settings.max_connections,
    }


def _options(settings: Settings) -> dict[str, Any]:
    left = max(1, round(SHUTDOWN_SECONDS - settings.shutdown_notice_seconds))
    return {
        **server_options(settings),
        "host": settings.host,
        "port": settings.port,
        "workers": settings.workers,
        "timeout_graceful_shutdown": left,
    }


def _run_workers(settings: Settings) -> int:
    if not settings.has_shared_store:
        _log.warning(
            "%d workers without a shared store: each counts requests and remembers roles for itself, so limits are "
            "%d times as wide, and a role taken away may last %.0f s; set RATE_LIMIT_STORAGE_URL",
            settings.workers,
            settings.workers,
            settings.auth0_role_ttl_seconds,
        )
    config = uvicorn.Config("auth0_sso.serve:served_app", factory=True, **_options(settings))
    try:
        workers = _Workers(config, [config.bind_socket()])
    except SystemExit as stop:
        return _code(stop)
    workers.run()
    return 1 if any(process.exitcode == STARTUP_FAILURE for process in workers.processes) else 0


class _Workers(Multiprocess):
    """uvicorn's processes, which replace one that dies; here the end of all of them has a bound."""

    def join_all(self) -> None:
        """Wait for every worker as long as a stop may take, then end those that hang."""
        for shared in self.sockets:  # else it would take connections that no worker accepts any more
            shared.close()
        end = time.monotonic() + SHUTDOWN_SECONDS + 1
        for worker in self.processes:
            worker.process.join(max(0.0, end - time.monotonic()))
            if worker.exitcode is None:
                _log.error("a worker does not end: killed")
                worker.kill()
                worker.join()


def _exit_in_good_order(_: int, __: FrameType | None) -> None:
    sys.exit(0)


def _code(stop: SystemExit) -> int:
    return 1 if stop.code else 0
