"""Sorting by one field (`sort=field:1` ascending, `-1` descending)."""

import re
from collections.abc import Sequence

from auth0_devtenant.management.search.dialects import Dialect
from auth0_devtenant.management.search.errors import QueryError
from auth0_devtenant.state import Json

_SORT = re.compile(r"([A-Za-z0-9_.-]+):(1|-1)")
_UNSORTABLE = ("app_metadata", "user_metadata")


def sort_documents(documents: Sequence[Json], sort: str, dialect: Dialect) -> list[Json]:
    """Return the documents in another order; those without the field are last. Raise `QueryError`."""
    found = _SORT.fullmatch(sort)
    if found is None:
        raise QueryError(f"{sort} is not a field with :1 or :-1")
    name, descending = found[1], found[2] == "-1"
    if name.split(".")[0] in _UNSORTABLE:
        raise QueryError("sorting by app_metadata or user_metadata is not supported")
    read = dialect.reader(name)
    keyed = [(read(document), document) for document in documents]
    present = [(_key(values[0], fold=name in dialect.case_insensitive), each) for values, each in keyed if values]
    present.sort(key=lambda pair: pair[0], reverse=descending)
    return [document for _, document in present] + [document for values, document in keyed if not values]


def _key(value: object, *, fold: bool) -> tuple[int, float, str]:
    """Return a key by which values of all types can be compared: numbers and booleans before texts."""
    if isinstance(value, bool | int | float):
        return (0, float(value), "")
    text = str(value)
    return (1, 0.0, text.casefold() if fold else text)
