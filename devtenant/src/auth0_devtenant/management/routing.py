"""The routes of the Management API as one table, matched by the raw path: an id may hold an encoded slash."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.state import Tenant

Endpoint: TypeAlias = Callable[[Request, Tenant], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint under /api/v2, and the scopes any of which an access token for it needs."""

    method: str
    path: str
    """A template such as /users/{id}/roles."""
    endpoint: Endpoint
    scopes: tuple[str, ...]
    _segments: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Split the template once."""
        object.__setattr__(self, "_segments", tuple(self.path.split("/")[1:]))

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """Return the decoded path parameters of a request's encoded segments, None for another path."""
        return match_path(self._segments, segments)


def match_path(template: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    """Return the decoded parameters of a path that has the segments of a template, None for another path."""
    if len(segments) != len(template):
        return None
    parameters = {}
    for expected, segment in zip(template, segments, strict=True):
        if expected.startswith("{") and segment:
            parameters[expected[1:-1]] = unquote(segment)
        elif expected != segment:
            return None
    return parameters


def find_route(routes: Iterable[Route], request: Request) -> tuple[Route, dict[str, str]] | None:
    """Return the route of a request with its path parameters; the first one in the table wins."""
    segments = path_segments(request)
    for route in routes:
        if route.method == request.method and (parameters := route.match(segments)) is not None:
            return route, parameters
    return None


def path_segments(request: Request) -> list[str]:
    """Return the segments of the path after /api/v2, still encoded."""
    raw = request.scope["raw_path"].decode("ascii", "replace").partition("?")[0]
    return str(raw).split("/")[3:]
