"""`token`: print an access token of a running tenant; `auth0-sso token` is this command too."""

import argparse
import asyncio
from collections.abc import Sequence

import httpx

from auth0_devtenant import arguments
from auth0_devtenant.options import TenantOptions
from auth0_devtenant.seed import ORGANIZATIONS, PEOPLE
from auth0_devtenant.seed.default import TOKEN_REDIRECT_URI
from auth0_devtenant.terminal import fail, show
from auth0_devtenant.token_client import LoginError, fetch_machine_token, fetch_user_token


def main(given: Sequence[str], *, prog: str, start_with: str) -> int:
    """Run the command for a program of another name; return its exit code, 0 or 1.

    `given` are its arguments; invalid ones raise `SystemExit` with 2. `prog` is the name for messages, and
    `start_with` the command line that starts a tenant.
    """
    parser = argparse.ArgumentParser(prog=f"{prog} token", description="Print an access token of a running tenant.")
    add_arguments(parser)
    options = parser.parse_args(given, argparse.Namespace(prog=prog, start_with=start_with))
    return _run(options)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    default = TenantOptions()
    people = ", ".join(person.email for person in PEOPLE)
    who = command.add_mutually_exclusive_group(required=True)
    who.add_argument("email", nargs="?", help=f"a person: {people}, or another user of the tenant with --password")
    who.add_argument("--machine", action="store_true", help="a machine, by client credentials")
    command.add_argument("--password", help="needed for users that the tenant did not start with")
    command.add_argument(
        "--organization", help=f"log in to this organization, by id or name, such as {ORGANIZATIONS[0].name}"
    )
    command.add_argument(
        "--tenant",
        type=arguments.issuer,
        default=default.issuer,
        metavar="URL",
        help="the tenant (default %(default)s)",
    )
    command.add_argument(
        "--audience", default=default.audience, help="the API to get a token for (default %(default)s)"
    )
    command.set_defaults(run=_run, refuse=command.error)


def _run(given: argparse.Namespace) -> int:
    if given.machine and (given.organization is not None or given.password is not None):
        given.refuse("--organization and --password are for a person, not for --machine")
    try:
        token = asyncio.run(_fetch(given))
    except LoginError as error:
        return fail(given.prog, str(error))
    except (httpx.HTTPError, httpx.InvalidURL):
        return fail(given.prog, f"no tenant responds at {given.tenant}; start one with: {given.start_with}")
    show(token)
    return 0


async def _fetch(given: argparse.Namespace) -> str:
    # The tenant is on this machine: a proxy from the environment could not reach it.
    async with httpx.AsyncClient(trust_env=False) as client:
        if given.machine:
            return await fetch_machine_token(client, given.tenant, audience=given.audience)
        password = given.password or next((who.password for who in PEOPLE if who.email == given.email), "")
        return await fetch_user_token(
            client,
            given.tenant,
            email=given.email,
            password=password,
            audience=given.audience,
            redirect_uri=TOKEN_REDIRECT_URI,
            organization=given.organization,
        )
