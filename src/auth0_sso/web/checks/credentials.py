"""Where the credentials of a request are: in Authorization headers, or in a subprotocol of a browser's WebSocket."""

from starlette.types import Scope

from auth0_sso.web.websockets.guarded_socket import BEARER_SUBPROTOCOL, GuardedSocket


def credentials_of_headers(scope: Scope) -> tuple[bytes, ...]:
    """Return the values of all Authorization headers."""
    return tuple([value for name, value in scope["headers"] if name == b"authorization"])


def take_credentials_of_subprotocol(scope: Scope, socket: GuardedSocket) -> tuple[bytes, ...]:
    """Take the token that follows `bearer` out of the subprotocols (RFC 6455 section 4.1), so that no app accepts it.

    Browsers let a script set no other header of a WebSocket's handshake. Returns it as an Authorization header has
    it, or nothing where `bearer` is not offered.
    """
    offered: list[str] = scope.get("subprotocols", [])
    if BEARER_SUBPROTOCOL not in offered:
        return ()
    place = offered.index(BEARER_SUBPROTOCOL)
    token = "".join(offered[place + 1 : place + 2])
    scope["subprotocols"] = rest = offered[:place] + offered[place + 2 :]
    socket.hide_token(tuple(rest))
    return (b"Bearer " + token.encode("ascii", "replace"),)
