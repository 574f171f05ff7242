"""The command `auth0-devtenant`: serve | exec | token; without one it serves."""

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from auth0_devtenant import exec_command, serve_command, token_command

PROG: Final = "auth0-devtenant"

_INTERRUPTED: Final = 130
"""Exit code after Ctrl-C: 128 and the number of SIGINT, as in shells."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, by default that of the command line; return its exit code.

    It is 0, 1 for a failure or 130 after Ctrl-C. Invalid arguments raise `SystemExit` with 2.
    """
    parser = argparse.ArgumentParser(
        prog=PROG, description="An Auth0 tenant for development and tests: real HTTP, real keys, all in memory."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve_command.add_arguments(commands.add_parser("serve", help="serve the tenant until Ctrl-C"))
    exec_command.add_arguments(commands.add_parser("exec", help="run a command, such as tests, against a new tenant"))
    token_command.add_arguments(commands.add_parser("token", help="print an access token of a tenant that is served"))
    parser.set_defaults(prog=PROG, start_with=f"{PROG} serve")
    given = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(given or ["serve"])
    try:
        code: int = options.run(options)
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code
