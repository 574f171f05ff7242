"""How a router may read a path: one spelling must not choose a rule, and another the route.

Routers collapse slashes, decode once more, ignore case or a final newline, or remove dot segments, and file systems
do more. A rule holds only where all these readings are under it.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from unicodedata import normalize
from urllib.parse import quote, unquote

MAX_PATH: Final = 8000
"""The number of octets that servers should support in a URI (RFC 9110 section 4.1)."""

# Lower-case segments without a dot at their end: no reading of this is another path.
_PLAIN: Final = r"(?:/\.?[a-z0-9_~@:,+=!$&'()*-]+(?:\.+[a-z0-9_~@:,+=!$&'()*-]+)*)*/?"
# Python's "$" matches before a final newline too, and Starlette's routes end with it.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ENCODED_SLASH: Final = re.compile(r"%(2f|5c)", re.IGNORECASE)
# NFKC sorts the combining characters between two others in quadratic time; a file name has at most 255 bytes.
_LONG_RUN: Final = re.compile(r"[^\x00-\x7f]{256}")
_MAX_DECODINGS: Final = 3


def matcher_of_prefixes(paths: Iterable[str], *, plain: bool = False) -> Callable[[str], re.Match[str] | None]:
    """Return what matches a path below one of `paths`, by whole segments; group 1 is the longest of these.

    With `plain` it matches only a path that has no other reading.
    """
    longest_first = sorted(paths, key=len, reverse=True)
    below = rf"{_PLAIN}\Z" if plain else r"(?=/|\Z)"
    return re.compile(f"({'|'.join(map(re.escape, longest_first))}){below}").match


def length_of(scope: Mapping[str, Any]) -> int:
    """Return the number of octets of a path as clients send it, without its query."""
    raw: bytes = (scope.get("raw_path") or b"").partition(b"?")[0]
    return len(raw or quote(scope["path"], errors="replace"))


def route_path(path: str, root_path: str) -> str:
    """Return the path below `root_path`, as Starlette's routers see it."""
    if root_path and path.startswith(root_path) and path[len(root_path) : len(root_path) + 1] in ("", "/"):
        return path[len(root_path) :]
    return path


def canonical(path: str) -> str | None:
    """Return the most that routers and file systems make of a decoded path; None for one that no client needs.

    That is one with control characters, dot segments (which clients remove, RFC 3986 section 5.2.4), 256 characters
    in a row that are not ASCII, or without a slash at its start.
    """
    text = _decoded(path)
    if text is None or not text.startswith("/") or _CONTROL.search(text):
        return None
    segments = [part.partition(";")[0].strip(" ") for part in text.replace("\\", "/").split("/")]
    if "." in segments or ".." in segments:
        return None
    return "/" + "/".join([part for segment in segments if (part := segment.rstrip(". "))])


def other_readings(scope: Mapping[str, Any], root_path: str) -> list[str]:
    """Return what routers make of the path which decode nothing, or look for the root path elsewhere."""
    path: str = scope["path"]
    readings = []
    raw = (scope.get("raw_path") or b"").decode("latin-1")
    if _ENCODED_SLASH.search(raw):
        kept = unquote(_ENCODED_SLASH.sub(r"%25\1", raw.partition("?")[0]))
        readings.append(route_path(kept, root_path))
    if root_path:  # Litestar splits at it wherever it is, Django and a2wsgi remove it within a segment
        readings += ["/" + path.split(root_path, 1)[-1].lstrip("/"), "/" + path.removeprefix(root_path).lstrip("/")]
    return readings


def _decoded(path: str) -> str | None:
    for _ in range(_MAX_DECODINGS):
        if _LONG_RUN.search(path):
            return None
        path = normalize("NFKC", path)  # which makes an ASCII percent sign of a full-width one
        decoded = unquote(path)
        if decoded == path:
            return path.casefold()
        path = decoded
    return None
