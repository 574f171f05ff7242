"""`auth0-sso doctor`: check the settings and what they name. It starts no server and changes nothing."""

import argparse
import asyncio
import sys
from typing import Final

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.http.client import AsyncTransport
from auth0_sso.service.doctor import report
from auth0_sso.service.doctor.checks import Line, examine, read_settings
from auth0_sso.service.doctor.examination import GivenSettings
from auth0_sso.service.output import silence_logs
from auth0_sso.service.settings import EX_CONFIG
from auth0_sso.service.token.given import read_token
from auth0_sso.settings.addresses import base_url

FAILED: Final = 1
"""Exit code when a check fails."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    command.add_argument("--json", action="store_true", help="print JSON: check, status, message and fix")
    command.add_argument("--token", metavar="-", help="check this token too: - reads it from standard input")
    command.add_argument("--url", type=_url, help="the public address of this service, for its callback URL")
    command.set_defaults(run=run)


def run(options: argparse.Namespace, *, transport: AsyncTransport | None = None, clock: Clock = SYSTEM_CLOCK) -> int:
    """Print the findings; return the exit code: 0 if no check failed, 1 if one did, 78 for invalid settings."""
    silence_logs()
    token = None if options.token is None else read_token(options.token)
    given = read_settings()
    lines = asyncio.run(_examine(given, options, token, transport, clock))
    print(report.as_json(lines) if options.json else f"\n{report.summary(lines)}")
    if given.problems:
        return EX_CONFIG
    return FAILED if any(line.finding.status == "fail" for line in lines) else 0


async def _examine(
    given: GivenSettings,
    options: argparse.Namespace,
    token: str | None,
    transport: AsyncTransport | None,
    clock: Clock,
) -> list[Line]:
    lines = []
    async for line in examine(given, clock=clock, transport=transport, token=token, url=options.url):
        lines.append(line)
        if not options.json:
            print(report.as_text(line))
            sys.stdout.flush()
    return lines


def _url(text: str) -> str:
    try:
        return base_url(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from None
