"""A guarded WebSocket: its token, and its end when the token expires (RFC 6455)."""

from starlette.types import ASGIApp, Receive, Scope, Send

from auth0_sso.asgi.admission import Headers, admit
from auth0_sso.asgi.refusals import log_refused, refuse
from auth0_sso.asgi.rule import Rule
from auth0_sso.asgi.rules import RuleTable
from auth0_sso.errors import Auth0SsoError
from auth0_sso.web.middleware.guarded_socket import BEARER_SUBPROTOCOL, GuardedSocket
from auth0_sso.web.services.services import Services


async def serve_websocket(
    app: ASGIApp, rules: RuleTable, services: Services, scope: Scope, receive: Receive, send: Send
) -> None:
    """Serve one WebSocket that its rule lets through, and close it when its access token expires."""
    headers: Headers = []
    socket = GuardedSocket(receive, send, headers)
    rule = None
    try:
        rule = rules.find(scope)
        token = await admit(scope, rule, services, _credentials(scope, rule, services, socket), headers)
    except Auth0SsoError as error:
        log_refused(scope, rule, error)
        await refuse(scope, receive, send, error, headers)
        return
    if token is not None:
        socket.close_at(services.verifier.end_of(token), services.clock)
    try:
        await app(scope, socket.receive, socket.send)
    finally:
        await socket.aclose()


def _credentials(scope: Scope, rule: Rule, services: Services, socket: GuardedSocket) -> list[bytes]:
    """Return the values of all Authorization headers, and with AUTH0_TOKEN_IN_SUBPROTOCOL what stands for one.

    That is the subprotocol after `bearer`, taken out of the scope so that no app accepts it (RFC 6455 section 4.1).
    """
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    offered: list[str] = scope.get("subprotocols", [])
    if rule.public or not services.subprotocol_tokens or BEARER_SUBPROTOCOL not in offered:
        return values
    place = offered.index(BEARER_SUBPROTOCOL)
    token = "".join(offered[place + 1 : place + 2])
    scope["subprotocols"] = rest = offered[:place] + offered[place + 2 :]
    socket.hide_token(tuple(rest))
    return [*values, b"Bearer " + token.encode("ascii", "replace")]
