"""RFC 8259, strictly: one loader for all JSON that comes from outside, so that no two parsers read it differently."""

import json
from math import isfinite
from typing import NoReturn

MAX_DEPTH = 32
"""Deepest nesting of objects and arrays accepted."""

_MAX_INTEGER_DIGITS = 20
_WHITE_SPACE = " \t\n\r"


class StrictJsonError(ValueError):
    """The text is not JSON we accept; `fault` is one word for it."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


def loads(data: bytes) -> object:
    """Return the value of a JSON text in UTF-8.

    Raises `StrictJsonError` for anything but UTF-8, duplicate members (RFC 7515 section 4), NaN and Infinity
    (RFC 8259 section 6), numbers out of range, nesting deeper than `MAX_DEPTH`, and strings that cannot be
    encoded again (lone surrogates, RFC 8259 section 8.2).
    """
    try:
        text = data.decode("utf-8").strip(_WHITE_SPACE)
        value: object
        value, end = _DECODER.raw_decode(text)
    except StrictJsonError:
        raise
    except UnicodeDecodeError:
        raise StrictJsonError("not_utf8") from None
    except RecursionError:
        raise StrictJsonError("too_deep") from None
    except ValueError:
        raise StrictJsonError("not_json") from None
    if end != len(text):
        raise StrictJsonError("not_json")
    # A text with few brackets cannot be deep, and one without an escape cannot hold a surrogate: both walks
    # are for the rare document.
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise StrictJsonError("too_deep")
    if b"\\u" in data:
        _require_encodable(value)
    return value


def _unique_members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise StrictJsonError("duplicate_member")
    return members


def _integer(digits: str) -> int:
    if len(digits) > _MAX_INTEGER_DIGITS:
        raise StrictJsonError("number_out_of_range")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise StrictJsonError("number_out_of_range")
    return number


def _constant(_: str) -> NoReturn:
    raise StrictJsonError("number_out_of_range")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique_members, parse_int=_integer, parse_float=_number, parse_constant=_constant
)


def _depth(value: object) -> int:
    """Count the levels of objects and arrays, one level at a time so that depth costs no stack."""
    depth, level = 0, [value]
    while level := [inner for inner in level if isinstance(inner, (dict, list))]:
        depth += 1
        level = [child for inner in level for child in (inner.values() if isinstance(inner, dict) else inner)]
    return depth


def _require_encodable(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise StrictJsonError("not_encodable") from None
