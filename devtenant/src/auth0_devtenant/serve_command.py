"""`serve`: a tenant on a socket, until a signal comes."""

import argparse
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, get_args

import uvicorn

from auth0_devtenant import arguments
from auth0_devtenant.app import create_tenant
from auth0_devtenant.listening import ListenError, listen
from auth0_devtenant.options import TenantOptions
from auth0_devtenant.seed import Dialect, default_seed
from auth0_devtenant.seed.default import WEB_ORIGINS
from auth0_devtenant.terminal import banner, fail, show

_ALL_ADDRESSES: Final = "0.0.0.0"  # noqa: S104 - not the default: --host chooses it, for a container
_MAX_LIFETIME: Final = 2_592_000  # seconds, as at Auth0
_SHUTDOWN_SECONDS: Final = 2


class _Server(uvicorn.Server):
    """A server that stops by SIGINT and SIGTERM, and then returns; uvicorn's would raise the signal again."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)
        yield


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    api = TenantOptions().seed.apis[0]
    add = command.add_argument
    add("--host", default="127.0.0.1", help=f"address to listen on, {_ALL_ADDRESSES} for all (default %(default)s)")
    add("--port", type=arguments.integer(0, 65_535), default=3001, help="0 for any free one (default %(default)s)")
    add("--issuer", type=arguments.issuer, metavar="URL", help="default: http://HOST:PORT/ of --host and --port")
    add("--audience", default=api.identifier, help="identifier of the API (default %(default)s)")
    add(
        "--web-origin",
        type=arguments.origin,
        action="append",
        metavar="ORIGIN",
        help="origin of a web application: it can log in (callback URLs / and /callback), fetch tokens and log out; "
        f"can be repeated (default {' and '.join(WEB_ORIGINS)})",
    )
    for name, purpose in (("--callback-url", "a login"), ("--logout-url", "a logout")):
        add(
            name,
            type=arguments.url,
            action="append",
            default=[],
            metavar="URL",
            help=f"another URL to which {purpose} may redirect; can be repeated",
        )
    add(
        "--token-lifetime",
        type=arguments.integer(1, _MAX_LIFETIME),
        default=api.token_lifetime,
        metavar="SECONDS",
        help="of access tokens (default %(default)s)",
    )
    add(
        "--token-dialect",
        choices=get_args(Dialect),
        default=api.token_dialect,
        help="Auth0's access token profile (default %(default)s)",
    )
    command.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    try:
        listening = listen(given.host, given.port, "--port")
    except ListenError as error:
        return fail(given.prog, str(error))
    with listening:
        host = "127.0.0.1" if given.host == _ALL_ADDRESSES else given.host
        address = f"http://{host}:{listening.getsockname()[1]}/"
        options = _options(given, issuer=given.issuer or address)
        config = uvicorn.Config(
            create_tenant(options),
            access_log=False,
            lifespan="off",
            log_config=None,
            proxy_headers=False,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
            workers=1,  # without it uvicorn reads WEB_CONCURRENCY
            ws="none",
        )
        show(banner(options, address=address, every_address=given.host == _ALL_ADDRESSES))
        _Server(config).run([listening])
    return 0


def _options(given: argparse.Namespace, *, issuer: str) -> TenantOptions:
    seed = default_seed(
        audience=given.audience,
        token_dialect=given.token_dialect,
        token_lifetime=given.token_lifetime,
        web_origins=WEB_ORIGINS if given.web_origin is None else given.web_origin,
        callback_urls=given.callback_url,
        logout_urls=given.logout_url,
    )
    return TenantOptions(issuer, seed)
