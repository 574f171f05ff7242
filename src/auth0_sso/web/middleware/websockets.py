"""WebSockets: serving one with what the guards need, and refusing one (RFC 6455; ASGI: WebSocket denial response)."""

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketState

from auth0_sso.errors import Auth0SsoError
from auth0_sso.web.middleware.access_log import log_refusal
from auth0_sso.web.middleware.request_context import RequestContext
from auth0_sso.web.middleware.request_id import request_id_variable
from auth0_sso.web.middleware.trace_context import trace_id_in, trace_id_variable
from auth0_sso.web.services.services import Services
from auth0_sso.web.websockets.guarded_socket import GuardedSocket
from auth0_sso.web.websockets.refusals import close_of, takes_response


async def serve_websocket(
    app: ASGIApp, services: Services | None, scope: Scope, receive: Receive, send: Send
) -> None:
    """Serve one WebSocket, and close it when the access token that a guard verified expires or is revoked.

    The reason of a refusal is logged at INFO.
    """
    context = RequestContext.begin(scope, services)
    context.socket = socket = GuardedSocket(receive, send, context.answer_headers)
    token = request_id_variable.set(context.request_id)
    trace = trace_id_variable.set(trace_id_in(scope) or trace_id_variable.get())
    try:
        await app(scope, socket.receive, socket.send)
    finally:
        if context.refusal is not None:
            log_refusal(scope, context.refusal)
        trace_id_variable.reset(trace)
        request_id_variable.reset(token)
        await socket.aclose()


async def refuse_websocket(websocket: WebSocket, error: Auth0SsoError, response: Response) -> Response | None:
    """Return the response where the handshake can be answered with one; else close with the error's code as reason.

    A server without the denial response answers a close before the handshake with a bare 403.
    """
    if websocket.application_state is WebSocketState.CONNECTING and takes_response(websocket.scope):
        return response
    if websocket.application_state is not WebSocketState.DISCONNECTED:
        await websocket.close(*close_of(error))
    return None
