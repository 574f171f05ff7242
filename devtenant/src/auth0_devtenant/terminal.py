"""What the commands print: banner, tables, tokens and errors."""

import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from auth0_devtenant.options import TenantOptions
from auth0_devtenant.seed import PEOPLE, Person


def show(text: str) -> None:
    """Print a text; if the reader has closed the pipe (`| head`), end silently by SIGPIPE, as other programs do."""
    number = getattr(signal, "SIGPIPE", None)  # Windows has none
    before = None if number is None else signal.signal(number, signal.SIG_DFL)
    print(text, flush=True)
    if number is not None:
        signal.signal(number, before)  # a server must survive a connection that breaks


def fail(prog: str, sentence: str) -> int:
    """Print an error with the name of the command; return the exit code 1."""
    print(f"{prog}: {sentence}", file=sys.stderr)
    return 1


def people_table(people: Sequence[Person] = PEOPLE) -> str:
    """Return a line for each person who can log in: email, password, roles."""
    return "\n".join(
        f"    {person.email:<22} {person.password:<24} {', '.join(person.roles) or 'no role'}" for person in people
    )


def banner(options: TenantOptions, *, address: str, ca: Path | None = None, every_address: bool) -> str:
    """Return what a developer needs to use the tenant: addresses, people, clients and commands to copy.

    `address` is the URL at which it listens, which may not be the issuer; `ca` the file of its authority.
    """
    clients = "\n".join(
        f"    {client.name:<24} {client.client_id:<34} {client.client_secret or '(no secret)'}"
        for client in options.seed.applications
    )
    arguments = ("" if options.issuer == TenantOptions().issuer else f" --tenant {options.issuer}") + (
        "" if options.audience == TenantOptions().audience else f" --audience {options.audience}"
    )
    authority = "" if ca is None else f"\n  CA file    {ca}"
    listens = "" if options.issuer == address else f"\n  Address    {address}"
    playground = "" if options.playground is None else f"\n  Playground {options.playground}/"
    warning = "\n  IT LISTENS ON EVERY ADDRESS: all hosts that reach this one can use it.\n" if every_address else ""
    return f"""
  DEVELOPMENT ONLY: this tenant keeps everything in memory, and its passwords and secrets are public.
{warning}
  Issuer     {options.issuer}{listens}{authority}{playground}
  JWK Set    {options.issuer}.well-known/jwks.json
  Audience   {options.audience}

  People
{people_table(options.seed.people)}

  Clients
{clients}

  Origins of web applications (with /callback and / as callback URLs)
    {", ".join(dict.fromkeys(origin for each in options.seed.applications for origin in each.web_origins))}

  Try, from a second shell:
    auth0-devtenant token admin@example.com{arguments}
    auth0-devtenant token --machine{arguments}

  Stop with Ctrl-C.
"""
