"""`serve`: a tenant on a socket, until a signal comes."""

import argparse
import json
import logging
import os
import socket
import sys
import threading
from contextlib import AbstractContextManager, nullcontext

from auth0_devtenant import arguments
from auth0_devtenant.listening import ListenError, listen
from auth0_devtenant.playground.app import Playground, create_playground
from auth0_devtenant.serving import ALL_ADDRESSES, TenantServer, issuer_at, serving
from auth0_devtenant.tenant_arguments import Prepared, StartError, add_tenant_arguments, prepared
from auth0_devtenant.terminal import banner, fail, show

_PLAYGROUND_PORT = 3002


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    add_tenant_arguments(command, port=3001)
    command.add_argument(
        "--playground-port",
        type=arguments.integer(0, 65_535),
        metavar="PORT",
        help=f"serve the playground there, 0 for any free port ({_PLAYGROUND_PORT} with --api)",
    )
    command.add_argument(
        "--api", type=arguments.issuer, metavar="URL", help="the API that the playground calls, with an openapi.json"
    )
    command.add_argument("--quiet", action="store_true", help="do not log requests")
    command.add_argument(
        "--json", action="store_true", help="print what another program needs, as one line of JSON, and no banner"
    )
    command.add_argument(
        "--with-parent", action="store_true", help="stop when standard input ends, as it does with a parent process"
    )
    command.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    try:
        with (
            _playground_socket(given) as playground,
            prepared(given, playground=playground) as ready,
            _playground_of(ready, playground, given.api),
        ):
            _announce(given, ready)
            if not given.quiet:
                log_requests()
            if given.with_parent:
                threading.Thread(target=_stop_with_parent, args=(ready,), daemon=True).start()
            ready.server.run([ready.listening])
    except StartError as error:
        return fail(given.prog, str(error))
    return 0


def _playground_socket(given: argparse.Namespace) -> AbstractContextManager[socket.socket | None]:
    if given.playground_port is None and given.api is None:
        return nullcontext()
    port = _PLAYGROUND_PORT if given.playground_port is None else given.playground_port
    try:
        return listen(given.host, port, "--playground-port")
    except ListenError as error:
        raise StartError(str(error)) from None


def _playground_of(ready: Prepared, listening: socket.socket | None, api: str | None) -> AbstractContextManager[None]:
    origin = ready.running.options.playground
    if listening is None or origin is None:
        return nullcontext()
    app = create_playground(Playground(origin, ready.running.tenant, api))
    return serving(TenantServer(app, ready.running.tls), listening)


def log_requests() -> None:
    """Write a line for each request to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("auth0_devtenant.requests")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def _announce(given: argparse.Namespace, ready: Prepared) -> None:
    running = ready.running
    if given.json:
        show(json.dumps(running.document))
        return
    address = issuer_at(given.host, ready.listening, running.tls)
    ca = None if running.tls is None else running.tls.ca
    show(banner(running.options, address=address, ca=ca, every_address=given.host == ALL_ADDRESSES))


def _stop_with_parent(ready: Prepared) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    ready.server.should_exit = True
