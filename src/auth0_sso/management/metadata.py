"""Limits of the user metadata that is written through this service, so that every client can read it.

Auth0 accepts more: integers that JavaScript rounds, any depth, and megabytes, so that one user could fill the whole
response that lists a page of users. Auth0 merges the first level only: null deletes a key, `{}` deletes all keys.
"""

import json
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Final

from pydantic import JsonValue

from auth0_sso.http.lenient_json import depth_of

MAX_BYTES: Final = 16 * 1024
"""MAX size of a user's whole metadata, as JSON in UTF-8. A page of 100 such users fits into one response."""

MAX_DEPTH: Final = 10
"""MAX levels of objects and arrays, the metadata itself included."""

MAX_INTEGER: Final = 2**53 - 1
"""MAX absolute value of an integer: every JSON parser keeps it exactly (RFC 8259 section 6)."""


class MetadataError(ValueError):
    """The metadata is not accepted; the message is a clause that follows the name of the member."""


def require_storable(change: dict[str, JsonValue]) -> None:
    """Raise `MetadataError` for a change that is too deep or too large, or has a value that is not kept exactly."""
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
    """Return whether a change only deletes keys, which is possible whatever the size of the metadata."""
    return all(value is None for value in change.values())


def require_room(current: Mapping[str, JsonValue], change: Mapping[str, JsonValue]) -> None:
    """Raise `MetadataError` for a change after which the metadata is too large, and not smaller than before."""
    size = size_of(merge(current, change))
    if size > MAX_BYTES and size >= size_of(current):
        raise MetadataError(f"is larger than {MAX_BYTES} bytes together with what is stored: delete keys first")


def size_of(metadata: Mapping[str, JsonValue]) -> int:
    """Return the size of metadata in bytes."""
    return len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))


def _parts(value: object) -> Iterator[object]:
    """Iterate over all keys and values, at every level."""
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
        raise MetadataError(f"has an integer greater than {MAX_INTEGER}")
    if isinstance(value, float) and not isfinite(value):
        raise MetadataError("has a number that is not valid JSON")
    if isinstance(value, str) and not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise MetadataError("has a string that is not valid UTF-8")
