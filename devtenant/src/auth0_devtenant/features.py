"""What the tenant has, generated from its routes: the table in FEATURES.md."""

from collections.abc import Iterable, Iterator
from inspect import getdoc
from typing import Final

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from auth0_devtenant.development.origins import DEVELOPMENT_PATH
from auth0_devtenant.management.endpoints import ENDPOINTS

_INTRODUCTION: Final = """# Features of the development tenant

This page is generated from the tenant's routes: `auth0-devtenant features` prints it. Endpoints of Auth0 that are not
listed are not there; under `/api/v2` their 404 says so.
"""


def features(app: Starlette) -> str:
    """Return the page, in Markdown."""
    sections = {
        "Authentication API and login pages": _rows(_routes(app.routes)),
        "Management API": _rows((each.method, f"/api/v2{each.path}", each.endpoint) for each in ENDPOINTS),
        "Development, which Auth0 does not have": _rows(_routes(_mounted(app), DEVELOPMENT_PATH)),
    }
    tables = (f"## {title}\n\n| Request | |\n|---|---|\n" + "\n".join(rows) for title, rows in sections.items())
    return f"{_INTRODUCTION}\n" + "\n\n".join(tables) + "\n"


def _mounted(app: Starlette) -> Iterable[object]:
    return next(each.routes for each in app.routes if isinstance(each, Mount) and each.path == DEVELOPMENT_PATH)


def _routes(routes: Iterable[object], prefix: str = "") -> Iterator[tuple[str, str, object]]:
    for route in routes:
        if isinstance(route, Route):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, f"{prefix}{route.path}", route.endpoint


def _rows(routes: Iterable[tuple[str, str, object]]) -> list[str]:
    rows: dict[tuple[str, str], list[str]] = {}
    for method, path, endpoint in routes:
        summary = (getdoc(endpoint) or "").partition("\n")[0].replace("|", "\\|")
        rows.setdefault((path, summary), []).append(method)
    return [f"| `{', '.join(methods)} {path}` | {summary} |" for (path, summary), methods in rows.items()]
