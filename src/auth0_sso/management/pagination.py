"""Pagination of the Management API: one object, one page, or all pages of a list."""

from collections.abc import AsyncIterator, Collection, Mapping
from typing import Final, TypeVar

from pydantic import JsonValue

from auth0_sso.errors import ManagementAnswerError
from auth0_sso.http.bounded_http import BoundedResponse
from auth0_sso.management.call import ManagementCaller
from auth0_sso.management.fair_queue import Priority
from auth0_sso.management.models import ManagementModel, User
from auth0_sso.management.responses import read_entries, read_object, read_total
from auth0_sso.tracing.current import part

M = TypeVar("M", bound=ManagementModel)
Query = Mapping[str, str | int]

_PER_PAGE: Final = 100  # the MAX of Auth0; a user may have 50 roles, so one page holds them all
_MAX_PAGES: Final = 1000

_METADATA: Final = ("user_metadata", "app_metadata")
_TOO_MUCH: Final = frozenset({"answer_too_large", "answer_too_deep"})
"""Reasons for which users are requested a second time without their metadata."""


class ManagementReader:
    """Makes the calls of one `ManagementClient`, and parses their responses."""

    def __init__(self, caller: ManagementCaller, priority: Priority) -> None:
        """Take what sends the calls, and their priority."""
        self._caller = caller
        self._priority = priority

    async def call(
        self,
        method: str,
        path: str,
        *,
        scopes: tuple[str, ...],
        query: Query | None = None,
        body: Mapping[str, JsonValue] | None = None,
    ) -> BoundedResponse:
        """Return the successful response to one call; raise what `ManagementCaller.call` raises."""
        with part("call the Management API"):  # with the wait in the queue, and retries
            return await self._caller.call(
                method, path, priority=self._priority, scopes=scopes, query=query, body=body
            )

    async def get(
        self, model: type[ManagementModel], path: str, query: Query, scopes: tuple[str, ...]
    ) -> tuple[dict[str, object], Collection[str]]:
        """Return the object of a response, and the members omitted from it because it was too large with them."""
        try:
            return read_object(await self.call("GET", path, query=query, scopes=scopes)), ()
        except ManagementAnswerError as error:
            if model is not User or "fields" in query or error.reason not in _TOO_MUCH:
                raise
        without = {**query, "fields": ",".join(_METADATA), "include_fields": "false"}
        return read_object(await self.call("GET", path, query=without, scopes=scopes)), _METADATA

    async def page(
        self, model: type[M], path: str, name: str, query: Query, scopes: tuple[str, ...]
    ) -> tuple[dict[str, object], tuple[M, ...]]:
        """Return the object of a response, and the entries of the list `name` in it."""
        page, omitted = await self.get(model, path, query, scopes)
        return page, read_entries(model, page, name, omitted=omitted)

    async def first_page(self, model: type[M], path: str, name: str, scopes: tuple[str, ...]) -> tuple[M, ...]:
        """Return the first hundred entries of a list."""
        _, entries = await self.page(model, path, name, _page_query(0), scopes)
        return entries

    async def by_page(
        self, model: type[M], path: str, name: str, scopes: tuple[str, ...], query: Query
    ) -> AsyncIterator[M]:
        """Iterate over all entries of a list; raise `ManagementAnswerError` if it has more than 100,000."""
        for number in range(_MAX_PAGES):
            page, entries = await self.page(model, path, name, {**query, **_page_query(number)}, scopes)
            total = read_total(page)
            for entry in entries:
                yield entry
            if not entries or (number + 1) * _PER_PAGE >= total:
                return
        raise ManagementAnswerError("pages_never_end")


def _page_query(number: int) -> Query:
    return {"page": number, "per_page": _PER_PAGE, "include_totals": "true"}
