"""The command `auth0-devtenant`: serve | token."""

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from auth0_devtenant import serve_command, token_command

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
    token_command.add_arguments(commands.add_parser("token", help="print an access token of a tenant that is served"))
    parser.set_defaults(prog=PROG, start_with=f"{PROG} serve")
    options = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    try:
        code: int = options.run(options)
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code
