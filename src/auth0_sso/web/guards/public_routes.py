"""`public_route`: says in the code that a route is public on purpose."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

_MARK: Final = "__auth0_sso_public__"

_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])


def public_route(endpoint: _Endpoint) -> _Endpoint:
    """Mark the function of a route as public on purpose, and return it.

    It changes nothing of the route: `auth0-sso routes` and `testing.unguarded_routes` do not report it.
    """
    setattr(endpoint, _MARK, True)
    return endpoint


def is_public(endpoint: object) -> bool:
    """Return whether the function of a route is marked."""
    return getattr(endpoint, _MARK, False) is True
