"""Pagination of the Management API: by page number, with or without totals, and by checkpoint."""

from base64 import b64decode, b64encode
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management.parameters import integer, invalid_query
from auth0_devtenant.state import Json

_MAX_RECORDS = 1000
_TOO_FAR = (
    "You can only page through the first 1000 records. "
    "See https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation"
)


def page_response(
    request: Request,
    documents: Sequence[Json],
    name: str,
    *,
    min_per_page: int = 1,
    limited: bool = False,
    checkpoint: bool = False,
) -> Response:
    """Return one page of a list: an array, or an object with `name` and totals if the request has include_totals.

    `limited` lists end at the thousandth record; `checkpoint` lists can be read with `take` and `from` as well.
    """
    if checkpoint and "take" in request.query_params:
        return checkpoint_response(request, documents, name)
    page = integer(request, "page", 0, minimum=0, maximum=999_999_999)
    per_page = integer(request, "per_page", 50, minimum=min_per_page, maximum=100)
    start = page * per_page
    if limited and start + per_page > _MAX_RECORDS:
        raise ApiError(400, _TOO_FAR, "invalid_paging")
    found = documents[start : start + per_page]
    if request.query_params.get("include_totals") != "true":
        return JSONResponse(found)
    totals: Json = {name: found, "start": start, "limit": per_page, "total": len(documents)}
    return JSONResponse(totals | ({"length": len(found)} if name == "users" else {}))


def checkpoint_response(request: Request, documents: Sequence[Json], name: str) -> Response:
    """Return the `take` documents after the checkpoint `from`, and the next checkpoint if more follow."""
    take = integer(request, "take", 50, minimum=1, maximum=100)
    start = _position(request.query_params.get("from", ""))
    found, more = documents[start : start + take], start + take < len(documents)
    return JSONResponse({name: found} | ({"next": _checkpoint(start + take)} if more else {}))


def _checkpoint(position: int) -> str:
    return b64encode(str(position).encode()).decode("ascii")


def _position(checkpoint: str) -> int:
    try:
        return int(b64decode(checkpoint, validate=True) or b"0")
    except ValueError:
        raise invalid_query("Invalid checkpoint on property from") from None
