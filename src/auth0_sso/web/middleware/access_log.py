"""The access log: one line for a request, without query strings and tokens; with the caller if an app chose so."""

import logging
import os
from functools import lru_cache
from time import time
from typing import Any, Final
from urllib.parse import quote

from starlette.types import Scope

from auth0_sso.errors import Auth0SsoError, CallerError
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.middleware.access_record import AccessLine, AccessLineHandler, AccessRecord
from auth0_sso.web.middleware.http_options import HttpOptions
from auth0_sso.web.middleware.logged_caller import logged_caller
from auth0_sso.web.middleware.request_id import request_id_variable
from auth0_sso.web.middleware.route_path import route_path
from auth0_sso.web.middleware.trace_context import trace_id_variable

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
    line = AccessLine(
        level,
        time(),
        scope["method"],
        _quoted_path(scope) if route is None else route,
        status,
        seconds,
        client[0] if client else None,
        token,
        options.access_log_caller,
        refusal,
        request_id_variable.get(),
        trace_id_variable.get(),
    )
    handler = _handler_of_lines(level)
    if handler is None:
        _log.handle(record_of(line))
    else:
        handler.take(line)


def _handler_of_lines(level: int) -> AccessLineHandler | None:
    """Return the handler that takes lines: if no other one, and no filter, is to see their records."""
    handlers = logging.root.handlers
    if len(handlers) != 1 or not isinstance(handlers[0], AccessLineHandler):
        return None
    handler, logger = handlers[0], _log
    if handler.level > level or handler.filters or logger.filters or _records_differ():
        return None
    while logger.parent is not None:
        if logger.handlers or not logger.propagate:
            return None
        logger = logger.parent
    return handler


def record_of(line: AccessLine) -> logging.LogRecord:
    """Return what `Logger.log` makes, but without looking for the caller in the stack: that takes longest."""
    fields: dict[str, Any] = {
        "method": line.method[:_MAX_METHOD],
        "route": line.route,
        "status": line.status or "aborted",
        "duration_ms": round(line.seconds * 1000, 3),
        "client_address": line.client_address,
    }
    message = _MESSAGE
    caller = logged_caller(line.token, line.caller)
    if caller is not None:
        message = _MESSAGE_WITH_CALLER
        fields["subject"], fields["client_id"] = caller
    fields["refusal"] = line.refusal
    values = tuple(["-" if value is None else value for value in fields.values()])
    if _records_differ():
        record = _made(line.level, message, values)
        record.fields = fields
        return record
    return AccessRecord(line, _constants(line.level, message, os.getpid()), values, fields)


def _records_differ() -> bool:
    """Return whether each record has something of its own to find out.

    Where threads, processes and tasks are not logged (logging: Optimization), and records have no factory of an app's
    own, most of a record is the same for all of them.
    """
    logged = logging.logThreads or logging.logMultiprocessing or getattr(logging, "logAsyncioTasks", False)
    return logged or logging.getLogRecordFactory() is not logging.LogRecord


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
