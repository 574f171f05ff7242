import json

import pytest

from auth0_sso.tokens.read_only import frozen_object
from auth0_sso.tokens.strict_json import (
    MAX_DEPTH,
    StrictJsonError,
    Unreadable,
    loads,
    loads_around_faults,
)


def fault(data: bytes) -> str:
    with pytest.raises(StrictJsonError) as caught:
        loads(data)
    assert str(caught.value) == caught.value.fault
    return caught.value.fault


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        "",
        0,
        -0.5,
        None,
        True,
        {"": {"a": [1, "\u20ac", "\U0001f600", None, False, 1e308, 10**20 - 1]}},
        "a" * 10_000,
        [[]] * 100,
    ],
)
def test_valid_json_is_read_unchanged(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False), json.dumps(value, indent=1)):
        assert loads(text.encode()) == value


@pytest.mark.parametrize("long", ["", "x" * 2000], ids=["short", "long"])
def test_read_only_values_are_the_same_and_frozen(long: str) -> None:
    value: dict[str, object] = {"a": [1, ["b", {"c": [long]}]], "d": {"e": [{}, {"f": []}]}, "g": None}
    read = loads(json.dumps(value).encode(), sparse=True, read_only=True)
    assert read == frozen_object(value)
    assert repr(read) == repr(frozen_object(value))
    for text in (b'{"a":[{"b":1,"b":2}]}', b'{"a":1,"a":2}'):
        with pytest.raises(StrictJsonError, match="duplicate_member"):
            loads(text, read_only=True)


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":', '{"a":['])
def test_depth_of_read_only_values_is_limited(opening: str) -> None:
    closing = opening.replace('"a":', "").translate({ord("["): "]", ord("{"): "}"})[::-1]
    levels = MAX_DEPTH // len(closing)
    for count, passes in ((levels, True), (levels + 1, False), (240, False)):
        text = f'{opening * count}"{"x" * 6000}"{closing * count}'.encode()
        if passes:
            assert loads(text, sparse=True, read_only=True)
        else:
            with pytest.raises(StrictJsonError, match="too_deep"):
                loads(text, sparse=True, read_only=True)


