"""What comes into a record from outside: of limited size, and kept unchanged by every database and JSON parser."""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Final, cast

from auth0_sso.audit.record import JsonValue
from auth0_sso.tokens.read_only import ReadOnlyDict

MAX_TEXT: Final = 512
"""MAX length of a text beside the details, in characters; a longer one is cut."""

MAX_DETAIL_BYTES: Final = 8 * 1024
"""MAX size of each detail, as JSON in UTF-8; a larger one is replaced by its size: `{"omitted_bytes": 9000}`."""

MAX_DETAILS: Final = 16
"""MAX number of details; further ones are left out."""

MAX_LEVELS: Final = 12
"""MAX levels of objects and arrays in a detail."""

_MAX_INTEGER: Final = 2**63 - 1
_LEFT_OUT: Final = "..."
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def bounded_text(text: str | None, limit: int = MAX_TEXT) -> str | None:
    """Return a text on one line, cut to `limit` characters, with a replacement for what is not printable."""
    if text is None:
        return None
    cut = text[:limit]
    return cut if cut.isprintable() else "".join(char if char.isprintable() else _REPLACEMENT for char in cut)


def bounded_details(details: Mapping[str, object]) -> Mapping[str, JsonValue]:
    """Return details as read-only JSON values. Values of other types are shown as text."""
    first = list(details.items())[:MAX_DETAILS]
    return _object({_storable(name[:MAX_TEXT]): _bounded(json_value(value)) for name, value in first})


def json_value(value: object, levels: int = MAX_LEVELS) -> JsonValue:
    """Return a value in the types that JSON has, read-only.

    `...` stands for what is nested deeper than 12 levels, and for an integer of more than 64 bits.
    """
    match value:
        case None | bool():
            return value
        case int():
            return value if abs(value) <= _MAX_INTEGER else _LEFT_OUT
        case float():
            return value if isfinite(value) else str(value)
        case str():
            return _storable(value)
        case Mapping() | list() | tuple() | set() | frozenset() if not levels:
            return _LEFT_OUT
        case Mapping():
            return _object({_storable(str(name)): json_value(each, levels - 1) for name, each in value.items()})
        case list() | tuple():
            return tuple(json_value(each, levels - 1) for each in value)
        case set() | frozenset():
            return tuple(sorted(_storable(str(each)) for each in value))
        case _:
            return _storable(str(value))


def _object(members: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Return a read-only dict, which `json` can write."""
    return cast("Mapping[str, JsonValue]", ReadOnlyDict(members))


def _bounded(value: JsonValue) -> JsonValue:
    size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
    return value if size <= MAX_DETAIL_BYTES else _object({"omitted_bytes": size})


def _storable(text: str) -> str:
    """Return a text without NUL, which PostgreSQL refuses, and without lone surrogates, which UTF-8 has not."""
    if "\0" in text:
        text = text.replace("\0", _REPLACEMENT)
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
