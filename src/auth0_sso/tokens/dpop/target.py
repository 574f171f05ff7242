"""The target of a request, as `htu` of a proof names it: compared after normalization (RFC 9449 section 4.3).

RFC 3986 section 6.2.2 and 6.2.3: scheme and host in lower case, escapes of unreserved characters decoded, other
escapes in upper case, dot segments removed, no default port, and `/` for an empty path. Query and fragment do not
count.
"""

import re
import string
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

_MAX_LENGTH: Final = 8192
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_UNRESERVED: Final = frozenset((string.ascii_letters + string.digits + "-._~").encode())
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})?")
# A URI has no other characters (RFC 3986 appendix A).
_URI: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_AUTHORITY: Final = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9\-._]+)(?::([0-9]{0,5}))?")


@lru_cache(maxsize=512)  # a service has few routes without ids; the rest is made anew
def normalized(uri: str) -> str:
    """Return an absolute http or https URI in its normal form, without query and fragment.

    Raises `ValueError` for another text, for one with user information, and for one of more than 8,192 characters.
    """
    if len(uri) > _MAX_LENGTH or not _URI.fullmatch(uri):
        raise ValueError("not a URI")
    parts = urlsplit(uri)
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError("not an http or https URI")
    host = _host(parts.netloc.lower(), _DEFAULT_PORTS[parts.scheme])
    return f"{parts.scheme}://{host}{_path(parts.path)}"


def _host(authority: str, default_port: int) -> str:
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        raise ValueError("its host or port cannot be read")
    host, port = found.groups()
    return host if not port or int(port) == default_port else f"{host}:{int(port)}"


def _path(path: str) -> str:
    return _without_dot_segments(_ESCAPE.sub(_escape, path)) or "/"


def _escape(found: re.Match[str]) -> str:
    if found[1] is None:
        raise ValueError("a % without two hexadecimal digits")
    byte = int(found[1], 16)
    return chr(byte) if byte in _UNRESERVED else f"%{found[1].upper()}"


def _without_dot_segments(path: str) -> str:
    """Return a path without `.` and `..` (RFC 3986 section 5.2.4)."""
    if "/." not in path:
        return path
    segments: list[str] = []
    first, *rest = path.split("/")
    for segment in rest:
        if segment == "..":
            del segments[-1:]
        elif segment != ".":
            segments.append(segment)
    if rest[-1] in {".", ".."}:
        segments.append("")
    return "/".join((first, *segments))
