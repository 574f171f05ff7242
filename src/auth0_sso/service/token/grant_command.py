"""`auth0-sso token --device` and `--client-credentials`: a token of the tenant that the settings name."""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from getpass import getpass
from typing import Final

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.http.client import AsyncTransport, open_client
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.service.token.device_flow import UserCode, fetch_device_token
from auth0_sso.service.token.token_request import IssuedToken, TokenRequestError, request_token
from auth0_sso.settings.loading import command_secret

_FIXES: Final[Mapping[int | str, str]] = {
    0: "`auth0-sso doctor` says whether the tenant can be reached",
    401: "the client id is not of this tenant, or the secret is wrong",
    404: "the tenant does not offer this",
    "unauthorized_client": "enable the grant in the application's Advanced Settings > Grant Types",
    "expired_token": "start again, and confirm the code sooner",
}

_FIXES_BY_DESCRIPTION: Final = (
    ("not authorized to access", "authorize the application for this API: Applications > APIs > the API"),
    ("Service not", "copy the audience: Applications > APIs > the API > Settings > Identifier"),
)


def main(arguments: Sequence[str], *, transport: AsyncTransport | None = None, clock: Clock = SYSTEM_CLOCK) -> int:
    """Print the token alone on stdout; return the exit code: 0, or 1 for a refusal.

    Bad usage raises `SystemExit` with 2, invalid settings with 78.
    """
    options = _parser().parse_args(arguments)
    settings = ServiceSettings.load_or_exit()
    client_id = options.client_id or settings.auth0_client_id
    if not client_id:
        return _fail("there is no client id: set AUTH0_CLIENT_ID, or use --client-id")
    request = {"client_id": client_id, "audience": options.audience or settings.auth0_audience[0]}
    try:
        if options.device:
            issued = asyncio.run(_by_device(settings, request | {"scope": options.scope}, transport, clock))
        else:
            secret = command_secret(ServiceSettings) or _ask_for_secret()
            if not secret:
                return _fail("there is no client secret: set AUTH0_CLIENT_SECRET")
            form = request | {"grant_type": "client_credentials", "client_secret": secret}
            issued = asyncio.run(_by_secret(settings, form, transport))
    except TokenRequestError as error:
        return _fail(f"no token from {settings.issuer}: {error.sentence}{_fix_for(error)}")
    print(issued.text)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="auth0-sso token",
        description="Print an access token of your tenant: AUTH0_DOMAIN and AUTH0_AUDIENCE are read as `serve` does.",
    )
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--device", action="store_true", help="of a user, who logs in in a browser (device flow)")
    how.add_argument(
        "--client-credentials",
        action="store_true",
        help="of a machine; its secret comes from the variable AUTH0_CLIENT_SECRET, or is asked for",
    )
    parser.add_argument("--client-id", help="the application (default: AUTH0_CLIENT_ID)")
    parser.add_argument("--audience", help="the API (default: the first of AUTH0_AUDIENCE)")
    parser.add_argument("--scope", default="openid", help="for --device: what to request (default: %(default)s)")
    return parser


async def _by_device(
    settings: ServiceSettings, request: Mapping[str, str], transport: AsyncTransport | None, clock: Clock
) -> IssuedToken:
    async with open_client(transport) as client:
        return await fetch_device_token(client, settings.auth0_issuer_base_url, request, ask=_ask_user, clock=clock)


async def _by_secret(
    settings: ServiceSettings, form: Mapping[str, str], transport: AsyncTransport | None
) -> IssuedToken:
    async with open_client(transport) as client:
        return await request_token(client, settings.auth0_issuer_base_url, form)


def _ask_user(code: UserCode) -> None:
    print(f"Open {code.url}\nand confirm the code {code.code}. Waiting...", file=sys.stderr)


def _ask_for_secret() -> str:
    return getpass("Client secret: ", stream=sys.stderr) if sys.stdin.isatty() else ""


def _fix_for(error: TokenRequestError) -> str:
    by_description = next((fix for words, fix in _FIXES_BY_DESCRIPTION if words in error.description), None)
    fix = by_description or _FIXES.get(error.status) or _FIXES.get(error.error)
    return "" if fix is None else f"; {fix}"


def _fail(sentence: str) -> int:
    print(f"auth0-sso: {sentence}", file=sys.stderr)
    return 1
