import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth0_sso.audit.values import MAX_DETAIL_BYTES, bounded_details, bounded_text, json_value


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        ("a\0b", "a\N{REPLACEMENT CHARACTER}b"),
        ("\ud800", "\N{REPLACEMENT CHARACTER}"),
        ("\N{GRINNING FACE}", "\N{GRINNING FACE}"),
        (2**64, "..."),
        (frozenset({"b", "a"}), ("a", "b")),
        ([1, [2]], (1, (2,))),
        (range(3), "range(0, 3)"),
        ({1: None}, {"1": None}),
    ],
    ids=repr,
)
def test_a_value_is_kept_as_every_database_takes_it(value: object, kept: object) -> None:
    assert json_value(value) == kept


def test_a_value_that_is_nested_too_deeply_is_cut() -> None:
    value: object = "bottom"
    for _ in range(13):
        value = [value]
    assert "..." in str(json_value(value))
    assert "bottom" not in str(json_value(value))


def test_only_a_large_detail_is_replaced_by_its_size() -> None:
    details = bounded_details({"before": {"note": "x" * MAX_DETAIL_BYTES}, "after": {"note": "y"}})
    assert details == {"before": {"omitted_bytes": MAX_DETAIL_BYTES + 11}, "after": {"note": "y"}}


def test_details_beyond_the_maximum_are_left_out() -> None:
    assert len(bounded_details({str(number): number for number in range(100)})) == 16


def test_details_cannot_be_changed_later() -> None:
    shared = {"roles": ["admin"]}
    details = bounded_details(shared)
    shared["roles"].append("owner")
    assert details["roles"] == ("admin",)
    with pytest.raises(TypeError):
        details["roles"] = ()  # type: ignore[index]  # what is tested


def test_a_text_has_no_line_break_and_no_bidirectional_control() -> None:
    assert bounded_text("a\nb\N{RIGHT-TO-LEFT OVERRIDE}c") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"
    assert bounded_text("x" * 600, 5) == "xxxxx"
    assert bounded_text(None) is None


@given(value=st.recursive(st.text() | st.integers() | st.floats(), lambda inner: st.lists(inner) | st.tuples(inner)))
def test_every_value_can_be_written_as_json(value: object) -> None:
    text = json.dumps(json_value(value), ensure_ascii=False, allow_nan=False)
    assert "\0" not in text.encode().decode()
