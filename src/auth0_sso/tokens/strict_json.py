"""A strict JSON parser (RFC 8259) for tokens, keys and metadata, so that no two parsers differ about a value."""

import json
from collections.abc import Callable, Iterable
from itertools import chain
from math import isfinite
from typing import NamedTuple, NoReturn, TypeVar

from auth0_sso.tokens.read_only import ReadOnlyDict, frozen_members

T = TypeVar("T")

MAX_DEPTH = 32
"""MAX levels of objects and arrays."""

_MAX_INTEGER_DIGITS = 20
_MIN_INTEGER, _MAX_INTEGER = -(10**19) + 1, 10**20 - 1  # the same limit, a minus sign counts as a digit
_WHITE_SPACE = " \t\n\r"
_BACKSLASH = ord("\\")

# The time to parse a text depends on its values more than on its bytes: 12 KiB of `[]` take thirty times as long as
# 12 KiB of letters.
_MAX_BRACKETS, _MIN_BYTES_PER_BRACKET = 512, 24
_MAX_COMMAS, _MIN_BYTES_PER_COMMA = 2048, 6
_SHORT = 1024  # bytes: shorter texts are always parsed fast


class StrictJsonError(ValueError):
    """The text is not accepted; `fault` is one word for the reason."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


class Unreadable(NamedTuple):
    """A placeholder for a value that `loads` would reject."""

    fault: str


def loads(data: bytes, *, sparse: bool = False, read_only: bool = False) -> object:
    """Return the value of a JSON text in UTF-8.

    Raises `StrictJsonError` for anything but UTF-8, duplicate members (RFC 7515 section 4), NaN and Infinity
    (RFC 8259 section 6), numbers out of range, nesting deeper than `MAX_DEPTH`, and strings that cannot be
    encoded again (lone surrogates, RFC 8259 section 8.2). With `sparse` also for a text that would take far longer to
    parse than others of its size: it may have 512 brackets and 2048 commas, or one for each 24 and 6 bytes.
    With `read_only` each object is a `ReadOnlyDict`, and each array in it a tuple.
    """
    brackets = data.count(b"{") + data.count(b"[")
    commas = data.count(b",") if len(data) > _SHORT else 0
    if sparse and (brackets > _MAX_BRACKETS or commas > _MAX_COMMAS):
        _require_proportion(len(data), brackets, commas)
    # A hook for each number takes five times as long as the number itself, a walk over all values half as long.
    checks_ranges, without_ranges = _READ_ONLY_DECODERS if read_only else _DECODERS
    value = _decoded(data, without_ranges if commas else checks_ranges)
    if commas or brackets > MAX_DEPTH:  # a text with few brackets cannot be deep
        _require_numbers_in_range_and_depth(value)
    if _BACKSLASH in data and b"\\u" in data:  # a surrogate needs an escape; a number is found four times as fast
        _require_encodable(value)
    return value


def loads_around_faults(data: bytes) -> object:
    """Return the value of a sparse JSON text, with an `Unreadable` for each object and number `loads` would reject.

    For documents in which a malformed entry must not invalidate the others, and of which only known members are used:
    depth and surrogates are not checked. Raises `StrictJsonError` for an error of the text as a whole.
    """
    _require_proportion(len(data), data.count(b"{") + data.count(b"["), data.count(b","))
    value = _decoded(data, _DECODER_AROUND_FAULTS)
    if isinstance(value, Unreadable):
        raise StrictJsonError(value.fault)
    return value


def _require_proportion(size: int, brackets: int, commas: int) -> None:
    if brackets > max(_MAX_BRACKETS, size // _MIN_BYTES_PER_BRACKET):
        raise StrictJsonError("too_complex")
    if commas > max(_MAX_COMMAS, size // _MIN_BYTES_PER_COMMA):
        raise StrictJsonError("too_complex")


def _decoded(data: bytes, decoder: json.JSONDecoder) -> object:
    try:
        text = data.decode("utf-8").strip(_WHITE_SPACE)
        value: object
        value, end = decoder.raw_decode(text)
    except StrictJsonError:
        raise
    except UnicodeDecodeError:
        raise StrictJsonError("not_utf8") from None
    except RecursionError:
        raise StrictJsonError("too_deep") from None
    except json.JSONDecodeError:
        raise StrictJsonError("not_json") from None
    except ValueError:  # an integer longer than Python converts
        raise StrictJsonError("number_out_of_range") from None
    if end != len(text):
        raise StrictJsonError("not_json")
    return value


def _unique_members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise StrictJsonError("duplicate_member")
    return members


def _unique_read_only_members(pairs: list[tuple[str, object]]) -> ReadOnlyDict:
    members = frozen_members(pairs)
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


def _or_unreadable(read: Callable[[T], object]) -> Callable[[T], object]:
    def tolerant(found: T) -> object:
        try:
            return read(found)
        except StrictJsonError as error:
            return Unreadable(error.fault)

    return tolerant


def _decoders(members: Callable[[list[tuple[str, object]]], object]) -> tuple[json.JSONDecoder, json.JSONDecoder]:
    """Return a decoder that checks the range of numbers, and one that leaves it to the walk over all values."""
    return (
        json.JSONDecoder(
            object_pairs_hook=members, parse_int=_integer, parse_float=_number, parse_constant=_constant
        ),
        json.JSONDecoder(object_pairs_hook=members, parse_constant=_constant),
    )


_DECODERS = _decoders(_unique_members)
_READ_ONLY_DECODERS = _decoders(_unique_read_only_members)
_DECODER_AROUND_FAULTS = json.JSONDecoder(
    object_pairs_hook=_or_unreadable(_unique_members),
    parse_int=_or_unreadable(_integer),
    parse_float=_or_unreadable(_number),
    parse_constant=_or_unreadable(_constant),
)


def _require_numbers_in_range_and_depth(value: object) -> None:
    """Walk over all values, one level at a time, without recursion."""
    level: list[Iterable[object]] = [(value,)]
    for _ in range(MAX_DEPTH + 1):
        level = _next_level(level)
        if not level:
            return
    raise StrictJsonError("too_deep")


def _next_level(level: list[Iterable[object]]) -> list[Iterable[object]]:
    deeper: list[Iterable[object]] = []
    for value in chain.from_iterable(level):
        if type(value) is str:
            continue
        if type(value) is int and not _MIN_INTEGER <= value <= _MAX_INTEGER:
            raise StrictJsonError("number_out_of_range")
        if type(value) is float and not isfinite(value):
            raise StrictJsonError("number_out_of_range")
        if isinstance(value, dict):
            deeper.append(value.values())
        elif isinstance(value, (list, tuple)):
            deeper.append(value)
    return deeper


def _require_encodable(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise StrictJsonError("not_encodable") from None
