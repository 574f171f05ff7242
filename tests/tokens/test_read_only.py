import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from auth0_sso.tokens.read_only import ReadOnlyDict, frozen_object

NESTED: dict[str, Any] = {
    "text": "a",
    "list": ["a", {"deep": [1, [2]]}],
    "object": {"list": [], "object": {}},
    "none": None,
}

CHANGES: list[Callable[[Any], object]] = [
    lambda value: value.__setitem__("text", "b"),
    lambda value: value.__delitem__("text"),
    lambda value: value.__ior__({"text": "b"}),
    lambda value: value.clear(),
    lambda value: value.pop("text"),
    lambda value: value.pop("no such", None),
    lambda value: value.popitem(),
    lambda value: value.setdefault("new", 1),
    lambda value: value.update(text="b"),
]


@pytest.mark.parametrize("change", CHANGES, ids=range(len(CHANGES)))
def test_no_method_of_a_dict_changes_it(change: Callable[[Any], object]) -> None:
    value: Any = frozen_object({"text": "a", "inner": {"text": "a"}})
    for each in (value, value["inner"]):
        with pytest.raises(TypeError, match=r"^this dict is read-only: change a copy of it$"):
            change(each)
    assert value == {"text": "a", "inner": {"text": "a"}}


def test_freezing_reaches_every_level() -> None:
    value: Any = frozen_object(NESTED)
    assert value == {
        "text": "a",
        "list": ("a", {"deep": (1, (2,))}),
        "object": {"list": (), "object": {}},
        "none": None,
    }
    for inner in (value["list"][1], value["object"], value["object"]["object"]):
        assert isinstance(inner, ReadOnlyDict)


def test_a_frozen_value_does_not_change_with_its_source() -> None:
    source: dict[str, Any] = copy.deepcopy(NESTED)
    value = frozen_object(source)
    source["list"].append("b")
    source["object"]["list"].append("b")
    source["new"] = 1
    assert json.loads(json.dumps(value)) == NESTED


def test_a_frozen_object_is_not_copied_again() -> None:
    value = frozen_object(NESTED)
    assert frozen_object(value) is value


def test_every_kind_of_copy_is_an_ordinary_dict() -> None:
    value: Any = frozen_object(NESTED)
    for made in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value)), value.copy(), value | {}):  # noqa: S301 - our own bytes
        assert type(made) is dict
        assert made == value
        made["text"] = "b"
    deep = copy.deepcopy(value)
    deep["object"]["object"]["new"] = 1
    assert value["text"] == "a"
    assert value["object"]["object"] == {}
