"""Parsing of Management API responses: a malformed entry is marked as unreadable, and all others are returned."""

from collections.abc import Collection, Mapping
from typing import TypeVar

from pydantic import JsonValue

from auth0_sso.errors import ManagementAnswerError, TenantAnswer
from auth0_sso.http.auth0_request_id import request_id_of
from auth0_sso.http.bounded_http import BoundedResponse, FetchError
from auth0_sso.management.models import ManagementModel, User

M = TypeVar("M", bound=ManagementModel)


def read_object(response: BoundedResponse) -> dict[str, object]:
    """Return the JSON object of a response; raise `ManagementAnswerError` for anything else."""
    try:
        value = response.lenient_json()
    except FetchError as error:
        raise _unreadable(response, error.reason) from None
    if not isinstance(value, dict):
        raise _unreadable(response, "not_an_object")
    return value


def _unreadable(response: BoundedResponse, reason: str) -> ManagementAnswerError:
    error = ManagementAnswerError(reason)
    error.answer = TenantAnswer(response.status, None, request_id_of(response.headers))
    return error


def read_entries(
    model: type[M], page: Mapping[str, object], name: str, *, omitted: Collection[str] = ()
) -> tuple[M, ...]:
    """Return the entries of the list `name` in a page; raise `ManagementAnswerError` if there is no such list."""
    values = page.get(name)
    if not isinstance(values, list):
        raise ManagementAnswerError(f"no_list_of_{name}")
    return tuple(model.parse(value, omitted=omitted) for value in values)


def read_total(page: Mapping[str, object]) -> int:
    """Return the number of entries on all pages; raise `ManagementAnswerError` if the page has no total."""
    total = page.get("total")
    if not isinstance(total, int):
        raise ManagementAnswerError("page_without_total")
    return total


def read_user(document: Mapping[str, object], *, omitted: Collection[str] = ()) -> User:
    """Return a user; raise `ManagementAnswerError` if the object has no user id."""
    user = User.parse(document, omitted=omitted)
    if not user.user_id:
        raise ManagementAnswerError("not_a_user")
    return user


def read_changed_user(response: BoundedResponse, known: Mapping[str, JsonValue]) -> User:
    """Return a user after a change, which Auth0 has made even if its response cannot be read.

    `known` are members that hold in that case: the id of the user, and what was changed.
    """
    try:
        return User.parse({**known, **read_object(response)})
    except ManagementAnswerError:
        return User.unreadable_except(**known)
