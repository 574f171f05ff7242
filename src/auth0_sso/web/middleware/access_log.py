"""The access log: one line for a request, without query strings and tokens; with the caller if an app chose so."""

import logging
import os
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

from starlette.types import Scope

from auth0_sso.errors import Auth0SsoError, CallerError
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.middleware.access_record import AccessRecord
from auth0_sso.web.middleware.http_options import HttpOptions
from auth0_sso.web.middleware.logged_caller import logged_caller
from auth0_sso.web.middleware.route_path import route_path

_log = logging.getLogger("auth0_sso.access")

_MAX_PATH: Final = 200
_MAX_METHOD: Final = 16
_MESSAGE: Final = "%s %s %s %.1fms client=%s refusal=%s"
_MESSAGE_WITH_CALLER: Final = "%s %s %s %.1fms client=%s subject=%s client_id=%s refusal=%s"


def log_access(
    scope: Scope, status: int, seconds: float, *, refusal: str | None, token: AccessToken | None, options: HttpOptions
) -> None:
    """Log a request with the status it was answered with, 0 for none, and the reason it was refused for.

    The record's attribute `fields` has the values of the line by their names, for formatters.
    """
    route = route_path(scope)
    level = logging.DEBUG if route in options.access_log_debug_routes else logging.INFO
    if not _log.isEnabledFor(level):
        return
    client = scope.get("client")
    fields: dict[str, Any] = {
        "method": scope["method"][:_MAX_METHOD],
        "route": _quoted_path(scope) if route is None else route,
        "status": status or "aborted",
        "duration_ms": round(seconds * 1000, 3),
        "client_address": client[0] if client else None,
    }
    message = _MESSAGE
    caller = logged_caller(token, options.access_log_caller)
    if caller is not None:
        message = _MESSAGE_WITH_CALLER
        fields["subject"], fields["client_id"] = caller
    fields["refusal"] = refusal
    values = tuple(["-" if value is None else value for value in fields.values()])
    _log.handle(_record(level, message, values, fields))


def _record(level: int, message: str, values: tuple[object, ...], fields: dict[str, Any]) -> logging.LogRecord:
    """Return what `Logger.log` makes, but without looking for the caller in the stack: that takes longest.

    Where threads, processes and tasks are not logged (logging: Optimization), and records have no factory of an app's
    own, most of a record is the same for all of them.
    """
    differ = logging.logThreads or logging.logMultiprocessing or getattr(logging, "logAsyncioTasks", False)
    if differ or logging.getLogRecordFactory() is not logging.LogRecord:
        record = _made(level, message, values)
        record.fields = fields
        return record
    return AccessRecord(_constants(level, message, os.getpid()), values, fields)


@lru_cache(16)
def _constants(level: int, message: str, process: int) -> dict[str, Any]:  # noqa: ARG001 - a record has the process id
    return _made(level, message, ()).__dict__


def _made(level: int, message: str, values: tuple[object, ...]) -> logging.LogRecord:
    return _log.makeRecord(_log.name, level, __file__, _LINE, message, values, None, "log_access")


_LINE: Final = log_access.__code__.co_firstlineno


def refusal_words(error: Auth0SsoError) -> str:
    """Return why a request was refused: the reason, and in brackets what else the log says of a caller's fault.

    What it says of a fault of the tenant's was logged once, where it happened; Auth0's request id is said here too.
    """
    if isinstance(error, CallerError) and error.log_detail:
        return f"{error.reason} ({error.log_detail})"
    request_id = None if error.answer is None else error.answer.request_id
    return error.reason if request_id is None else f"{error.reason} (Auth0's request id {request_id})"


def log_refusal(scope: Scope, refusal: str) -> None:
    """Log why a request or WebSocket was refused, for an app without an access log of ours."""
    _log.info("%s %s refused: %s", scope.get("method", "WEBSOCKET")[:_MAX_METHOD], _path(scope), refusal)


def _path(scope: Scope) -> str:
    """Return the route's template instead of the path, which names users; a path without a route is quoted."""
    template = route_path(scope)
    return _quoted_path(scope) if template is None else template


def _quoted_path(scope: Scope) -> str:
    path = quote(scope["path"][: _MAX_PATH + 1])
    return path if len(path) <= _MAX_PATH else f"{path[:_MAX_PATH]}..."
