"""The parser of queries: `a b`, `OR`, `AND`, `NOT`, parentheses and fields, in ascending precedence.

Lucene's own parser has no precedence; Auth0's examples, such as `NOT _exists_:logins_count OR logins_count:0`, are
meant as usual boolean algebra.
"""

from collections.abc import Sequence

from auth0_devtenant.management.search.dialects import Dialect
from auth0_devtenant.management.search.errors import QueryError
from auth0_devtenant.management.search.query import And, FieldQuery, Not, Or, Query, Required, combine
from auth0_devtenant.management.search.tokens import Kind, Token, tokenize, unescape
from auth0_devtenant.management.search.values import matcher_of

_MAX_DEPTH = 50
_EXISTS = "_exists_"


def parse(text: str, dialect: Dialect) -> Query:
    """Return the query of a text; raise `QueryError`."""
    parser = _Parser(text, dialect)
    query = parser.clauses(None, 0)
    parser.expect("end")
    return query


class _Parser:
    def __init__(self, text: str, dialect: Dialect) -> None:
        self._tokens = tokenize(text)
        self._dialect = dialect
        self._next = next(self._tokens)

    def clauses(self, field: str | None, depth: int) -> Query:
        """Read clauses up to a closing parenthesis or the end; `field` is that of the parentheses around them."""
        if depth > _MAX_DEPTH:
            raise QueryError("too many nested parentheses")
        clauses = [self._any(field, depth)]
        while self._next.kind not in {")", "end"}:
            clauses.append(self._any(field, depth))
        return combine(clauses)

    def expect(self, kind: Kind) -> Token:
        """Read a token of that kind; raise `QueryError` for another one."""
        token = self._next
        if token.kind != kind:
            raise QueryError(f"unexpected {token.text or 'end of the query'}")
        if kind != "end":
            self._next = next(self._tokens)
        return token

    def _accept(self, *kinds: Kind) -> Token | None:
        return self.expect(self._next.kind) if self._next.kind in kinds else None

    def _any(self, field: str | None, depth: int) -> Query:
        queries = [self._all(field, depth)]
        while self._accept("or"):
            queries.append(self._all(field, depth))
        return queries[0] if len(queries) == 1 else Or(tuple(queries))

    def _all(self, field: str | None, depth: int) -> Query:
        queries = [self._prefixed(field, depth)]
        while self._accept("and"):
            queries.append(self._prefixed(field, depth))
        return queries[0] if len(queries) == 1 else And(tuple(queries))

    def _prefixed(self, field: str | None, depth: int) -> Query:
        if self._accept("plus"):
            return Required(self._clause(field, depth))
        if self._accept("not", "minus"):
            return Not(self._clause(field, depth))
        return self._clause(field, depth)

    def _clause(self, field: str | None, depth: int) -> Query:
        named = self._accept("field")
        if named is not None:
            if field is not None:
                raise QueryError(f"unexpected field {named.text} inside of the field {field}")
            field = named.text
        if self._accept("("):
            query = self.clauses(field, depth + 1)
            self.expect(")")
            return query
        return self._value(field)

    def _value(self, field: str | None) -> Query:
        sign = "-" if self._accept("minus") else ""
        token = self._accept("term", "phrase", "range")
        if token is None:
            raise QueryError(f"unexpected {self._next.text or 'end of the query'}")
        if field == _EXISTS:
            return FieldQuery((self._dialect.reader(unescape(token.text)),), lambda _: True)
        if field is not None:
            return self._in_fields((field,), token.kind, sign + token.text)
        if token.kind == "range":
            raise QueryError(f"{token.text} is not a range of a field, such as logins_count:[1 TO 10]")
        folded = self._dialect.case_insensitive
        default = self._dialect.default_fields
        groups = ([each for each in default if each in folded], [each for each in default if each not in folded])
        return Or(tuple(self._in_fields(group, token.kind, sign + token.text) for group in groups if group))

    def _in_fields(self, fields: Sequence[str], kind: Kind, text: str) -> FieldQuery:
        """Return the query of a value in fields whose values are compared in the same way."""
        readers = tuple(self._dialect.reader(each) for each in fields)
        return FieldQuery(readers, matcher_of(kind, text, fields[0], self._dialect))
