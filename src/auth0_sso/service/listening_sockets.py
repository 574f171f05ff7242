"""The sockets that the server listens on: for each worker one of its own at the same address, if the system can.

Workers that share a socket race for new connections, and one of them often gets all of a few. With SO_REUSEPORT,
Linux distributes them by a hash of the client's address: docs/decisions/0012.
"""

import socket
import sys
from contextlib import ExitStack

_DISTRIBUTES: bool = sys.platform == "linux"
"""Elsewhere SO_REUSEPORT is missing, or gives all connections to one of the sockets: the workers share a socket."""


def bind_sockets(host: str, port: int, *, workers: int = 1) -> list[list[socket.socket]]:
    """Return for each worker a socket at each address of `host`, not listening yet; raise `OSError` if one is taken.

    Close all of them only at a shutdown: closing a socket resets the connections that wait in it.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    with ExitStack() as stack:
        by_address = [
            _bind_all(stack, family, address, workers)
            for family, address in dict.fromkeys((family, address) for family, _, _, _, address in found)
        ]
        stack.pop_all()
    return [list(sockets) for sockets in zip(*by_address, strict=True)]


def _bind_all(stack: ExitStack, family: int, address: tuple[object, ...], number: int) -> list[socket.socket]:
    first = _bind(stack, family, address)
    if number == 1 or not _DISTRIBUTES:
        return [first] * number
    # Only after it is bound: otherwise a second service at the same port would get half of the connections.
    first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return [first, *(_bind(stack, family, first.getsockname(), reuse_port=True) for _ in range(number - 1))]


def _bind(stack: ExitStack, family: int, address: tuple[object, ...], *, reuse_port: bool = False) -> socket.socket:
    bound = stack.enter_context(socket.socket(family))
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuse_port:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(address)
    bound.set_inheritable(True)
    return bound
