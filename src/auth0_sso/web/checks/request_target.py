"""The URI of a request as its client has it, for DPoP proofs (RFC 9449 section 4.3)."""

import re
from typing import Final
from urllib.parse import quote

from starlette.types import Scope

from auth0_sso.tokens.dpop.target import normalized

_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
"""The handshake of a WebSocket is an HTTP request (RFC 6455 section 1.3)."""

_HOST: Final = re.compile(rb"[A-Za-z0-9._:\[\]-]+")  # with a slash in it a part of it would be the path
_PATH_CHARACTERS: Final = "/:@!$&'()*+,;=-._~"  # RFC 3986 section 3.3


def target_of(scope: Scope, public_url: str) -> str:
    """Return the normalized URI of a request, without query: `public_url` and the path below the app's root path.

    Without `public_url` it is made of the Host header. Raises `ValueError` where it cannot be said.
    """
    path, root = _raw_path(scope), quote(_root_path(scope))
    below = path[len(root) :] if path == root or path.startswith(f"{root}/") else path
    return normalized(f"{public_url or _origin(scope) + root}{below}")


def _root_path(scope: Scope) -> str:
    """Return the path of the whole app: Starlette adds that of a mounted app to `root_path`."""
    return str(scope.get("app_root_path", scope.get("root_path", ""))).rstrip("/")


def _raw_path(scope: Scope) -> str:
    raw: bytes | None = scope.get("raw_path")
    path = quote(scope["path"], safe=_PATH_CHARACTERS) if raw is None else raw.decode("ascii")
    if not path.startswith("/") or "?" in path or "#" in path:
        raise ValueError("not a path")
    return path


def _origin(scope: Scope) -> str:
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        raise ValueError("the host is not known")
    return f"{_SCHEMES[scope['scheme']]}://{hosts[0].decode('ascii')}"
