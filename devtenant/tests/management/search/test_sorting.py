from typing import Any

import pytest

from auth0_devtenant.management.search import USERS, QueryError, sort_documents

DOCUMENTS: list[dict[str, Any]] = [{"name": "b", "n": 2}, {"name": "A", "n": 10}, {"name": "c"}]


def names(sort: str) -> list[object]:
    return [document["name"] for document in sort_documents(DOCUMENTS, sort, USERS)]


def test_numbers_and_texts_sort_in_both_directions() -> None:
    assert names("name:1") == ["A", "b", "c"]
    assert names("name:-1") == ["c", "b", "A"]
    assert names("n:1") == ["b", "A", "c"]


def test_documents_without_the_field_come_last_in_both_directions() -> None:
    assert names("n:-1") == ["A", "b", "c"]
    assert names("missing:1") == ["b", "A", "c"]


@pytest.mark.parametrize("sort", ["name", "name:2", "name:asc", ":1", "app_metadata.plan:1", "user_metadata:1"])
def test_other_sorts_are_refused(sort: str) -> None:
    with pytest.raises(QueryError):
        names(sort)
