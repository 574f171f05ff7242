"""`auth0-sso audit migrate`: create the table of the audit trail, or bring it up to date."""

import argparse
import asyncio
import sys
from typing import Final

from auth0_sso.audit.database_url import parse_database_url
from auth0_sso.errors import ConfigurationError
from auth0_sso.service.audit_settings import MigrationSettings

_EX_CONFIG: Final = 78


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command, and what runs it."""
    commands = command.add_subparsers(required=True, metavar="COMMAND")
    migrate = commands.add_parser(
        "migrate",
        help="create or update the table of AUDIT_DATABASE_URL",
        description="Create the table of the audit trail in the database that AUDIT_DATABASE_URL names, or bring it "
        "up to date. Run it once for each release, before its replicas start; replicas that run go on meanwhile.",
    )
    migrate.set_defaults(run=_migrate)


def _migrate(_: argparse.Namespace) -> int:
    try:
        settings = MigrationSettings.load()
    except ConfigurationError as error:
        print(f"auth0-sso: {error.detail}", file=sys.stderr)
        return _EX_CONFIG
    from auth0_sso.audit.sql.database import migrate_database  # noqa: PLC0415 - needs SQLAlchemy, which is optional

    database = parse_database_url(settings.audit_database_url.get_secret_value())
    if (word := asyncio.run(migrate_database(database))) is not None:
        print(f"auth0-sso: the audit database could not be migrated: {word}", file=sys.stderr)
        return 1
    print("The audit database is up to date.")
    return 0
