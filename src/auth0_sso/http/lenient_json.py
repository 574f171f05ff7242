"""A lenient JSON parser (RFC 8259) for Management API responses, whose values can always be serialized again.

Users can put unusual values into their metadata, and Auth0 returns them. A single one must not make a whole page
unreadable, so only invalid JSON is rejected. Tokens and keys are parsed by `tokens.strict_json` instead.
"""

import json
import re
import sys
from math import copysign, isfinite

_MAX_DIGITS = sys.float_info.max_10_exp  # with more, a double, the number type of most JSON parsers, is infinite
_MAX_DEPTH = 600  # less than the parser's recursion limit, which differs between versions of Python
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class LenientJsonError(ValueError):
    """The text cannot be parsed; `fault` is `not_json` or `too_deep`."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


def loads(data: bytes) -> object:
    """Return the value of a JSON text.

    Of duplicate members the last one is used. Invalid UTF-8 and lone surrogates become U+FFFD, a number out of range
    becomes the nearest double, NaN becomes None. Raises `LenientJsonError` for invalid JSON, and for more than 600
    levels of nesting.
    """
    text = data.decode("utf-8", "replace")
    if _SURROGATE.search(data):
        text = _ESCAPE.sub(_replace_lone_surrogate, text)
    try:
        value: object = json.loads(text, parse_int=_integer, parse_float=_number, parse_constant=_constant)
    except RecursionError:
        raise LenientJsonError("too_deep") from None
    except ValueError:
        raise LenientJsonError("not_json") from None
    if data.count(b"{") + data.count(b"[") > _MAX_DEPTH and depth_of(value) > _MAX_DEPTH:
        raise LenientJsonError("too_deep")
    return value


def depth_of(value: object) -> int:
    """Count the levels of objects and arrays, without recursion."""
    depth, level = 0, [value]
    while level := [inner for inner in level if isinstance(inner, (dict, list))]:
        depth += 1
        level = [child for inner in level for child in (inner.values() if isinstance(inner, dict) else inner)]
    return depth


def _replace_lone_surrogate(escape: re.Match[str]) -> str:
    return escape[0] if escape[1] is None else "\\ufffd"


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else _number(digits)


def _number(digits: str) -> float:
    number = float(digits)
    return number if isfinite(number) else copysign(sys.float_info.max, number)


def _constant(name: str) -> float | None:
    return None if name == "NaN" else _number(name)
