"""WebSockets: serving one with what the guards need, and refusing one (RFC 6455; ASGI: WebSocket denial response)."""

from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketState

from auth0_sso.errors import Auth0SsoError, CallerError
from auth0_sso.web.middleware.access_log import log_refusal
from auth0_sso.web.middleware.guarded_socket import POLICY_VIOLATION, GuardedSocket
from auth0_sso.web.middleware.request_context import RequestContext, request_id_variable

_INTERNAL_ERROR: Final = 1011  # RFC 6455 section 7.4.1
_TRY_AGAIN_LATER: Final = 1013  # IANA: WebSocket Close Code Number Registry
_MAX_REASON_BYTES: Final = 123  # RFC 6455 section 5.5: a control frame has 125, the code takes two


async def serve_websocket(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, request_id: str | None = None
) -> None:
    """Serve one WebSocket, and close it when the access token that a guard verified expires.

    The reason of a refusal is logged at INFO.
    """
    context = RequestContext.begin(scope, request_id)
    context.socket = socket = GuardedSocket(receive, send, context.answer_headers)
    token = request_id_variable.set(context.request_id)
    try:
        await app(scope, socket.receive, socket.send)
    finally:
        if context.refusal is not None:
            log_refusal(scope, context.refusal)
        request_id_variable.reset(token)
        await socket.aclose()


async def refuse_websocket(websocket: WebSocket, error: Auth0SsoError, response: Response) -> Response | None:
    """Return the response where the handshake can be answered with one; else close with the error's code as reason.

    A server without the denial response answers a close before the handshake with a bare 403.
    """
    if websocket.application_state is WebSocketState.CONNECTING and _takes_response(websocket.scope):
        return response
    if websocket.application_state is not WebSocketState.DISCONNECTED:
        await websocket.close(_close_code(error, response.status_code), _reason(error.code))
    return None


def _takes_response(scope: Scope) -> bool:
    return "websocket.http.response" in (scope.get("extensions") or {})


def _close_code(error: Auth0SsoError, status: int) -> int:
    if isinstance(error, CallerError):
        return POLICY_VIOLATION
    return _TRY_AGAIN_LATER if status == 503 else _INTERNAL_ERROR


def _reason(code: str) -> str:
    return code.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")
