"""A parsed query, as predicates of a document."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from auth0_devtenant.state import Json

Matches: TypeAlias = Callable[[object], bool]
"""Whether a value of a field is meant."""

FieldReader: TypeAlias = Callable[[Json], Sequence[object]]
"""Returns the values that a document has in a field: none, one, or all in the arrays on its path."""


class Query(Protocol):
    """A predicate of documents."""

    def matches(self, document: Json) -> bool:
        """Return whether the document is found."""


@dataclass(frozen=True, slots=True)
class FieldQuery:
    """A value in one of some fields."""

    readers: tuple[FieldReader, ...]
    matches_value: Matches

    def matches(self, document: Json) -> bool:
        """Return whether a field has such a value."""
        # Plain loops: a search reads each of ten thousand users.
        for read in self.readers:
            for value in read(document):
                if self.matches_value(value):
                    return True
        return False


@dataclass(frozen=True, slots=True)
class Not:
    """The documents that a query does not find."""

    query: Query

    def matches(self, document: Json) -> bool:
        """Return whether the query does not match."""
        return not self.query.matches(document)


@dataclass(frozen=True, slots=True)
class And:
    """The documents that all queries find."""

    queries: tuple[Query, ...]

    def matches(self, document: Json) -> bool:
        """Return whether all queries match."""
        return all(query.matches(document) for query in self.queries)


@dataclass(frozen=True, slots=True)
class Or:
    """The documents that any query finds."""

    queries: tuple[Query, ...]

    def matches(self, document: Json) -> bool:
        """Return whether a query matches."""
        return any(query.matches(document) for query in self.queries)


@dataclass(frozen=True, slots=True)
class Required:
    """A query after `+`."""

    query: Query

    def matches(self, document: Json) -> bool:
        """Return whether the query matches."""
        return self.query.matches(document)


def combine(clauses: Sequence[Query]) -> Query:
    """Return the query of clauses without an operator between them, as Lucene reads them.

    Those after `+` must match, those after `-`, `!` or `NOT` must not. Of the others one must match, unless there are
    clauses after `+`.
    """
    if len(clauses) == 1:
        return clauses[0]
    required = tuple(clause for clause in clauses if isinstance(clause, Required | Not))
    optional = tuple(clause for clause in clauses if not isinstance(clause, Required | Not))
    if not optional or any(isinstance(clause, Required) for clause in required):
        return And(required)
    return And((*required, Or(optional))) if required else Or(optional)
