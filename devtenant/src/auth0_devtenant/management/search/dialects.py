"""What can be searched: the fields of users and those of log events, and how their values are compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Self

from auth0_devtenant.management.search.query import FieldReader
from auth0_devtenant.state import Json


@dataclass(frozen=True, slots=True)
class Dialect:
    """The rules of one search."""

    default_fields: tuple[str, ...]
    """Where a value without a field is searched."""
    case_insensitive: frozenset[str]
    dates: frozenset[str]
    """Fields that are compared as moments."""
    exact_only: str = ""
    """The field that has neither wildcards nor ranges."""
    question_mark: bool = True
    """Whether `?` is a wildcard for one character."""
    computed: Mapping[str, FieldReader] = field(default_factory=dict)
    """Fields that are not members of the document."""

    def reader(self, name: str) -> FieldReader:
        """Return the function that reads a field of a document; an empty array or object and null are not indexed."""
        if name in self.computed:
            return self.computed[name]
        return partial(_read, name.split(".")) if "." in name else partial(_read_member, name)

    def with_field(self, name: str, values: FieldReader) -> Self:
        """Return the dialect with one more computed field."""
        return replace(self, computed={**self.computed, name: values})


def _read(path: Sequence[str], document: Json) -> Sequence[object]:
    """Return the values at a path; arrays on it are read through."""
    value: object = document
    for position, name in enumerate(path):
        if isinstance(value, list):
            return [found for each in value if isinstance(each, dict) for found in _read(path[position:], each)]
        if not isinstance(value, dict):
            return ()
        value = value.get(name)
    if isinstance(value, list):
        return value
    return () if value is None or value == {} else (value,)


def _read_member(name: str, document: Json) -> Sequence[object]:
    value = document.get(name)
    return (value,) if isinstance(value, str) else _read((name,), document)


def _email_domain(document: Json) -> Sequence[object]:
    email = document.get("email")
    return (email.rpartition("@")[2],) if isinstance(email, str) else ()


USERS = Dialect(
    # Auth0 says only that such values do not match user_metadata; which fields they do match is unverified.
    default_fields=(
        *("user_id", "email", "username", "name", "nickname", "given_name", "family_name", "phone_number"),
        *("identities.connection", "identities.user_id"),
    ),
    case_insensitive=frozenset({"email", "name", "given_name", "family_name", "nickname"}),
    dates=frozenset({"created_at", "updated_at", "last_login", "last_password_reset"}),
    exact_only="user_metadata",
    computed={"email.domain": _email_domain},
)
"""Users (Auth0: "User search query syntax")."""

LOGS = Dialect(
    default_fields=("client_name", "connection", "description", "ip", "log_id", "type", "user_name"),
    case_insensitive=frozenset(),
    dates=frozenset({"date"}),
    question_mark=False,
)
"""Log events (Auth0: "Log search query syntax")."""
