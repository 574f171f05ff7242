"""The log events of the tenant and of a user (Management API: Logs, Users)."""

from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.bodies import issuer_of
from auth0_devtenant.errors import ApiError
from auth0_devtenant.management.lookup import user_of
from auth0_devtenant.management.paging import page_response
from auth0_devtenant.management.parameters import integer, invalid_query, refuse_unknown
from auth0_devtenant.management.routing import Route
from auth0_devtenant.management.search import LOGS, QueryError, parse, sort_documents
from auth0_devtenant.management.selection import select_fields
from auth0_devtenant.state import Json, Tenant

_PARAMETERS = (
    "q",
    "search",
    "page",
    "per_page",
    "include_totals",
    "sort",
    "fields",
    "include_fields",
    "from",
    "take",
)
_READ = ("read:logs", "read:logs_users")


async def list_logs(request: Request, tenant: Tenant) -> Response:
    """Search the log events, the latest first unless `sort` says otherwise; or read them on from a checkpoint.

    With `from`, the id of an event, the next `take` events are returned, the oldest first, and the URL of the request
    after this one is in the header Link (Auth0: "Retrieve logs using the Management API").
    """
    refuse_unknown(request, *_PARAMETERS)
    if "from" in request.query_params:
        return _after_checkpoint(request, tenant)
    found = _search(request, tenant.state.logs)
    return page_response(request, found, "logs", limited=True, select=True)


async def get_log(request: Request, tenant: Tenant) -> Response:
    """Return a log event."""
    for entry in tenant.state.logs:
        if entry["log_id"] == request.path_params["id"]:
            return JSONResponse(entry)
    raise ApiError(404, "The log does not exist.", "inexistent_log")  # unverified: the words


async def list_user_logs(request: Request, tenant: Tenant) -> Response:
    """List the log events of a user, the latest first unless `sort` says otherwise."""
    user_id = user_of(request, tenant).user_id
    found = [entry for entry in tenant.state.logs if entry.get("user_id") == user_id]
    return page_response(request, _sorted(request, found), "logs", limited=True)


def _search(request: Request, entries: Sequence[Json]) -> Sequence[Json]:
    text = request.query_params.get("q") or request.query_params.get("search") or ""
    if not text.strip():
        return _sorted(request, entries)
    try:
        query = parse(text, LOGS)
    except QueryError as error:  # unverified: the words
        raise invalid_query(f"Failed to parse query: {error}") from None
    return _sorted(request, [entry for entry in entries if query.matches(entry)])


def _sorted(request: Request, entries: Sequence[Json]) -> Sequence[Json]:
    sort = request.query_params.get("sort")
    if sort is None:
        return list(reversed(entries))
    try:
        return sort_documents(entries, sort, LOGS)
    except QueryError as error:
        raise invalid_query(str(error)) from None


def _after_checkpoint(request: Request, tenant: Tenant) -> Response:
    start, take = request.query_params["from"], integer(request, "take", 50, minimum=1, maximum=100)
    found = [entry for entry in tenant.state.logs if entry["log_id"] > start][:take]
    query = urlencode({"from": found[-1]["log_id"] if found else start, "take": take})
    link = f'<{issuer_of(request)}api/v2/logs?{query}>; rel="next"'
    return JSONResponse([select_fields(request, entry) for entry in found], headers={"Link": link})


ROUTES = (
    Route("GET", "/logs", list_logs, _READ),
    Route("GET", "/logs/{id}", get_log, _READ),
    Route("GET", "/users/{id}/logs", list_user_logs, _READ),
)
