"""How a WebSocket is refused: by a response to its handshake, or by a close code and reason (RFC 6455)."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from auth0_sso.errors import Auth0SsoError, CallerError
from auth0_sso.web.problems.problems import status_of
from auth0_sso.web.websockets.guarded_socket import POLICY_VIOLATION

_INTERNAL_ERROR: Final = 1011  # RFC 6455 section 7.4.1
_TRY_AGAIN_LATER: Final = 1013  # IANA: WebSocket Close Code Number Registry
_MAX_REASON_BYTES: Final = 123  # RFC 6455 section 5.5: a control frame has 125, the code takes two


class Close(NamedTuple):
    """What a WebSocket is closed with."""

    code: int
    reason: str


def takes_response(scope: Mapping[str, Any]) -> bool:
    """Return whether the server can answer a handshake with a response (ASGI: WebSocket denial response)."""
    return "websocket.http.response" in (scope.get("extensions") or {})


def close_of(error: Auth0SsoError) -> Close:
    """Return what a WebSocket is closed with for an error: its `code` is the reason."""
    return Close(_close_code(error), error.code.encode()[:_MAX_REASON_BYTES].decode(errors="ignore"))


def _close_code(error: Auth0SsoError) -> int:
    if isinstance(error, CallerError):
        return POLICY_VIOLATION
    return _TRY_AGAIN_LATER if status_of(type(error)) == 503 else _INTERNAL_ERROR
