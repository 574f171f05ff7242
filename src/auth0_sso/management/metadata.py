"""What user metadata may hold when it is written through this service, so that everybody can read it back.

Auth0 takes more: numbers that JavaScript rounds, any nesting, and megabytes, with which one user's record would fill
the answer that lists a page of them. It merges the first level only: null deletes a key, `{}` deletes all.
"""

import json
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Final

from pydantic import JsonValue

from auth0_sso.http.lenient_json import depth_of

MAX_BYTES: Final = 16 * 1024
"""Size of all user metadata after a change, as JSON in UTF-8. A page of 100 such users fits one answer."""

MAX_DEPTH: Final = 10
"""Levels of objects and arrays, the metadata itself included."""

MAX_INTEGER: Final = 2**53 - 1
"""The largest integer, of either sign, that every JSON reader keeps exactly (RFC 8259 section 6)."""


class MetadataError(ValueError):
    """The metadata is not accepted; the message says why, as a clause that follows its name."""


def require_storable(change: dict[str, JsonValue]) -> None:
    """Raise `MetadataError` for a change with a value that is not kept exactly, or that is too deep or too large."""
    if depth_of(change) > MAX_DEPTH:
        raise MetadataError(f"has more than {MAX_DEPTH} levels")
    for part in _parts(change):
        _require_exact(part)
    if size_of({key: value for key, value in change.items() if value is not None}) > MAX_BYTES:
        raise MetadataError(f"is larger than {MAX_BYTES} bytes")


def merge(current: Mapping[str, JsonValue], change: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the metadata after a change, as Auth0 merges it."""
    return {key: value for key, value in {**current, **change}.items() if value is not None} if change else {}


def only_deletes(change: Mapping[str, JsonValue]) -> bool:
    """Tell whether a change adds nothing, so that there is always room for it."""
    return all(value is None for value in change.values())


def require_room(current: Mapping[str, JsonValue], change: Mapping[str, JsonValue]) -> None:
    """Raise `MetadataError` for a change that leaves the metadata too large and no smaller than it was."""
    size = size_of(merge(current, change))
    if size > MAX_BYTES and size >= size_of(current):
        raise MetadataError(f"is larger than {MAX_BYTES} bytes together with what is stored: delete keys first")


def size_of(metadata: Mapping[str, JsonValue]) -> int:
    """Return the size of metadata in bytes."""
    return len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))


def _parts(value: object) -> Iterator[object]:
    """Iterate over a value's keys, values and what is inside them."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting += [*part, *part.values()]
        elif isinstance(part, list):
            waiting += part
        else:
            yield part


def _require_exact(value: object) -> None:
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise MetadataError(f"holds an integer beyond {MAX_INTEGER}")
    if isinstance(value, float) and not isfinite(value):
        raise MetadataError("holds a number that JSON has no form for")
    if isinstance(value, str) and not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise MetadataError("holds a string that UTF-8 cannot carry")
