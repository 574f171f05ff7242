"""Pagination of the Management API: by page number, with or without totals, and by checkpoint."""

from base64 import b64decode, b64encode
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management.parameters import boolean, integer, invalid_query
from auth0_devtenant.management.selection import select_fields
from auth0_devtenant.state import Json

_MAX_RECORDS = 1000
_TOO_FAR = (
    "You can only page through the first 1000 records. "
    "See https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation"
)
_WITH_LENGTH = frozenset({"users", "clients", "logs"})
"""The lists whose totals have `length` in recordings and documentation; those of roles and permissions have not."""


def page_response(
    request: Request,
    documents: Sequence[Json],
    name: str,
    *,
    min_per_page: int = 1,
    limited: bool = False,
    checkpoint: bool = False,
    select: bool = False,
) -> Response:
    """Return one page of a list: an array, or an object with `name` and totals if the request has include_totals.

    `limited` lists end at the thousandth record; `checkpoint` lists can be read with `take` and `from` as well; of
    `select` lists the request can select members with `fields`.
    """
    if checkpoint and not {"take", "from"}.isdisjoint(request.query_params):
        return checkpoint_response(request, documents, name, select=select)
    page = integer(request, "page", 0, minimum=0, maximum=999_999_999)
    per_page = integer(request, "per_page", 50, minimum=min_per_page, maximum=100)
    start = page * per_page
    if limited and start + per_page > _MAX_RECORDS:
        raise ApiError(400, _TOO_FAR, "invalid_paging")
    found = _selected(request, documents[start : start + per_page], select=select)
    if not boolean(request, "include_totals", default=False):
        return JSONResponse(found)
    totals: Json = {name: found, "start": start, "limit": per_page, "total": len(documents)}
    return JSONResponse(totals | ({"length": len(found)} if name in _WITH_LENGTH else {}))


def checkpoint_response(request: Request, documents: Sequence[Json], name: str, *, select: bool = False) -> Response:
    """Return the `take` documents after the checkpoint `from`, and the next checkpoint if more follow."""
    take = integer(request, "take", 50, minimum=1, maximum=100)
    start = _start(documents, request.query_params.get("from", ""))
    end = start + take
    more = {"next": _checkpoint(end, documents[end])} if end < len(documents) else {}
    return JSONResponse({name: _selected(request, documents[start:end], select=select)} | more)


def _selected(request: Request, documents: Sequence[Json], *, select: bool) -> Sequence[Json]:
    return [select_fields(request, document) for document in documents] if select else documents


def _checkpoint(position: int, following: Json) -> str:
    return b64encode(f"{position} {_id_of(following)}".encode()).decode("ascii")


def _start(documents: Sequence[Json], checkpoint: str) -> int:
    """Return where a page begins: at the document that followed the page before, wherever it is now.

    If that one was deleted meanwhile, its position is what remains.
    """
    if not checkpoint:
        return 0
    try:
        position, _, following = b64decode(checkpoint, validate=True).decode().partition(" ")
        start = int(position)
    except ValueError:
        raise invalid_query("Invalid checkpoint on property from") from None
    return next((index for index, each in enumerate(documents) if following and _id_of(each) == following), start)


def _id_of(document: Json) -> str:
    return next((str(document[name]) for name in ("user_id", "id", "client_id") if name in document), "")
