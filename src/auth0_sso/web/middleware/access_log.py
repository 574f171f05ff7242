"""The access log: one line for a request, without query strings, tokens or the ids of users."""

import logging
from typing import Final
from urllib.parse import quote

from starlette.types import Scope

from auth0_sso.errors import Auth0SsoError, CallerError
from auth0_sso.web.middleware.route_path import route_path

_log = logging.getLogger("auth0_sso.access")

_MAX_PATH: Final = 200
_MAX_METHOD: Final = 16
_FORMAT: Final = "%s %s %s %.1fms client=%s refusal=%s"


def log_access(scope: Scope, status: int, seconds: float, *, refusal: str | None) -> None:
    """Log a request with the status it was answered with, 0 for none, and the reason it was refused for."""
    if not _log.isEnabledFor(logging.INFO):
        return
    client = scope.get("client")
    values = (
        scope["method"][:_MAX_METHOD],
        _path(scope),
        status or "aborted",
        seconds * 1000,
        client[0] if client else "-",
        refusal or "-",
    )
    # What Logger.info does, but without looking for the caller in the stack: that took a third of the time.
    _log.handle(_log.makeRecord(_log.name, logging.INFO, __file__, _LINE, _FORMAT, values, None, "log_access"))


_LINE: Final = log_access.__code__.co_firstlineno


def refusal_words(error: Auth0SsoError) -> str:
    """Return why a request was refused: the reason, and in brackets what else the log says of a caller's fault.

    What it says of a fault of the tenant's was logged once, where it happened.
    """
    return (
        f"{error.reason} ({error.log_detail})"
        if isinstance(error, CallerError) and error.log_detail
        else error.reason
    )


def log_refusal(scope: Scope, refusal: str) -> None:
    """Log why a request or WebSocket was refused, for an app without an access log of ours."""
    _log.info("%s %s refused: %s", scope.get("method", "WEBSOCKET")[:_MAX_METHOD], _path(scope), refusal)


def _path(scope: Scope) -> str:
    """Return the route's template instead of the path, which names users; a path without a route is quoted."""
    template = route_path(scope)
    if template is not None:
        return template
    path = quote(scope["path"][: _MAX_PATH + 1])
    return path if len(path) <= _MAX_PATH else f"{path[:_MAX_PATH]}..."
