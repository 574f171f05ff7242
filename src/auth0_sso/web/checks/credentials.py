"""Where the credentials of a request are: in Authorization headers, or in a subprotocol of a browser's WebSocket."""

from starlette.types import Scope

from auth0_sso.web.websockets.guarded_socket import BEARER_SUBPROTOCOL, GuardedSocket


def find_credentials(scope: Scope, socket: GuardedSocket | None = None) -> tuple[bytes, ...]:
    """Return the values of all Authorization headers.

    With `socket` a token that a WebSocket offers as a subprotocol is another: browsers let a script set no other
    header of its handshake.
    """
    values = tuple([value for name, value in scope["headers"] if name == b"authorization"])
    return values if socket is None else values + _take_from_subprotocols(scope, socket)


def _take_from_subprotocols(scope: Scope, socket: GuardedSocket) -> tuple[bytes, ...]:
    """Take what follows `bearer` out of the subprotocols (RFC 6455 section 4.1), so that no app accepts it."""
    offered: list[str] = scope.get("subprotocols", [])
    if BEARER_SUBPROTOCOL not in offered:
        return ()
    place = offered.index(BEARER_SUBPROTOCOL)
    token = "".join(offered[place + 1 : place + 2])
    scope["subprotocols"] = rest = offered[:place] + offered[place + 2 :]
    socket.hide_token(tuple(rest))
    return (b"Bearer " + token.encode("ascii", "replace"),)
