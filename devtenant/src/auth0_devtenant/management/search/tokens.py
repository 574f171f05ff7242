"""The tokens of a query (Lucene 2.9 "Query Parser Syntax")."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from auth0_devtenant.management.search.errors import QueryError

Kind: TypeAlias = Literal["and", "or", "not", "plus", "minus", "(", ")", "field", "phrase", "term", "range", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """A token: an operator, a parenthesis, a field with its colon, or a value."""

    kind: Kind
    text: str
    """The field's name, or the value; that of a term still has its escapes."""


_BARE = r'(?:\\.|[^\s\\"()\[\]{}:^~])'
_TOKEN = re.compile(
    rf"""
      (?P<space>\s+)
    | (?P<and>AND(?=[\s(]|$)|&&)
    | (?P<or>OR(?=[\s(]|$)|\|\|)
    | (?P<not>NOT(?=[\s(]|$)|!)
    | (?P<plus>\+) | (?P<minus>-)
    | (?P<open>\() | (?P<close>\))
    | (?P<field>{_BARE}+):
    | "(?P<phrase>(?:\\.|[^"\\])*)"
    | (?P<range>[\[{{][^\]}}]*[\]}}])
    | (?P<term>{_BARE}+)
    """,
    re.VERBOSE | re.DOTALL,
)
_KINDS: Mapping[str, Kind] = {
    "and": "and",
    "or": "or",
    "not": "not",
    "plus": "plus",
    "minus": "minus",
    "open": "(",
    "close": ")",
    "field": "field",
    "phrase": "phrase",
    "range": "range",
    "term": "term",
}


def tokenize(query: str) -> Iterator[Token]:
    """Return the tokens of a query, an end last; raise `QueryError`."""
    position = 0
    while position < len(query):
        found = _TOKEN.match(query, position)
        if found is None or found.lastgroup is None:
            raise QueryError(f"unexpected {query[position]} at position {position}")
        position = found.end()
        if found.lastgroup != "space":
            yield _token(found.lastgroup, found[found.lastgroup])
    yield Token("end", "")


def _token(group: str, text: str) -> Token:
    if group == "term" and text.startswith("/"):
        raise QueryError("regular expressions are not supported")
    if group in {"field", "phrase"}:
        text = unescape(text)
    return Token(_KINDS[group], text)


def unescape(text: str) -> str:
    """Return a text without the backslashes that escape its characters."""
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
