"""`exec`: run a command against a new tenant, with the environment that an API and its tests need."""

import argparse
import os
import signal
import subprocess
import sys

from auth0_devtenant.serving import serving
from auth0_devtenant.tenant_arguments import StartError, add_tenant_arguments, prepared
from auth0_devtenant.terminal import fail

_NOT_FOUND = 127
"""Exit code for a command that cannot be started, as in shells."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    add_tenant_arguments(command, port=0)
    command.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="the command to run")
    command.set_defaults(run=_run, refuse=command.error)


def _run(given: argparse.Namespace) -> int:
    command = given.command[1:] if given.command[:1] == ["--"] else given.command
    if not command:
        given.refuse("a command is required, such as: exec -- pytest")
    try:
        with prepared(given) as ready, serving(ready.server, ready.listening):
            return _run_child(given.prog, command, ready.running.environment)
    except StartError as error:
        return fail(given.prog, str(error))


def _run_child(prog: str, command: list[str], environment: dict[str, str]) -> int:
    """Run a command to its end; return its exit code, for a signal 128 and its number, as shells do."""
    sys.stdout.flush()
    try:
        with subprocess.Popen(command, env=os.environ | environment) as child:  # noqa: S603 - what the user asks for
            # Ctrl-C goes to the whole group: the child decides what it does. A SIGTERM is for this process alone.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, lambda *_: child.terminate())
            code = child.wait()
    except OSError as error:
        fail(prog, f"{command[0]}: {error.strerror}")
        return _NOT_FOUND
    return 128 - code if code < 0 else code
