"""How the Management API is read: one answer, one page, or all pages of a list."""

from collections.abc import AsyncIterator, Collection, Mapping
from typing import Final, TypeVar

from pydantic import JsonValue

from auth0_sso.errors import ManagementAnswerError
from auth0_sso.http.bounded_http import BoundedResponse
from auth0_sso.management.answers import read_entries, read_object, read_total
from auth0_sso.management.call import ManagementCaller
from auth0_sso.management.documents import Document, User
from auth0_sso.management.turns import Turn

D = TypeVar("D", bound=Document)
Query = Mapping[str, str | int]

_PER_PAGE: Final = 100  # the most Auth0 gives; it allows a user 50 roles, so one page holds them all
_MAX_PAGES: Final = 1000
"""Pages after which a list counts as endless: 100,000 records."""

_METADATA: Final = ("user_metadata", "app_metadata")
_TOO_MUCH: Final = frozenset({"answer_too_large", "answer_too_deep"})
"""Reasons for which an answer about users is asked for again without their metadata."""


class ManagementReader:
    """Sends the calls of one turn, and reads what comes."""

    def __init__(self, caller: ManagementCaller, turn: Turn) -> None:
        """Take what sends the calls, and the user they are for."""
        self._caller = caller
        self._turn = turn

    async def call(
        self,
        method: str,
        path: str,
        *,
        scopes: tuple[str, ...],
        query: Query | None = None,
        body: Mapping[str, JsonValue] | None = None,
    ) -> BoundedResponse:
        """Return the answer of success to one call; raise what `ManagementCaller.call` raises."""
        return await self._caller.call(method, path, turn=self._turn, scopes=scopes, query=query, body=body)

    async def get(
        self, model: type[Document], path: str, query: Query, scopes: tuple[str, ...]
    ) -> tuple[dict[str, object], Collection[str]]:
        """Return an answer's object, and the members it was asked for without, as there is too much in them."""
        try:
            return read_object(await self.call("GET", path, query=query, scopes=scopes)), ()
        except ManagementAnswerError as error:
            if model is not User or "fields" in query or error.reason not in _TOO_MUCH:
                raise
        without = {**query, "fields": ",".join(_METADATA), "include_fields": "false"}
        return read_object(await self.call("GET", path, query=without, scopes=scopes)), _METADATA

    async def page(
        self, model: type[D], path: str, name: str, query: Query, scopes: tuple[str, ...]
    ) -> tuple[dict[str, object], tuple[D, ...]]:
        """Return an answer's object and the documents of the list `name` in it."""
        page, unread = await self.get(model, path, query, scopes)
        return page, read_entries(model, page, name, unread=unread)

    async def first_page(self, model: type[D], path: str, name: str, scopes: tuple[str, ...]) -> tuple[D, ...]:
        """Return the first hundred documents of a list."""
        query: Query = {"page": 0, "per_page": _PER_PAGE, "include_totals": "true"}
        _, found = await self.page(model, path, name, query, scopes)
        return found

    async def by_page(
        self, model: type[D], path: str, name: str, scopes: tuple[str, ...], query: Query
    ) -> AsyncIterator[D]:
        """Iterate over a list, page by page."""
        for number in range(_MAX_PAGES):
            paging: Query = {"page": number, "per_page": _PER_PAGE, "include_totals": "true"}
            answer, found = await self.page(model, path, name, {**query, **paging}, scopes)
            total = read_total(answer)
            for each in found:
                yield each
            if not found or (number + 1) * _PER_PAGE >= total:
                return
        raise ManagementAnswerError("pages_never_end")
