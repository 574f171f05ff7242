"""Whether a trusted proxy sent a request: once its headers are read, `client` in the scope is the proxy's client."""

from typing import Final, Protocol

from starlette.types import Scope

_PEER: Final = "auth0_sso.peer"


class TrustedAddresses(Protocol):
    """Addresses and networks of trusted proxies."""

    def __contains__(self, address: str | None, /) -> bool:
        """Return whether one of them has this address."""


def note_peer(scope: Scope, trusted: TrustedAddresses) -> None:
    """Remember the other end of the connection, and which addresses are trusted; the outermost note stays."""
    client = scope.get("client")
    scope.setdefault(_PEER, (None if client is None else client[0], trusted))


def is_from_trusted_proxy(scope: Scope) -> bool:
    """Return whether the other end of the connection is a trusted proxy."""
    address, trusted = scope.get(_PEER, (None, ()))
    return address is not None and address in trusted
