"""`auth0-sso routes`: the routes of an app, with what guards them; those that nothing guards are flagged.

The app is imported and not started: no settings, tenant or network is needed.
"""

import argparse
import sys
from collections.abc import Callable
from typing import Final, NoReturn

from auth0_sso.errors import ConfigurationError
from auth0_sso.service.own_app import load_app
from auth0_sso.service.settings import ServiceSettings

_UNGUARDED: Final = 1
"""Exit code with `--require-guards`."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command, and what runs it."""
    command.add_argument(
        "app",
        nargs="?",
        metavar="MODULE:APP",
        help="an app, or a function that makes one, such as main:app (default: the service of auth0-sso serve)",
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument(
        "--require-guards", action="store_true", help="exit with 1 if a route is unguarded and not public on purpose"
    )
    command.add_argument(
        "--public",
        action="append",
        default=[],
        metavar="ROUTE",
        help="a route that is public on purpose, as /path or 'METHOD /path'; may be repeated",
    )
    command.set_defaults(run=_run, refuse=command.error)


def _run(options: argparse.Namespace) -> int:
    from auth0_sso.inspection.route_list import list_routes  # noqa: PLC0415 - FastAPI takes 200 ms, for this alone
    from auth0_sso.inspection.route_table import as_json, as_table  # noqa: PLC0415 - the same

    app = _service(options.refuse) if options.app is None else load_app(options.app, options.refuse)
    routes = list_routes(app, public=options.public)
    unguarded = [route.name for route in routes if route.access == "UNGUARDED"]
    print(as_json(routes) if options.json else as_table(routes))
    if not unguarded:
        return 0
    print(
        f"\n{len(unguarded)} UNGUARDED: no token is needed for {', '.join(unguarded)}. Add a guard; or, if that is "
        "meant, mark the route with @public_route or name it with --public.",
        file=sys.stderr,
    )
    return _UNGUARDED if options.require_guards else 0


def _service(refuse: Callable[[str], NoReturn]) -> object:
    """Return the app of `auth0-sso serve`; without usable settings, one that differs in no route but /metrics."""
    try:
        from auth0_sso.service.app import create_app  # noqa: PLC0415 - needs packages of the extra `service`
    except ImportError as error:
        refuse(f"the routes of the service need {error.name or error}: install auth0-sso[service], or name an app")
    try:
        settings = ServiceSettings.load()
    except ConfigurationError:
        settings = ServiceSettings.of(auth0_domain="tenant.invalid", auth0_audience="https://api.invalid")
    return create_app(settings)
