"""`token`: print an access token of a running tenant; `auth0-sso token` is this command too."""

import argparse
import asyncio
import ssl
from collections.abc import Sequence

import httpx

from auth0_devtenant import arguments
from auth0_devtenant.options import TenantOptions
from auth0_devtenant.seed import (
    MACHINE_CLIENT_ID,
    MACHINE_CLIENT_SECRET,
    ORGANIZATIONS,
    PEOPLE,
    SPA_CLIENT_ID,
    Person,
)
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
    who.add_argument("email", nargs="?", help=f"a person: {people}, or another user of the tenant")
    who.add_argument("--machine", action="store_true", help="a machine, by client credentials")
    command.add_argument("--password", help="needed for a person with a password of their own in a seed file")
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
    command.add_argument(
        "--client",
        metavar="CLIENT_ID",
        help="the application that gets the token (default: the built-in single page or machine to machine one)",
    )
    command.add_argument("--client-secret", metavar="SECRET", help="the secret of --client, if it has one")
    command.add_argument(
        "--callback-url",
        type=arguments.url,
        default=TOKEN_REDIRECT_URI,
        metavar="URL",
        help="an allowed callback URL of --client, which is not requested (default %(default)s)",
    )
    command.set_defaults(run=_run, refuse=command.error)


def _run(given: argparse.Namespace) -> int:
    if given.machine and (given.organization is not None or given.password is not None):
        given.refuse("--organization and --password are for a person, not for --machine")
    if given.client_secret is not None and given.client is None:
        given.refuse("--client-secret is for --client")
    try:
        token = asyncio.run(_fetch(given))
    except LoginError as error:
        return fail(given.prog, str(error))
    except (httpx.HTTPError, httpx.InvalidURL):
        return fail(given.prog, f"no tenant responds at {given.tenant}; start one with: {given.start_with}")
    show(token)
    return 0


async def _fetch(given: argparse.Namespace) -> str:
    # A proxy of the environment could not reach the tenant, which is on this machine. SSL_CERT_FILE is used (--tls).
    async with httpx.AsyncClient(trust_env=False, verify=ssl.create_default_context()) as client:
        return await (_fetch_for_machine if given.machine else _fetch_for_person)(client, given)


async def _fetch_for_machine(client: httpx.AsyncClient, given: argparse.Namespace) -> str:
    secret = MACHINE_CLIENT_SECRET if given.client is None else given.client_secret or ""
    client_id = given.client or MACHINE_CLIENT_ID
    return await fetch_machine_token(
        client, given.tenant, audience=given.audience, client_id=client_id, client_secret=secret
    )


async def _fetch_for_person(client: httpx.AsyncClient, given: argparse.Namespace) -> str:
    return await fetch_user_token(
        client,
        given.tenant,
        email=given.email,
        password=given.password or _password_of(given.email),
        audience=given.audience,
        redirect_uri=given.callback_url,
        organization=given.organization,
        client_id=given.client or SPA_CLIENT_ID,
        client_secret=given.client_secret,
    )


def _password_of(email: str) -> str:
    """Return the password of a built-in person, for others that of people in a seed file without one."""
    others = Person(email=email).password
    return next((person.password for person in PEOPLE if person.email == email), others)
