"""Listening on a port."""

import socket


class ListenError(Exception):
    """The port cannot be listened on; the text names it and says why."""


def listen(host: str, port: int, option: str) -> socket.socket:
    """Return a socket that listens; port 0 takes any free one.

    Raises `ListenError`, whose text names `option` as the one that chooses another port.
    """
    try:
        return socket.create_server((host, port))
    except OSError as error:
        reason = str(error.strerror or error).partition(" (while")[0]
        raise ListenError(f"cannot listen on {host}:{port}: {reason}; {option} chooses another port") from None
