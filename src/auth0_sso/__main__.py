"""The command `auth0-sso`, and `python -m auth0_sso`."""

import os
import signal
import sys


def main() -> int:
    """Run one command of the command line; return its exit code, as `auth0_sso.service.cli.main` does.

    SIGTERM during the import, which takes up to a second, ends it with 143 in a container too.
    """
    # The kernel gives signals no default effect in the first process of a container: one that is not handled is lost.
    if os.getpid() == 1:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    from auth0_sso.service import cli  # noqa: PLC0415 - after the handler

    return cli.main()


if __name__ == "__main__":
    raise SystemExit(main())
