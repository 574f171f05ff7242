"""A guarded WebSocket: its token, and its end when the token expires (RFC 6455)."""

from starlette.types import ASGIApp, Receive, Scope, Send

from auth0_sso.asgi.admission import Headers, admit
from auth0_sso.asgi.refusals import Refusal, refuse
from auth0_sso.asgi.resource import GuardedResource
from auth0_sso.asgi.rules import RuleTable
from auth0_sso.errors import Auth0SsoError
from auth0_sso.web.checks.credentials import find_credentials
from auth0_sso.web.services.services import Services
from auth0_sso.web.websockets.guarded_socket import GuardedSocket


async def serve_websocket(
    app: ASGIApp,
    rules: RuleTable,
    services: Services,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    resource: GuardedResource | None,
) -> None:
    """Serve one WebSocket that its rule lets through, and close it when its access token expires or is revoked.

    The challenge of a refused one names the metadata of `resource`.
    """
    headers: Headers = []
    socket = GuardedSocket(receive, send, headers)
    rule = None
    try:
        rule = rules.find(scope)
        takes_subprotocol = services.subprotocol_tokens and not rule.public
        credentials = find_credentials(scope, socket if takes_subprotocol else None)
        token = await admit(scope, rule, services, credentials, headers)
    except Auth0SsoError as error:
        await refuse(scope, receive, send, Refusal(error, rule, headers, resource), services)
        return
    if token is not None:
        socket.close_at(services.verifier.end_of(token), services.clock)
        socket.close_when_revoked(token, services.deny_list)
    try:
        await app(scope, socket.receive, socket.send)
    finally:
        await socket.aclose()
