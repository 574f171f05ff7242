import json
from typing import Any

import pytest

from auth0_sso.management.models import MAX_METADATA_DEPTH, LogEntry, Role, User

USER = {"user_id": "auth0|1", "email": "ada@example.com", "name": "Ada", "logins_count": 7}


def nested(levels: int) -> dict[str, object]:
    """Return metadata of so many levels, itself included."""
    value: object = []
    for _ in range(levels - 2):
        value = [value]
    return {"x": value}


@pytest.mark.parametrize(
    ("member", "value", "stands_for"),
    [
        ("email", 7, None),
        ("email_verified", {}, False),
        ("name", ["Ada"], None),
        ("picture", False, None),
        ("blocked", "false", True),
        ("blocked", 0, True),
        ("blocked", {}, True),
        ("created_at", {"x": 1}, None),
        ("last_login", {}, None),
        ("logins_count", "many", 0),
        ("user_metadata", ["x"], {}),
        ("app_metadata", nested(MAX_METADATA_DEPTH + 1), {}),
        ("user_id", 7, ""),
    ],
    ids=str,
)
def test_a_malformed_member_is_listed_and_the_others_are_kept(member: str, value: object, stands_for: object) -> None:
    user = User.parse(USER | {member: value})
    assert getattr(user, member) == stands_for
    assert user.unreadable == (member,)
    for name in USER.keys() - {member}:
        assert getattr(user, name) == USER[name]


@pytest.mark.parametrize("member", [name for name in User.model_fields if name not in {"user_id", "unreadable"}])
def test_null_is_the_same_as_a_missing_member(member: str) -> None:
    user = User.parse({"user_id": "auth0|1", member: None})
    assert getattr(user, member) == getattr(User.parse({"user_id": "auth0|1"}), member)
    assert user.unreadable == ()


@pytest.mark.parametrize(
    ("member", "value", "read"),
    [
        ("email_verified", "true", True),
        ("email_verified", "false", False),
        ("user_metadata", {"x": 10**20}, {"x": 10**20}),
        ("user_metadata", nested(MAX_METADATA_DEPTH), nested(MAX_METADATA_DEPTH)),
        ("user_metadata", {"x": None}, {"x": None}),
    ],
    ids=["true-in-text", "false-in-text", "21-digits", "deep", "null-inside"],
)
def test_values_that_auth0s_schema_allows_are_accepted(member: str, value: object, read: object) -> None:
    user = User.parse({"user_id": "auth0|1", member: value})
    assert (getattr(user, member), user.unreadable) == (read, ())


@pytest.mark.parametrize("value", [None, 7, "text", [], [USER]], ids=repr)
@pytest.mark.parametrize("model", [User, Role, LogEntry])
def test_all_members_of_a_non_object_are_unreadable(model: type[User], value: object) -> None:
    document = model.parse(value)
    assert set(document.unreadable) == model.model_fields.keys() - {"unreadable"}


def test_an_unreadable_user_is_blocked() -> None:
    assert User.parse("text").blocked is True
    assert User.parse({}).blocked is False


def test_omitted_members_are_unreadable_even_if_auth0_sends_them() -> None:
    user = User.parse(USER | {"user_metadata": {"a": 1}}, omitted=("user_metadata", "app_metadata"))
    assert (user.user_metadata, user.unreadable) == ({}, ("app_metadata", "user_metadata"))


def test_a_member_named_unreadable_is_ignored() -> None:
    assert User.parse(USER | {"unreadable": ["blocked"]}).unreadable == ()


@pytest.mark.parametrize("levels", [2, 30, MAX_METADATA_DEPTH, MAX_METADATA_DEPTH + 1, 900])
def test_every_accepted_value_can_be_serialized(levels: int) -> None:
    user = User.parse({"user_id": "auth0|1", "user_metadata": nested(levels)})
    shown: dict[str, Any] = json.loads(user.model_dump_json())
    assert shown["user_metadata"] == (nested(levels) if levels <= MAX_METADATA_DEPTH else {})
