"""Strict JSON, with the standard library as the second opinion."""

import json

from auth0_sso.http.lenient_json import depth_of
from auth0_sso.tokens import strict_json
from auth0_sso.tokens.strict_json import MAX_DEPTH, StrictJsonError

SEEDS = (
    b'{"a": [1, -2.5e3, true, null, "\\u00fc\\ud83d\\ude00"], "b": {"c": {}}}',
    b'{"a": 1, "a": 2}',
    b'["\\ud800"]',
    b"[NaN, Infinity, 1e999, 99999999999999999999, 1000000000000000000000]",
    b"[" * 33 + b"]" * 33,
    b' \t\n\r"text" ',
    b"\xef\xbb\xbf{}",
    b"[[],[],[],{}]" * 3,
)


def check(data: bytes) -> None:
    """What is accepted the standard library reads as the same value; each way to ask gives the same answer."""
    value = _read(data)
    if isinstance(value, StrictJsonError):
        assert value.fault.isidentifier()
    else:
        text = data.decode("utf-8")
        assert _same(json.loads(text, object_pairs_hook=_without_duplicates), value)
        assert depth_of(value) <= MAX_DEPTH
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    _require_agreement(data, value)


def _require_agreement(data: bytes, value: object) -> None:
    read_only = _read(data, read_only=True)
    sparse = _read(data, sparse=True)
    if isinstance(value, StrictJsonError):
        for other in (read_only, sparse):
            assert isinstance(other, StrictJsonError)
            assert other.fault in {value.fault, "too_complex"}
        return
    assert json.dumps(read_only) == json.dumps(value)
    if isinstance(sparse, StrictJsonError):
        assert sparse.fault == "too_complex"
        return
    assert _same(sparse, value)
    assert _same(strict_json.loads_around_faults(data), value)


def _read(data: bytes, *, sparse: bool = False, read_only: bool = False) -> object:
    try:
        return strict_json.loads(data, sparse=sparse, read_only=read_only)
    except StrictJsonError as error:
        return error


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    assert len(members) == len(pairs), "a member that is there twice was accepted"
    return members


def _same(one: object, other: object) -> bool:
    """Compare values and their types: 1, 1.0 and True are equal in Python."""
    return json.dumps(one) == json.dumps(other)
