"""How the values of a query are compared with those of a document: terms, phrases, wildcards, ranges and dates."""

import re
from math import isfinite
from typing import TypeVar

from auth0_devtenant.management.search.dialects import Dialect
from auth0_devtenant.management.search.errors import QueryError
from auth0_devtenant.management.search.query import Matches
from auth0_devtenant.management.search.tokens import Kind, unescape

_MIN_SUFFIX = 3
_WILDCARD = re.compile(r"\\.|[*?]", re.DOTALL)
_RANGE = re.compile(r'([\[{])\s*("[^"]*"|\S+)\s+TO\s+("[^"]*"|[^\s\]}]+)\s*([\]}])')
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d{1,3})?)?)?)?)?)?")
_FIRST = "0000-01-01T00:00:00.000Z"
_LAST = "9999-12-31T23:59:59.999Z"


def matcher_of(kind: Kind, text: str, field: str, dialect: Dialect) -> Matches:
    """Return the predicate of values for a value in a query; raise `QueryError`."""
    fold, date = field in dialect.case_insensitive, field in dialect.dates
    if kind == "phrase":
        return _within_date(text) if date else _equal(text, fold=fold)
    wildcards = [found[0] for found in _WILDCARD.finditer(text) if len(found[0]) == 1] if kind == "term" else []
    if "?" in wildcards and not dialect.question_mark:
        raise QueryError("the wildcard ? is not supported")
    if (kind == "range" or wildcards) and _is_below(field, dialect.exact_only):
        raise QueryError(f"{dialect.exact_only} cannot be searched with wildcards or ranges")
    if kind == "range":
        return _in_range(text, fold=fold, date=date)
    if wildcards:
        return _like(text, fold=fold)
    return _within_date(unescape(text)) if date else _equal(unescape(text), fold=fold)


def _is_below(field: str, root: str) -> bool:
    return bool(root) and (field == root or field.startswith(f"{root}."))


def _equal(text: str, *, fold: bool) -> Matches:
    length, folded, number, truth = len(text), text.lower(), _number(text), {"true": True, "false": False}.get(text)

    def matches(value: object) -> bool:
        if isinstance(value, str):
            return value == text or (fold and len(value) == length and value.lower() == folded)
        if isinstance(value, bool):
            return value is truth
        return isinstance(value, int | float) and value == number

    return matches


def _like(text: str, *, fold: bool) -> Matches:
    """Return the predicate of a term with wildcards; `*` alone stands for any value."""
    if text == "*":
        return lambda _: True
    literals = _WILDCARD.sub(lambda found: found[0][1:], text)
    if text[0] in "*?" and len(literals) < _MIN_SUFFIX:
        raise QueryError(f"a wildcard at the beginning needs {_MIN_SUFFIX} other characters")
    pattern = re.compile(_regex(text), re.DOTALL | (re.IGNORECASE if fold else 0))
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _regex(text: str) -> str:
    """Return the regular expression of a term with wildcards.

    What is between two `*` is searched once, in an atomic group: the time is linear in the length of a value.
    """
    parts, position = [""], 0
    for found in _WILDCARD.finditer(text):
        parts[-1] += re.escape(text[position : found.start()])
        position = found.end()
        if found[0] == "*":
            parts.append("")
        else:
            parts[-1] += "." if found[0] == "?" else re.escape(found[0][1:])
    parts[-1] += re.escape(text[position:])
    first, *between = parts
    if not between:
        return first
    return first + "".join(f"(?>.*?{part})" for part in between[:-1] if part) + ".*" + between[-1]


def _in_range(text: str, *, fold: bool, date: bool) -> Matches:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise QueryError(f"{text} is not a range of a field, such as logins_count:[1 TO 10]")
    low, high = (None if end == "*" else unescape(end.strip('"')) for end in (found[2], found[3]))
    if fold:
        low, high = (None if end is None else end.lower() for end in (low, high))
    matches = _between(low, high, above=found[1] == "{", below=found[4] == "}", date=date)
    return (lambda value: matches(value.lower() if isinstance(value, str) else value)) if fold else matches


def _between(low: str | None, high: str | None, *, above: bool, below: bool, date: bool) -> Matches:
    """Return the predicate of values from low to high, without low if `above` and without high if `below`."""
    if date:
        low = None if low is None else _moment(low, _LAST if above else _FIRST)
        high = None if high is None else _moment(high, _FIRST if below else _LAST)
    lowest, highest = _number(low), _number(high)

    def matches(value: object) -> bool:
        if isinstance(value, str):
            return _inside(value, low, high, above=above, below=below)
        if not isinstance(value, int | float) or isinstance(value, bool) or (low is not None and lowest is None):
            return False
        return (high is None or highest is not None) and _inside(value, lowest, highest, above=above, below=below)

    return matches


_End = TypeVar("_End", str, float)


def _inside(value: _End, low: _End | None, high: _End | None, *, above: bool, below: bool) -> bool:
    if low is not None and (value < low or (above and value == low)):
        return False
    return high is None or value < high or (value == high and not below)


def _within_date(text: str) -> Matches:
    low, high = _moment(text, _FIRST), _moment(text, _LAST)
    return lambda value: isinstance(value, str) and low <= value <= high


def _moment(text: str, rest: str) -> str:
    """Return a date as a full timestamp; what it leaves out is taken from `rest`."""
    text = text.removesuffix("Z")
    if not _DATE.fullmatch(text):
        raise QueryError(f"{text} is not a date such as 2026-01-31 or 2026-01-31T12:00:00Z")
    return text + rest[len(text) :]


def _number(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None
