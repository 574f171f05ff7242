import re

import pytest
from pydantic import JsonValue

from auth0_sso.management.metadata import (
    MAX_BYTES,
    MAX_INTEGER,
    MetadataError,
    merge,
    only_deletes,
    require_room,
    require_storable,
    size_of,
)

Metadata = dict[str, JsonValue]


def nested(levels: int) -> Metadata:
    value: JsonValue = "the end"
    for _ in range(levels - 1):
        value = [value]
    return {"x": value}


def of_size(size: int, key: str = "a") -> Metadata:
    metadata: Metadata = {key: "x" * (size - len('{"":""}') - len(key))}
    assert size_of(metadata) == size
    return metadata


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        pytest.param({"x": MAX_INTEGER + 1}, "an integer greater than 9007199254740991", id="large-integer"),
        pytest.param({"x": [{"y": -MAX_INTEGER - 1}]}, "an integer greater than", id="small-integer-inside"),
        pytest.param({"x": float("nan")}, "a number that is not valid JSON", id="nan"),
        pytest.param({"x": float("-inf")}, "a number that is not valid JSON", id="infinity"),
        pytest.param({"x": "\ud800"}, "a string that is not valid UTF-8", id="surrogate"),
        pytest.param({"x": {"\udfff": 1}}, "a string that is not valid UTF-8", id="surrogate-in-a-name"),
        pytest.param(nested(11), "more than 10 levels", id="deep"),
        pytest.param(of_size(MAX_BYTES + 1), "larger than 16384 bytes", id="large"),
    ],
)
def test_values_that_are_not_kept_exactly_are_rejected(change: Metadata, fault: str) -> None:
    with pytest.raises(MetadataError, match=re.escape(fault)):
        require_storable(change)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"x": MAX_INTEGER, "y": -MAX_INTEGER}, id="largest-integers"),
        pytest.param({"x": 1e300, "y": True, "z": None, "ü": "😀"}, id="all-kinds"),
        pytest.param(nested(10), id="deepest"),
        pytest.param(of_size(MAX_BYTES), id="largest"),
        pytest.param({f"{number:0>100}": None for number in range(500)}, id="deletes-more-than-fits"),
        pytest.param({}, id="empty"),
    ],
)
def test_values_that_are_kept_exactly_are_accepted(change: Metadata) -> None:
    require_storable(change)


@pytest.mark.parametrize(
    ("change", "result"),
    [
        ({"b": 2}, {"a": {"x": 1, "y": 1}, "b": 2}),
        ({"a": {"x": 2}}, {"a": {"x": 2}}),
        ({"a": None}, {}),
        ({"b": {"c": None}}, {"a": {"x": 1, "y": 1}, "b": {"c": None}}),
        ({}, {}),
    ],
    ids=str,
)
def test_metadata_is_merged_as_auth0_does(change: Metadata, result: Metadata) -> None:
    assert merge({"a": {"x": 1, "y": 1}}, change) == result


def test_size_is_of_utf8_bytes_not_of_characters() -> None:
    assert size_of({"ü": "😀"}) == len('{"":""}') + 2 + 4


@pytest.mark.parametrize(
    ("current", "change", "fits"),
    [
        pytest.param({}, of_size(MAX_BYTES), True, id="exactly"),
        pytest.param({"b": 1}, of_size(MAX_BYTES), False, id="together-too-large"),
        pytest.param(of_size(MAX_BYTES), of_size(MAX_BYTES), True, id="replaced"),
        pytest.param(of_size(60_000), {"b": 1}, False, id="was-too-large-already"),
        pytest.param(of_size(60_000), {"a": "x"}, True, id="small-again"),
        pytest.param(of_size(60_000), of_size(20_000), True, id="smaller-than-before"),
        pytest.param(of_size(60_000), of_size(60_000), False, id="as-large-as-before"),
        pytest.param(of_size(60_000, "a") | of_size(60_000, "b"), {"a": None}, True, id="deleted"),
        pytest.param(of_size(60_000), {}, True, id="all-deleted"),
    ],
)
def test_the_merged_size_is_limited_unless_it_shrinks(current: Metadata, change: Metadata, fits: bool) -> None:
    if fits:
        require_room(current, change)
    else:
        with pytest.raises(MetadataError, match="together with what is stored"):
            require_room(current, change)


def test_a_change_that_only_deletes_is_recognized() -> None:
    assert only_deletes({})
    assert only_deletes({"a": None, "b": None})
    assert not only_deletes({"a": None, "b": False})
