"""The command `auth0-sso`: serve | dev | token."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

import httpx

from auth0_sso import dev, serve
from auth0_sso.devtenant import PEOPLE, LoginError, fetch_machine_token, fetch_user_token
from auth0_sso.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0, 1 for a failure, 2 for bad usage, 78 for unusable settings."""
    options = _parser().parse_args(arguments)
    code: int = options.run(options)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="auth0-sso", description="An API guarded by Auth0.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    start = commands.add_parser("serve", help="serve the API; settings come from the environment (docs/settings.md)")
    start.add_argument("--workers", type=int, metavar="N", help="processes that serve (default: WORKERS, else 1)")
    start.set_defaults(run=_serve)

    start = commands.add_parser("dev", help="serve the API with a development tenant beside it; needs no settings")
    start.add_argument("--host", default="127.0.0.1", help="address both listen on (default %(default)s)")
    start.add_argument("--port", type=int, default=3000, help="port of the API, 0 for any (default %(default)s)")
    start.add_argument("--tenant-port", type=int, default=3001, help="port of the tenant (default %(default)s)")
    start.set_defaults(run=_dev)

    token = commands.add_parser("token", help="print an access token of the development tenant")
    who = token.add_mutually_exclusive_group(required=True)
    who.add_argument("email", nargs="?", help=f"a person: {', '.join(person.email for person in PEOPLE)}")
    who.add_argument("--machine", action="store_true", help="a machine, by client credentials")
    token.add_argument("--password", help="for a person who is none of these three")
    token.add_argument("--organization", help="log in to this organization, by id or name: acme")
    token.add_argument("--tenant", default="http://127.0.0.1:3001/", help="the tenant (default %(default)s)")
    token.set_defaults(run=_token)
    return parser


def _serve(options: argparse.Namespace) -> int:
    given = {} if options.workers is None else {"workers": options.workers}
    return serve.run(Settings.load_or_exit(**given))


def _dev(options: argparse.Namespace) -> int:
    try:
        return dev.run(host=options.host, port=options.port, tenant_port=options.tenant_port)
    except OSError as error:
        return _fail(f"cannot listen: {error.strerror or error}")


def _token(options: argparse.Namespace) -> int:
    try:
        print(asyncio.run(_fetch_token(options)))
    except LoginError as error:
        return _fail(str(error))
    except httpx.HTTPError:
        return _fail(f"no development tenant answers at {options.tenant}; start one with: auth0-sso dev")
    return 0


async def _fetch_token(options: argparse.Namespace) -> str:
    issuer = options.tenant if options.tenant.endswith("/") else f"{options.tenant}/"
    async with httpx.AsyncClient() as client:
        if options.machine:
            return await fetch_machine_token(client, issuer, audience=dev.AUDIENCE)
        password = options.password or next((who.password for who in PEOPLE if who.email == options.email), "")
        return await fetch_user_token(
            client,
            issuer,
            email=options.email,
            password=password,
            audience=dev.AUDIENCE,
            redirect_uri=dev.REDIRECT_URI,
            organization=options.organization,
        )


def _fail(sentence: str) -> int:
    print(f"auth0-sso: {sentence}", file=sys.stderr)
    return 1
