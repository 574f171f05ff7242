"""A list of routes as text for people, and as JSON for programs."""

import json
from collections.abc import Sequence

from auth0_sso.inspection.route_list import ListedRoute

_HEAD = ("METHOD", "PATH", "ACCESS", "ASKS FOR")


def as_table(routes: Sequence[ListedRoute]) -> str:
    """Return one line for each route, in columns."""
    rows = [_HEAD, *map(_row, routes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def as_json(routes: Sequence[ListedRoute]) -> str:
    """Return an array with one object for each route."""
    return json.dumps(
        [
            {
                "method": route.method,
                "path": route.path,
                "access": route.access.lower().replace(" ", "_"),
                "requirements": [
                    {
                        "kind": each.kind.replace(" ", "_"),
                        "names": each.names,
                        "needed": "any" if each.one_suffices else "all",
                        "note": each.note or None,
                    }
                    for each in route.requirements
                ],
            }
            for route in routes
        ],
        indent=2,
    )


def _row(route: ListedRoute) -> tuple[str, ...]:
    return (route.method, route.path, route.access, ", ".join(map(str, route.requirements)))
