"""The command `auth0-sso`: serve | dev | token."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence

import httpx

from auth0_devtenant import PEOPLE, LoginError, fetch_machine_token, fetch_user_token
from auth0_sso.errors import ConfigurationError
from auth0_sso.service import dev, serve
from auth0_sso.service.settings import EX_CONFIG, ServiceSettings

_INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of SIGINT, as shells have it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code.

    It is 0, 1 for a failure, 78 for unusable settings or 130 after Ctrl-C. Bad usage raises `SystemExit` with 2.
    """
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="auth0-sso", description="An API guarded by Auth0.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_serve(
        commands.add_parser("serve", help="serve the API; settings come from the environment (docs/settings.md)")
    )
    _add_dev(commands.add_parser("dev", help="serve the API with a development tenant beside it; needs no settings"))
    _add_token(commands.add_parser("token", help="print an access token of the development tenant"))
    return parser


def _add_serve(command: argparse.ArgumentParser) -> None:
    workers = _whole_number(1, 256)
    command.add_argument(
        "--workers", type=workers, metavar="N", help="number of processes (default: WORKERS, else 1)"
    )
    command.set_defaults(run=_serve)


def _add_dev(command: argparse.ArgumentParser) -> None:
    port = _whole_number(0, 65_535)
    command.add_argument(
        "--host", choices=dev.HOSTS, default=dev.HOSTS[0], help="address of both (default %(default)s)"
    )
    command.add_argument("--port", type=port, default=3000, help="port of the API, 0 for any (default %(default)s)")
    command.add_argument("--tenant-port", type=port, default=3001, help="port of the tenant (default %(default)s)")
    command.add_argument(
        "--set",
        type=_setting,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change a setting of docs/settings.md, such as LOG_LEVEL=DEBUG; the environment and .env are not read",
    )
    command.set_defaults(run=_dev, refuse=command.error)


def _add_token(command: argparse.ArgumentParser) -> None:
    who = command.add_mutually_exclusive_group(required=True)
    who.add_argument("email", nargs="?", help=f"a person: {', '.join(person.email for person in PEOPLE)}")
    who.add_argument("--machine", action="store_true", help="a machine, by client credentials")
    command.add_argument("--password", help="for a user other than these three")
    command.add_argument("--organization", help="log in to this organization, by id or name: acme")
    command.add_argument(
        "--tenant", type=_url, default="http://127.0.0.1:3001/", help="the tenant (default %(default)s)"
    )
    command.set_defaults(run=_token, refuse=command.error)


def _whole_number(minimum: int, maximum: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) <= 9 and minimum <= int(text) <= maximum):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {minimum} to {maximum}")
        return int(text)

    return parse


def _url(text: str) -> str:
    """Return the URL of a tenant, with its trailing slash."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in {"http", "https"} or not url.host or (url.port or 0) > 65_535 or url.query or url.fragment:
        raise argparse.ArgumentTypeError(f"{text!r} is not a URL such as http://127.0.0.1:3001/")
    return text if text.endswith("/") else f"{text}/"


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    if name.lower() not in ServiceSettings.model_fields:
        raise argparse.ArgumentTypeError(f"{name!r} is not a setting of docs/settings.md")
    if name.lower() not in dev.CHANGEABLE:
        raise argparse.ArgumentTypeError(f"{name} follows from the development tenant, --host and --port")
    return name.lower(), value


def _serve(options: argparse.Namespace) -> int:
    given = {} if options.workers is None else {"workers": options.workers}
    return serve.run(ServiceSettings.load_or_exit(**given))


def _dev(options: argparse.Namespace) -> int:
    if options.port == options.tenant_port != 0:
        options.refuse("--port and --tenant-port must differ")
    try:
        return dev.run(
            host=options.host, port=options.port, tenant_port=options.tenant_port, changes=dict(options.set)
        )
    except dev.ListenError as error:
        return _fail(str(error))
    except ConfigurationError as error:
        return _fail(error.detail, EX_CONFIG)


def _token(options: argparse.Namespace) -> int:
    if options.machine and (options.organization is not None or options.password is not None):
        options.refuse("--organization and --password are for a person, not for --machine")
    try:
        token = asyncio.run(_fetch_token(options))
    except LoginError as error:
        return _fail(str(error))
    except (httpx.HTTPError, httpx.InvalidURL):
        return _fail(f"no development tenant answers at {options.tenant}; start one with: auth0-sso dev")
    dev.show(token)
    return 0


async def _fetch_token(options: argparse.Namespace) -> str:
    # The tenant is on this machine: a proxy that the environment names could not reach it.
    async with httpx.AsyncClient(trust_env=False) as client:
        if options.machine:
            return await fetch_machine_token(client, options.tenant, audience=dev.AUDIENCE)
        password = options.password or next((who.password for who in PEOPLE if who.email == options.email), "")
        return await fetch_user_token(
            client,
            options.tenant,
            email=options.email,
            password=password,
            audience=dev.AUDIENCE,
            redirect_uri=dev.REDIRECT_URI,
            organization=options.organization,
        )


def _fail(sentence: str, code: int = 1) -> int:
    print(f"auth0-sso: {sentence}", file=sys.stderr)
    return code
