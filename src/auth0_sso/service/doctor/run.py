"""`auth0-sso doctor`: check the settings and what they name. It starts no server and changes nothing."""

import asyncio
from typing import Final

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.http.client import AsyncTransport
from auth0_sso.service.doctor import report
from auth0_sso.service.doctor.checks import Line, examine, read_settings
from auth0_sso.service.doctor.examination import GivenSettings
from auth0_sso.service.output import silence_logs
from auth0_sso.service.settings import EX_CONFIG
from auth0_sso.service.token.given import read_token

_FAILED: Final = 1


def run(
    *,
    as_json: bool = False,
    given_token: str | None = None,
    url: str | None = None,
    transport: AsyncTransport | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> int:
    """Print the findings; return the exit code: 0 if no check failed, 1 if one did, 78 for invalid settings.

    `given_token` is a token to check too, or `-` for the one on standard input, and `url` the public address of the
    service, with a slash behind.
    """
    silence_logs()
    token = None if given_token is None else read_token(given_token)
    given = read_settings()
    lines = asyncio.run(_lines(given, token, url, transport=transport, clock=clock, show=not as_json))
    print(report.as_json(lines) if as_json else f"\n{report.summary(lines)}")
    if given.problems:
        return EX_CONFIG
    return _FAILED if any(line.finding.status == "fail" for line in lines) else 0


async def _lines(
    given: GivenSettings,
    token: str | None,
    url: str | None,
    *,
    transport: AsyncTransport | None,
    clock: Clock,
    show: bool,
) -> list[Line]:
    """Return all findings; with `show` each is printed as soon as it is found."""
    lines = []
    async for line in examine(given, clock=clock, transport=transport, token=token, url=url):
        lines.append(line)
        if show:
            print(report.as_text(line), flush=True)
    return lines
