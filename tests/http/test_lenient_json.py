import json
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth0_sso.http.lenient_json import LenientJsonError, depth_of, loads

MAX = sys.float_info.max
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param(b'{"a": 1, "a": 2}', {"a": 2}, id="duplicate-last-wins"),
        pytest.param(b"100000000000000000000", 10**20, id="21-digits"),
        pytest.param(b"1e+21", 1e21, id="float-of-javascript"),
        pytest.param(b"9" * 5000, MAX, id="endless-integer"),
        pytest.param(b"-" + b"9" * 5000, -MAX, id="endless-negative-integer"),
        pytest.param(b"[1e999, -1e999]", [MAX, -MAX], id="out-of-range"),
        pytest.param(b"[NaN, Infinity, -Infinity]", [None, MAX, -MAX], id="no-json-number"),
        pytest.param(b'"\\ud800"', "\ufffd", id="lone-high-surrogate"),
        pytest.param(b'"\\uDFFFx"', "\ufffdx", id="lone-low-surrogate"),
        pytest.param(b'"\\ude00\\ud83d"', "\ufffd\ufffd", id="pair-the-wrong-way-round"),
        pytest.param(b'"\\ud83d\\ud83d\\ude00"', "\ufffd\U0001f600", id="lone-before-a-pair"),
        pytest.param(b'"\\ud83d\\ude00"', "\U0001f600", id="pair"),
        pytest.param(b'"\\\\ud800"', "\\ud800", id="escaped-backslash"),
        pytest.param(b'"\\\\\\ud800"', "\\\ufffd", id="escaped-backslash-then-surrogate"),
        pytest.param(b'{"\\ud800": 1}', {"\ufffd": 1}, id="surrogate-in-a-name"),
        pytest.param(b'"\xff"', "\ufffd", id="not-utf8"),
        pytest.param(b"[" * 600 + b"]" * 600, json.loads("[" * 600 + "]" * 600), id="deep"),
    ],
)
def test_unusual_values_are_replaced_by_serializable_ones(text: bytes, value: object) -> None:
    read = loads(text)
    assert read == value
    assert type(read) is type(value)
    json.dumps(read, allow_nan=False, ensure_ascii=False).encode("utf-8")


@given(JSON)
def test_ordinary_values_are_unchanged(value: object) -> None:
    assert loads(json.dumps(value).encode()) == value
    assert loads(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary() | st.text().map(str.encode))
def test_no_input_raises_any_other_error(data: bytes) -> None:
    with suppress(LenientJsonError):
        json.dumps(loads(data), allow_nan=False, ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"1 2", "not_json"),
        (b"[" * 601 + b"]" * 601, "too_deep"),
        (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "too_deep"),
    ],
    ids=["empty", "cut-off", "two-values", "a-level-too-deep", "deep-arrays", "deep-objects"],
)
def test_invalid_json_has_a_fault(text: bytes, fault: str) -> None:
    with pytest.raises(LenientJsonError) as raised:
        loads(text)
    assert raised.value.fault == fault


@pytest.mark.parametrize(
    ("value", "depth"), [(1, 0), ({}, 1), ([1, [2]], 2), ({"a": {"b": []}, "c": []}, 3), (["x"] * 9, 1)], ids=str
)
def test_depth_counts_objects_and_arrays(value: object, depth: int) -> None:
    assert depth_of(value) == depth
