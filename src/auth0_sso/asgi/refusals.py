"""The response to a request or WebSocket that does not pass: the problem and challenge of the FastAPI guards."""

import logging
from secrets import token_hex
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from auth0_sso.asgi.admission import Headers
from auth0_sso.asgi.rule import Rule
from auth0_sso.errors import Auth0SsoError, CallerError
from auth0_sso.tokens.bearer import challenge
from auth0_sso.web.middleware.guarded_socket import POLICY_VIOLATION
from auth0_sso.web.problems.problems import problem, status_of

_log = logging.getLogger("auth0_sso.access")

_MAX_METHOD: Final = 16
_INTERNAL_ERROR: Final = 1011  # RFC 6455 section 7.4.1
_TRY_AGAIN_LATER: Final = 1013  # IANA: WebSocket Close Code Number Registry


async def refuse(scope: Scope, receive: Receive, send: Send, error: Auth0SsoError, headers: Headers) -> None:
    """Answer a request or a WebSocket's handshake with the problem of an error.

    Where the server cannot answer a handshake with a response, the WebSocket is closed (RFC 6455; ASGI: WebSocket
    denial response).
    """
    response = _problem(error, headers)
    if scope["type"] == "http":
        await response(scope, receive, send)
        return
    await receive()  # websocket.connect
    if "websocket.http.response" in (scope.get("extensions") or {}):
        await response(scope, receive, send)
    else:
        code = _close_code(error, response.status_code)
        await send({"type": "websocket.close", "code": code, "reason": error.code[:123]})


def log_refused(scope: Scope, rule: Rule | None, error: Auth0SsoError) -> None:
    """Log why a request was refused, with the path of its rule: the request's own may name a user."""
    path = "" if rule is None else rule.path.rstrip("/")
    _log.info("%s %s/* refused: %s", scope.get("method", "WEBSOCKET")[:_MAX_METHOD], path, error.reason)


def _problem(error: Auth0SsoError, headers: Headers) -> Response:
    said: dict[str, str] = {}
    if (value := challenge(error)) is not None:
        said["WWW-Authenticate"] = value
    if error.retry_after is not None:
        said["Retry-After"] = str(error.retry_after)
    response = problem(
        status_of(type(error)),
        error.code,
        error.detail,
        token_hex(16),
        headers=said,
        retry_after=error.retry_after,
    )
    response.raw_headers += headers
    return response


def _close_code(error: Auth0SsoError, status: int) -> int:
    if isinstance(error, CallerError):
        return POLICY_VIOLATION
    return _TRY_AGAIN_LATER if status == 503 else _INTERNAL_ERROR