@pytest.mark.parametrize("number", ["99999999999999999999", "-9999999999999999999", "1e308", "-0", "0.1e-400"])
def test_numbers_in_range_are_read(number: str) -> None:
    assert loads(number.encode()) == json.loads(number)
    many = f"[{'1,' * 300}{number}]"
    assert loads(many.encode()) == json.loads(many)


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e309", "-1e309", "1" * 21, "-" + "1" * 20, "1" * 5000]
)
def test_numbers_out_of_range_are_refused(number: str) -> None:
    assert fault(number.encode()) == "number_out_of_range"
    assert fault(f'{{"a":[{number}]}}'.encode()) == "number_out_of_range"
    for many in ("1," * 300, "0.5," * 300, '{"a":[1]},' * 300):
        assert fault(f'{{"a":[{many}{number}]}}'.encode()) == "number_out_of_range"
        assert fault(f'[{many}{{"a":[{number}]}}]'.encode()) == "number_out_of_range"


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_depth_is_limited(opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    deepest = opening * (MAX_DEPTH - 1) + "[]" + closing * (MAX_DEPTH - 1)
    assert loads(deepest.encode()) == json.loads(deepest)
    assert fault(f"[{deepest}]".encode()) == "too_deep"
    assert fault((opening * 100_000).encode()) in {"too_deep", "not_json"}


@pytest.mark.parametrize("text", ["", " ", "{", '{"a"}', "[1,]", "nul", "'a'", "01", "+1", ".5", "1.", "\x00", "1 2"])
def test_invalid_json_is_refused(text: str) -> None:
    assert fault(text.encode()) == "not_json"


def test_only_the_white_space_of_rfc_8259_is_accepted() -> None:
    assert loads(b" \t\r\n1 \t\r\n") == 1
    for space in ("\x0b", "\x0c", "\u00a0", "\u2003", "\x85"):
        assert fault(f"{space}1".encode()) == "not_json"
        assert fault(f"1{space}".encode()) == "not_json"


@pytest.mark.parametrize("text", [r'"\ud800"', r'"\udc00\ud800"', r'{"\ud83d":1}', r'["a",{"b":"\ud83dx"}]'])
def test_a_string_that_cannot_be_encoded_again_is_refused(text: str) -> None:
    assert fault(text.encode()) == "not_encodable"


def test_an_escaped_letter_is_the_letter() -> None:
    assert loads(rb'{"\u0061":"\ud83d\ude00"}') == {"a": "\U0001f600"}


@pytest.mark.parametrize("text", ['{"a":1,"a":1}', r'{"a":1,"\u0061":2}', '[{"x":{"a":1,"b":2,"a":3}}]'])
def test_a_duplicate_member_is_refused(text: str) -> None:
    assert fault(text.encode()) == "duplicate_member"


@pytest.mark.parametrize(
    ("unit", "allowed"),
    [("[]", 512), ("{}", 512), ("0", 2049), ('"ab"', 2049)],
    ids=["arrays", "objects", "0", "text"],
)
def test_brackets_and_commas_are_limited_in_a_sparse_text(unit: str, allowed: int) -> None:
    def array(count: int) -> bytes:
        return f"[{','.join([unit] * count)}]".encode()

    inner = allowed - 1 if "[" in unit or "{" in unit else allowed
    loads(array(inner), sparse=True)
    with pytest.raises(StrictJsonError, match="too_complex"):
        loads(array(inner + 1), sparse=True)
    assert loads(array(inner + 1))


def test_a_longer_text_may_have_proportionally_more_of_both() -> None:
    for unit, bytes_each in ('{"a":"%s"},', 24), ('"%s",', 6):
        for filling, passes in ((bytes_each, True), (0, False)):
            text = ("[" + unit % ("x" * filling) * 100_000 + "0]").encode()
            if passes:
                loads(text, sparse=True)
            else:
                with pytest.raises(StrictJsonError, match="too_complex"):
                    loads(text, sparse=True)


@pytest.mark.parametrize(
    ("number", "passes"), [(10**20 - 1, True), (10**20, False), (-(10**19) + 1, True), (-(10**19), False)]
)
@pytest.mark.parametrize("text", ["x", "x" * 1024], ids=["short", "long"])
def test_the_range_of_integers_is_the_same_in_a_long_text(number: int, passes: bool, text: str) -> None:
    data = f'["{text}",{number}]'.encode()
    assert (fault(data) if not passes else loads(data)) == ([text, number] if passes else "number_out_of_range")


@pytest.mark.parametrize(("unit", "allowed"), [("[]", 511), ("{}", 511), ("0", 2049)], ids=["arrays", "objects", "0"])
def test_around_faults_brackets_and_commas_are_limited(unit: str, allowed: int) -> None:
    loads_around_faults(f"[{','.join([unit] * allowed)}]".encode())
    with pytest.raises(StrictJsonError, match="too_complex"):
        loads_around_faults(f"[{','.join([unit] * (allowed + 1))}]".encode())


@pytest.mark.parametrize(("text", "bytes_each"), [("[" + "[]," * 998 + "[]]", 24), ("[" + "0," * 3000 + "0]", 6)])
def test_a_bracket_or_comma_more_than_in_proportion_is_refused(text: str, bytes_each: int) -> None:
    size = bytes_each * text.count("[" if bytes_each == 24 else ",")
    loads(text.ljust(size).encode(), sparse=True)
    loads_around_faults(text.ljust(size).encode())
    for read in (lambda data: loads(data, sparse=True), loads_around_faults):
        with pytest.raises(StrictJsonError, match="too_complex"):
            read(text.ljust(size - 1).encode())


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e309", "1" * 21, "1" * 5000])
def test_around_faults_a_number_out_of_range_is_unreadable(number: str) -> None:
    text = f'{{"keys":[{{"n":{number}}},{{"n":1,"x":2.5}}]}}'.encode()
    unreadable = Unreadable("number_out_of_range")
    assert loads_around_faults(text) == {"keys": [{"n": unreadable}, {"n": 1, "x": 2.5}]}


def test_around_faults_an_object_with_a_duplicate_member_is_unreadable() -> None:
    text = b'{"keys":[{"kid":"a","kid":"b"},{"kid":"c"}]}'
    assert loads_around_faults(text) == {"keys": [Unreadable("duplicate_member"), {"kid": "c"}]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"keys":[],"keys":[]}', "duplicate_member"),
        (b"1e999", "number_out_of_range"),
        (b'{"keys":[', "not_json"),
        (b'{"keys":"\xff"}', "not_utf8"),
        (b"{} {}", "not_json"),
        (b"[" * 100_000, "too_complex"),
        (b'[{"":' * 300 + b"0" + b"}]" * 300, "too_complex"),
        (b"[" + b"0," * 2049 + b"0]", "too_complex"),
    ],
    ids=["duplicate", "number", "cut", "latin-1", "two", "arrays", "objects", "commas"],
)
def test_around_faults_a_text_that_is_not_json_is_refused(text: bytes, expected: str) -> None:
    with pytest.raises(StrictJsonError) as caught:
        loads_around_faults(text)
    assert caught.value.fault == expected
