"""`serve`: a tenant on a socket, until a signal comes."""

import argparse
import json
import logging
import os
import sys
import threading

from auth0_devtenant.serving import ALL_ADDRESSES, issuer_at
from auth0_devtenant.tenant_arguments import Prepared, StartError, add_tenant_arguments, prepared
from auth0_devtenant.terminal import banner, fail, show


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    add_tenant_arguments(command, port=3001)
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
        with prepared(given) as ready:
            _announce(given, ready)
            if not given.quiet:
                log_requests()
            if given.with_parent:
                threading.Thread(target=_stop_with_parent, args=(ready,), daemon=True).start()
            ready.server.run([ready.listening])
    except StartError as error:
        return fail(given.prog, str(error))
    return 0


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
