"""The arguments of `auth0-sso doctor`."""

import argparse

from auth0_sso.settings.addresses import base_url


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    command.add_argument("--json", action="store_true", help="print JSON: check, status, message and fix")
    command.add_argument("--token", metavar="-", help="check this token too: - reads it from standard input")
    command.add_argument("--url", type=_url, help="the public address of this service, for its callback URL")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from auth0_sso.service.doctor import run  # noqa: PLC0415 - `serve` and `--help` need no check

    return run.run(as_json=options.json, given_token=options.token, url=options.url)


def _url(text: str) -> str:
    try:
        return base_url(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from None
