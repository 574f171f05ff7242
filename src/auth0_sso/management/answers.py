"""From an answer of the Management API to documents: unreadable entries are marked, and the others are kept."""

from collections.abc import Collection, Mapping
from typing import TypeVar

from pydantic import JsonValue

from auth0_sso.errors import ManagementAnswerError
from auth0_sso.http.bounded_http import BoundedResponse, FetchError
from auth0_sso.management.documents import Document, User

D = TypeVar("D", bound=Document)


def read_object(answer: BoundedResponse) -> dict[str, object]:
    """Return an answer's JSON object; raise `ManagementAnswerError` for anything else."""
    try:
        value = answer.lenient_json()
    except FetchError as error:
        raise ManagementAnswerError(error.reason) from None
    if not isinstance(value, dict):
        raise ManagementAnswerError("not_an_object")
    return value


def read_entries(
    model: type[D], page: Mapping[str, object], name: str, *, unread: Collection[str] = ()
) -> tuple[D, ...]:
    """Return the documents of a page's list; raise `ManagementAnswerError` where it has none of that name."""
    values = page.get(name)
    if not isinstance(values, list):
        raise ManagementAnswerError(f"no_list_of_{name}")
    return tuple(model.of(value, unread=unread) for value in values)


def read_total(page: Mapping[str, object]) -> int:
    """Return how many entries all pages have; raise `ManagementAnswerError` where the page does not say."""
    total = page.get("total")
    if not isinstance(total, int):
        raise ManagementAnswerError("page_without_total")
    return total


def read_user(document: Mapping[str, object], *, unread: Collection[str] = ()) -> User:
    """Return the user that an answer is about; raise `ManagementAnswerError` where it names none."""
    user = User.of(document, unread=unread)
    if not user.user_id:
        raise ManagementAnswerError("not_a_user")
    return user


def read_changed_user(answer: BoundedResponse, known: Mapping[str, JsonValue]) -> User:
    """Return the user after a change that Auth0 has carried out, even if its answer cannot be read.

    `known` are members that are certain where it does not say: the id that was asked for, and what was set.
    """
    try:
        return User.of({**known, **read_object(answer)})
    except ManagementAnswerError:
        return User.unread(**known)
